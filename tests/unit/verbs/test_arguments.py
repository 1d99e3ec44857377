"""Rubbish on the command line: the message, the next step, exit code 2, and no session opened."""

from __future__ import annotations

import json
from argparse import Namespace

import pytest

from scripts import command
from scripts.engine.lock import Manners
from tests.unit.verbs.conftest import Run

TASKS = {
    "build_envoy": "build-envoy",
    "build_image": "build",
    "cost": "cost",
    "deploy": "deploy",
    "deploy_bootstrap": "deploy-bootstrap",
    "deploy_fast": "deploy-fast",
    "destroy": "destroy",
    "diff": "diff",
    "doctor": "doctor",
    "history": "history",
    "local_target": "local",
    "lock": "lock",
    "logs": "logs",
    "maintenance": "maintenance",
    "notify": "notify",
    "outputs": "outputs",
    "plan": "plan",
    "rollback": "rollback",
    "show": "show",
    "stats": "stats",
    "status": "status",
    "unlock": "unlock",
}
"""Module -> what users type after ./poe."""
NEEDED = {
    "build_image": ("hello",),
    "local_target": ("status",),
    "logs": ("hello",),
    "maintenance": ("hello", "on"),
    "show": ("20260101T000000Z-0a1b2c",),
}
"""Words that a verb cannot do without."""
TAG_RULE = "use letters, digits, '_', '.' and '-', at most 128 characters, not starting with '.' or '-'"
SERVICES = "services: gateway, hello"
TARGETS = "targets: local, staging"


def message(error: str, remedy: str) -> str:
    return f"error: {error}\nnext: {remedy}\n"


@pytest.mark.parametrize("verb", TASKS)
def test_help_explains_the_verb(run: Run, verb: str) -> None:
    ended = run(verb, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"usage: ./poe {TASKS[verb]} ")
    assert "--target" in ended.out


@pytest.mark.parametrize("verb", TASKS)
def test_an_unknown_option(run: Run, verb: str) -> None:
    ended = run(verb, *NEEDED.get(verb, ()), "--nope")
    name = f"./poe {TASKS[verb]}"
    assert ended.err == message(f"{name}: unrecognized arguments: --nope", f"{name} --help")
    assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize("verb", TASKS)
def test_an_option_is_never_guessed_from_its_beginning(run: Run, verb: str) -> None:
    assert run(verb, *NEEDED.get(verb, ()), "--targ", "local").code == 2


@pytest.mark.parametrize("verb", TASKS)
@pytest.mark.parametrize("target", ["nope", "", "../x", "local; true", "größe"])
def test_an_unknown_target(run: Run, verb: str, target: str) -> None:
    ended = run(verb, *NEEDED.get(verb, ()), "--target", target)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == message(f"--target: there is no target {target!r}", TARGETS)


@pytest.mark.parametrize(
    "verb", ["deploy", "deploy_fast", "deploy_bootstrap", "plan", "logs", "build_image", "rollback", "history"]
)
@pytest.mark.parametrize("service", ["nope", "Hello", "hello;rm -rf /", "$(id)", "größe", "../hello", ""])
def test_an_unknown_service(run: Run, verb: str, service: str) -> None:
    ended = run(verb, service)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == message(f"SERVICE: there is no service {service!r}", SERVICES)


@pytest.mark.parametrize("option", ["--requests", "--gb-out", "--log-gb"])
@pytest.mark.parametrize("amount", ["0", "-1", "1e6", "many", "", "1,000"])
def test_an_amount_that_is_no_number(run: Run, option: str, amount: str) -> None:
    ended = run("cost", option, amount)
    assert (ended.code, ended.out) == (2, "")
    assert option in ended.err


@pytest.mark.parametrize("verb", ["deploy", "plan"])
def test_one_unknown_service_among_known_ones(run: Run, verb: str) -> None:
    assert run(verb, "hello", "nope").err == message("SERVICE: there is no service 'nope'", SERVICES)


def test_an_unknown_service_of_a_dry_run(run: Run) -> None:
    assert run("deploy", "--dry-run", "nope").err == message("SERVICE: there is no service 'nope'", SERVICES)


@pytest.mark.parametrize("verb", ["build_image", "logs"])
def test_a_missing_service(run: Run, verb: str) -> None:
    name = f"./poe {TASKS[verb]}"
    ended = run(verb)
    assert ended.code == 2
    assert ended.err == message(f"{name}: the following arguments are required: SERVICE", f"{name} --help")


@pytest.mark.parametrize(("verb", "words"), [("build_image", ("hello",)), ("build_envoy", ())])
@pytest.mark.parametrize("tag", ["x;rm -rf /", "$(id)", "", ".x", "a b", "a/b", "a:b", "größe"])
def test_a_bad_tag(run: Run, verb: str, words: tuple[str, ...], tag: str) -> None:
    ended = run(verb, *words, "--tag", tag)
    assert ended.err == message(f"--tag: {tag!r} is not an image tag", TAG_RULE)
    assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize(
    ("words", "error", "remedy"),
    [
        (("--platform", "windows/amd64"), "'windows/amd64' is not allowed", "use linux/amd64 or linux/arm64"),
        (("--platform", ""), "'' is not allowed", "use linux/amd64 or linux/arm64"),
        (("--platform", "linux/amd64,"), "'linux/amd64,' is not allowed", "use linux/amd64 or linux/arm64"),
        (
            ("--platform", "linux/amd64,linux/arm64"),
            "an image of several platforms can only be pushed",
            "add --push",
        ),
    ],
)
def test_a_bad_platform(run: Run, words: tuple[str, ...], error: str, remedy: str) -> None:
    ended = run("build_image", "hello", *words)
    assert (ended.code, ended.err) == (2, message(f"--platform: {error}", remedy))


