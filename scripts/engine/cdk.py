"""Runs the pinned CDK command line: bootstrap, synthesis, deployment, difference, destruction."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.engine.connection import Connection
from scripts.engine.errors import Failed, SlipwayError, Transient, out_of_space
from scripts.engine.shell import Result, Shell
from settings import Settings

NOISE = re.compile(r"^\s*$|^\[WARNING\]|deprecated|https://docs|^Done in|^Warning at|^(start|success): ")
TRANSIENT = re.compile(
    r"Throttl|Rate exceeded|ECONNREFUSED|ECONNRESET|socket hang up|ETIMEDOUT|ServiceUnavailable|Internal(Failure|Error)"
    r"|\b50[0234] (Internal|Bad|Service|Gateway)|(HTTP|[sS]tatus)[^|]{0,20}\b50[0234]\b"
)


class Cdk:
    """The CDK CLI on one target."""

    def __init__(self, settings: Settings, connection: Connection, shell: Shell) -> None:
        self.settings, self.connection, self.shell = settings, connection, shell
        self.assembly = settings.state_dir / "cdk.out"
        self._made: tuple[Path, dict[str, str]] | None = None

    def synth(self, inline: Mapping[str, str]) -> None:
        """Synthesise all stacks of the target into `assembly`, once; raises Failed with what the application said."""
        if self._made == (self.assembly, dict(inline)):
            return
        self.assembly.parent.mkdir(parents=True, exist_ok=True)
        context = {"target": self.settings.target.name}
        if inline:
            context["inline"] = json.dumps(dict(inline), sort_keys=True)
        # Straight to the application: the CLI would only start it in turn.
        env = {"CDK_OUTDIR": str(self.assembly), "CDK_CONTEXT_JSON": json.dumps({**self._cdk_json(), **context})}
        lines: list[str] = []
        result = self.shell.run(
            [sys.executable, str(self.settings.root / "app.py")],
            cwd=self.settings.root,
            env={**self._env(), **env},
            on_line=lines.append,
            check=False,
        )
        if result.code != 0:
            words = [line.strip() for line in lines if line.strip()] or ["no output"]
            raise out_of_space(words, "synthesis") or Failed(
                words[-1],
                where="synthesis",
                remedy="correct the stacks or slipway.toml; nothing was deployed",
                evidence=tuple(lines[-25:]),
            )
        self._made = (self.assembly, dict(inline))

    def bootstrap(self, on_line: Callable[[str], None]) -> None:
        """Create the CDK toolkit stack in the target's account and region."""
        target = self.settings.target
        self._run(["bootstrap", f"aws://{target.account}/{target.region}", "--app", ""], "cdk bootstrap", on_line)

    def deploy(self, stacks: Sequence[str], tags: Mapping[str, str], on_line: Callable[[str], None]) -> None:
        """Deploy the synthesised stacks; `tags` maps stack names to image tags. Raises Failed or Transient."""
        words = [
            "deploy",
            *stacks,
            "--app",
            str(self.assembly),
            "--exclusively",
            "--require-approval",
            "never",
            "--method",
            "direct",
            "--concurrency",
            "4",
            "--asset-prebuild=false",
            "--progress",
            "events",
        ]
        for stack, tag in tags.items():
            words += ["--parameters", f"{stack}:ImageTag={tag}"]
        self._run(words, "cdk deploy", on_line)

    def diff(self, stacks: Sequence[str], on_line: Callable[[str], None]) -> bool:
        """Show what `cdk deploy` would change; True when something would."""
        result = self._cli(["diff", *stacks, "--app", str(self.assembly), "--fail", "--method", "template"], on_line)
        if result.code not in (0, 1) or any("Error" in line and "✖" in line for line in result.tail):
            raise _error("cdk diff", result)
        return result.code == 1

    def destroy(self, stacks: Sequence[str], on_line: Callable[[str], None]) -> None:
        """Delete stacks; they must be synthesised."""
        self._run(["destroy", *stacks, "--app", str(self.assembly), "--force", "--exclusively"], "cdk destroy", on_line)

    def left_out(self) -> list[str]:
        """Resource types that synthesis left out because the target does not know them."""
        try:
            types = json.loads((self.assembly / "left-out.json").read_text("utf-8"))
        except (OSError, ValueError):
            return []
        return [str(name) for name in types]

    def _cdk_json(self) -> dict[str, object]:
        data = json.loads((self.settings.root / "cdk.json").read_text("utf-8"))
        return dict(data.get("context", {}))

    def _run(self, words: Sequence[str], what: str, on_line: Callable[[str], None]) -> None:
        result = self._cli(words, on_line)
        if result.code != 0:
            raise _error(what, result)

    def _cli(self, words: Sequence[str], on_line: Callable[[str], None]) -> Result:
        cli = self.settings.root / "node_modules" / "aws-cdk" / "bin" / "cdk"
        argv = ["node", str(cli), *words, "--no-notices", "--no-version-reporting", "--no-color", "--ci"]
        if self.connection.profile:
            argv += ["--profile", self.connection.profile]
        return self.shell.run(
            argv,
            cwd=self.settings.root,
            env=self._env(),
            check=False,
            on_line=lambda line: None if NOISE.search(line) else on_line(line.rstrip()),
        )

    def _env(self) -> dict[str, str]:
        return {
            **dict(self.connection.cdk_env),
            **dict(self.connection.docker_env),
            "SLIPWAY_TARGET": self.settings.target.name,
        }


def _error(what: str, result: Result) -> SlipwayError:
    words = [line.strip() for line in result.tail if line.strip()]
    telling = [line for line in words if re.search(r"❌|✖|FAILED|error|denied", line) and not line.endswith(":")]
    if full := out_of_space(words, what):
        return full
    last = next((line for line in telling if "_FAILED" in line), (telling or words or ["no output"])[-1])
    kind = Transient if any(TRANSIENT.search(line) for line in telling[-5:]) else Failed
    return kind(
        last,
        where=what,
        remedy="run the command again; ./poe diff shows what is still to do",
        evidence=tuple(dict.fromkeys(telling[-12:] or words[-25:])),
    )
