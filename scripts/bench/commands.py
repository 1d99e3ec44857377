"""What a careful person would type without Slipway, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.engine.connection import Connection


@dataclass(frozen=True)
class Command:
    """One command line of a step."""

    step: str
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Variant:
    """One way to call `cdk deploy`."""

    name: str
    cli: tuple[str, ...] = ("npx", "cdk")
    options: tuple[str, ...] = ()
    all_stacks: bool = False


PLAIN = Variant("npx cdk deploy STACK")
ALL = Variant("npx cdk deploy --all", options=("--all",), all_stacks=True)
DIRECT = Variant("cdk deploy STACK, without npx", cli=("cdk",))
VARIANTS = (
    DIRECT,
    Variant("npx cdk deploy STACK --method direct", options=("--method", "direct")),
    Variant("npx cdk deploy STACK --exclusively", options=("--exclusively",)),
    Variant("npx cdk deploy STACK --app cdk.out, no synthesis", options=("--app", "cdk.out")),
    ALL,
)


def deploy(variant: Variant, stack: str, tag: str | None = None) -> Command:
    """`cdk deploy`; without a tag the CLI keeps the deployed one."""
    stacks = () if variant.all_stacks else (stack,)
    parameters = ("--parameters", f"{stack}:ImageTag={tag}") if tag else ()
    return Command(
        "cdk", (*variant.cli, "deploy", *stacks, *variant.options, "--require-approval", "never", *parameters)
    )


def image(link: Connection, reference: str, context: str) -> tuple[Command, Command]:
    """Build and push, with the client and the secrets that Slipway uses."""
    secrets = tuple(f"--secret=id={name},src={path}" for name, path in link.build_secrets)
    return (
        Command("build", (*link.docker, "build", *secrets, "--tag", reference, context)),
        Command("push", (*link.docker, "push", reference)),
    )


def shown(commands: Sequence[Command], hidden: dict[str, str]) -> list[str]:
    """Command lines for people; what differs from machine to machine is replaced by its name."""
    lines = [" ".join(command.argv) for command in commands]
    for text, name in hidden.items():
        lines = [line.replace(text, name) for line in lines]
    return lines