@pytest.mark.parametrize(
    ("verb", "words", "error"),
    [
        ("logs", ("hello", "--since", "soon"), "argument --since: invalid int value: 'soon'"),
        ("logs", ("hello", "--since"), "argument --since: expected one argument"),
        ("maintenance", ("hello",), "the following arguments are required: on|off"),
        ("maintenance", ("hello", "maybe"), "argument on|off: invalid choice: 'maybe' (choose from "),
        ("logs", ("hello", "gateway"), "unrecognized arguments: gateway"),
        ("status", ("hello",), "unrecognized arguments: hello"),
        ("deploy", ("--target",), "argument --target: expected one argument"),
        ("history", ("--limit", "0"), "argument --limit: '0' is not a number from 1"),
        ("history", ("--limit", "-1"), "argument --limit: '-1' is not a number from 1"),
        ("history", ("--verdict", "good"), "argument --verdict: invalid choice: 'good' (choose from "),
        ("rollback", ("--to", "../x"), "argument --to: '../x' is not the id of a deployment"),
        ("rollback", ("--to",), "argument --to: expected one argument"),
        ("show", (), "the following arguments are required: ID"),
        ("show", ("hello",), "argument ID: 'hello' is not the id of a deployment"),
        ("local_target", (), "the following arguments are required: up|down|status|reset"),
        ("local_target", ("stop",), "argument up|down|status|reset: invalid choice: 'stop' (choose from "),
    ],
)
def test_other_mistakes(run: Run, verb: str, words: tuple[str, ...], error: str) -> None:
    name = f"./poe {TASKS[verb]}"
    ended = run(verb, *words)
    assert ended.code == 2
    assert ended.err.startswith(f"error: {name}: {error}")
    assert ended.err.endswith(f"\nnext: {name} --help\n")


def test_the_local_verbs_are_for_the_embedded_cloud(run: Run) -> None:
    ended = run("local_target", "status", "--target", "staging")
    assert (ended.code, ended.err) == (
        2,
        message(
            "--target: target 'staging' is no embedded cloud",
            "choose a target with `embedded = true` in slipway.toml",
        ),
    )


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("SLIPWAY_TARGET", "nope", message("SLIPWAY_TARGET: there is no target 'nope'", TARGETS)),
        ("IMAGE_TAG", "x;rm -rf /", message("IMAGE_TAG: 'x;rm -rf /' is not an image tag", TAG_RULE)),
    ],
)
def test_rubbish_in_the_environment(run: Run, name: str, value: str, error: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, value)
        ended = run("deploy")
    assert (ended.code, ended.err) == (2, error)


def test_a_mistake_as_json(run: Run) -> None:
    ended = run("deploy", "nope", "--json")
    assert (ended.code, ended.err) == (2, "")
    assert json.loads(ended.out) == {
        "event": "error",
        "what": "there is no service 'nope'",
        "where": "SERVICE",
        "remedy": SERVICES,
        "exit_code": 2,
        "evidence": [],
    }


def test_nobody_to_notify(run: Run) -> None:
    for words in ((), ("--test",), ("--test", "team")):
        ended = run("notify", *words)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == message("local: nobody is told", "add [targets.local.notify.NAME] to slipway.toml")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((), "--reason: say why"),
        (("--reason", " "), "--reason: say why"),
        (("--reason", "\x1b[31m"), "--reason: say why"),
        (("--reason", "x" * 201), "--reason: longer than 200 characters"),
        (("--reason", "a", "--for", "8d"), "--for: longer than 7d"),
        (("--reason", "a", "--for", "0h"), "./poe lock: argument --for: '0h' is not a time such as 30m, 2h or 1d"),
        (("--reason", "a", "--for", "soon"), "./poe lock: argument --for: 'soon' is not a time such as 30m, 2h or 1d"),
    ],
)
def test_a_lock_needs_a_reason_and_an_end(run: Run, words: tuple[str, ...], error: str) -> None:
    ended = run("lock", *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error: {error}\n")


@pytest.mark.parametrize("verb", ["deploy", "deploy_fast", "deploy_bootstrap", "rollback"])
def test_a_word_behind_wait_that_is_no_number_is_a_service(run: Run, verb: str) -> None:
    ended = run(verb, "--wait", "nope")
    assert ended.err == message("SERVICE: there is no service 'nope'", SERVICES)


def manners(*words: str) -> tuple[Manners, list[str]]:
    made = command.parser("deploy", "", services=True)
    command.lock_options(made)
    arguments = command.with_manners(made.parse_args(words))
    return command.read_manners(arguments, 600), arguments.services


def test_manners() -> None:
    assert manners() == (Manners(), [])
    assert manners("hello", "--wait") == (Manners(wait=600), ["hello"])
    assert manners("--wait", "hello") == (Manners(wait=600), ["hello"])
    assert manners("--wait", "30", "hello") == (Manners(wait=30), ["hello"])
    assert manners("--wait=0", "--supersede") == (Manners(wait=0, supersede=True), [])
    assert command.read_manners(Namespace(), 600) == Manners()
