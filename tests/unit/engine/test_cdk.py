"""Every CDK command as its words, and what is made of the CLI's last lines."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.engine.cdk import Cdk
from scripts.engine.connection import Connection
from scripts.engine.errors import Failed, SlipwayError, Transient
from tests.unit.engine.clouds import CONNECTION
from tests.unit.engine.projects import project
from tests.unit.engine.shells import Command, FakeShell, said

ALWAYS = ("--no-notices", "--no-version-reporting", "--no-color", "--ci")
ON_AWS = replace(CONNECTION, cdk_env=(("AWS_REGION", "eu-central-1"),), docker_env=(("DOCKER_BUILDKIT", "1"),))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "cdk.json").write_text('{"app": "python app.py", "context": {"a": true}}')
    return tmp_path


def cdk(root: Path, shell: FakeShell, connection: Connection = ON_AWS) -> Cdk:
    return Cdk(replace(project(), root=root), connection, shell)


def words(root: Path, shell: FakeShell) -> tuple[str, ...]:
    """The last command without what every command has."""
    (command,) = shell.commands
    cli = root / "node_modules" / "aws-cdk" / "bin" / "cdk"
    assert command.argv[:2] == ("node", str(cli))
    assert command.argv[-len(ALWAYS) :] == ALWAYS
    assert command.cwd == root
    assert command.env == {"AWS_REGION": "eu-central-1", "DOCKER_BUILDKIT": "1", "SLIPWAY_TARGET": "staging"}
    return command.argv[2 : -len(ALWAYS)]


def ignore(line: str) -> None:
    """Nobody listens."""


def test_deploy_takes_the_synthesised_stacks_with_their_tags(root: Path) -> None:
    shell = FakeShell()
    cdk(root, shell).deploy(["s-platform", "s-service-hello"], {"s-service-hello": "src-1"}, ignore)
    assert words(root, shell) == (
        "deploy", "s-platform", "s-service-hello", "--app", f"{root}/.slipway/staging/cdk.out", "--exclusively",
        "--require-approval", "never", "--method", "direct", "--concurrency", "4", "--asset-prebuild=false",
        "--progress", "events", "--parameters", "s-service-hello:ImageTag=src-1",
    )  # fmt: skip


def test_bootstrap(root: Path) -> None:
    shell = FakeShell()
    cdk(root, shell).bootstrap(ignore)
    assert words(root, shell) == ("bootstrap", "aws://111111111111/eu-central-1", "--app", "")


def test_destroy_does_not_ask(root: Path) -> None:
    shell = FakeShell()
    cdk(root, shell).destroy(["a", "b"], ignore)
    app = f"{root}/.slipway/staging/cdk.out"
    assert words(root, shell) == ("destroy", "a", "b", "--app", app, "--force", "--exclusively")


def test_a_profile_goes_to_the_cli(root: Path) -> None:
    shell = FakeShell()
    cdk(root, shell, replace(ON_AWS, profile="team")).bootstrap(ignore)
    assert shell.commands[0].argv[-2:] == ("--profile", "team")


@pytest.mark.parametrize(("code", "differs"), [(0, False), (1, True)])
def test_diff_tells_by_its_exit_code(root: Path, code: int, differs: bool) -> None:
    shell = FakeShell(("diff", said("Stack a", code=code)))
    assert cdk(root, shell).diff(["a"], ignore) is differs


@pytest.mark.parametrize(("code", "line"), [(2, "broken"), (1, "✖ Error: no such stack")])
def test_a_diff_that_failed_is_no_difference(root: Path, code: int, line: str) -> None:
    with pytest.raises(Failed, match=r"^cdk diff: "):
        cdk(root, FakeShell(("diff", said(line, code=code)))).diff(["a"], ignore)


def test_noise_of_the_cli_is_not_told(root: Path) -> None:
    told: list[str] = []
    lines = ("", "[WARNING] old", "start: Building x", "s-hello | 1/3 | UPDATE_COMPLETE  ", "✨  Deployment time: 3s")
    cdk(root, FakeShell(("deploy", said(*lines)))).deploy(["a"], {}, told.append)
    assert told == ["s-hello | 1/3 | UPDATE_COMPLETE", "✨  Deployment time: 3s"]


def synthesis(root: Path, inline: dict[str, str]) -> Command:
    shell = FakeShell()
    cdk(root, shell).synth(inline)
    (command,) = shell.commands
    return command


def test_synthesis_starts_the_application_itself(root: Path) -> None:
    command = synthesis(root, {})
    assert command.argv == (sys.executable, str(root / "app.py"))
    assert command.env["CDK_OUTDIR"] == str(root / ".slipway" / "staging" / "cdk.out")
    assert json.loads(command.env["CDK_CONTEXT_JSON"]) == {"a": True, "target": "staging"}


def test_inline_images_are_context(root: Path) -> None:
    context = json.loads(synthesis(root, {"hello": "src-1", "gateway": "src-2"}).env["CDK_CONTEXT_JSON"])
    assert context["inline"] == '{"gateway": "src-2", "hello": "src-1"}'


def test_a_synthesis_that_fails_shows_the_applications_own_words(root: Path) -> None:
    shell = FakeShell(("node", said()), (sys.executable, said("Traceback", "", "ValueError: no such subnet ", code=1)))
    with pytest.raises(Failed) as caught:
        cdk(root, shell).synth({})
    assert (caught.value.where, caught.value.what, caught.value.remedy) == (
        "synthesis",
        "ValueError: no such subnet",
        "correct the stacks or slipway.toml; nothing was deployed",
    )
    assert caught.value.evidence == ("Traceback", "", "ValueError: no such subnet ")


def test_what_a_target_does_not_know(root: Path) -> None:
    made = cdk(root, FakeShell())
    assert made.left_out() == []
    made.assembly.mkdir(parents=True)
    (made.assembly / "left-out.json").write_text('["AWS::X::Y"]')
    assert made.left_out() == ["AWS::X::Y"]


AGAIN = "run the command again; ./poe diff shows what is still to do"
FAILURES: tuple[tuple[tuple[str, ...], type[SlipwayError], str], ...] = (
    (
        (
            "s-hello | 2/5 | 10:00:01 | UPDATE_FAILED | AWS::ECS::Service | Service (Service9571FDD8) tasks failed",
            "s-hello | 3/5 | 10:00:02 | UPDATE_ROLLBACK_IN_P | AWS::CloudFormation::Stack | s-hello",
            "❌  s-hello failed: ToolkitError: The stack named s-hello failed to deploy: UPDATE_ROLLBACK_COMPLETE",
        ),
        Failed,
        "s-hello | 2/5 | 10:00:01 | UPDATE_FAILED | AWS::ECS::Service | Service (Service9571FDD8) tasks failed",
    ),
    (("❌  s-hello failed: AccessDenied: not you",), Failed, "❌  s-hello failed: AccessDenied: not you"),
    (("❌  s-hello failed: Throttling: Rate exceeded",), Transient, "❌  s-hello failed: Throttling: Rate exceeded"),
    (
        ("❌  s failed: Error: connect ECONNREFUSED 127.0.0.1:4566",),
        Transient,
        "❌  s failed: Error: connect ECONNREFUSED 127.0.0.1:4566",
    ),
    (
        ("❌  s failed: UnknownError: 503 Service Unavailable",),
        Transient,
        "❌  s failed: UnknownError: 503 Service Unavailable",
    ),
    (
        ("❌  s failed: Error: HTTP status code: 502",),
        Transient,
        "❌  s failed: Error: HTTP status code: 502",
    ),
    (
        ("CREATE_FAILED | AWS::Logs::LogGroup | error: 500 is not one of the allowed values",),
        Failed,
        "CREATE_FAILED | AWS::Logs::LogGroup | error: 500 is not one of the allowed values",
    ),
    (("something else",), Failed, "something else"),
    ((), Failed, "no output"),
)  # fmt: skip


@pytest.mark.parametrize(("lines", "kind", "what"), FAILURES)
def test_a_deployment_that_fails(root: Path, lines: tuple[str, ...], kind: type[SlipwayError], what: str) -> None:
    with pytest.raises(SlipwayError) as caught:
        cdk(root, FakeShell(("deploy", said(*lines, code=1)))).deploy(["a"], {}, ignore)
    assert type(caught.value) is kind
    assert (caught.value.where, caught.value.what, caught.value.remedy) == ("cdk deploy", what, AGAIN)
