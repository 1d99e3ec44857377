"""`./poe token`: a token of the target's development issuer, to try policies with."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from scripts import command
from scripts.engine.addresses import base_url
from scripts.engine.errors import BadInput, Cancelled, Refused
from scripts.engine.issuer import ALGORITHMS, OWN, Issuer, await_accepted, introduce
from scripts.engine.policies.waiting import gateway_tasks
from scripts.engine.shell import Shell
from scripts.engine.state import check_account, read_stack
from scripts.engine.world import World
from scripts.session import look_at, settings_for
from settings import Settings

HOUR = 3600


def token_verb() -> int:
    """Refuse where tokens are somebody else's; make one, have the gateway know it, print it."""
    arguments = _parser().parse_args()
    settings = settings_for(arguments.target)
    _demand_development(settings)
    claims = _claims(arguments)
    shell = Shell()
    command.obey_signals(shell)
    world = look_at(arguments.target)
    if not world.connection.exists:
        raise Refused("the target was not started yet", where=settings.target.name, remedy="./poe deploy")
    check_account(world.aws, world.settings)
    issuer = Issuer(settings)
    now = time.time()
    token = issuer.token(claims, arguments.alg, seconds=arguments.seconds, now=now)
    introduce(world.aws, settings, issuer)
    _await_gateway(world, token, shell)
    until = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now + arguments.seconds))
    _note(f"{claims['sub']}, valid until {until} UTC")
    print(token)
    return 0


def _parser() -> command.Parser:
    made = command.parser(
        "token",
        "Print a token of the development issuer that the gateway of an embedded target takes. Nothing but the token "
        "is printed on the standard output.",
    )
    made.add_argument("--sub", default="developer", metavar="NAME", help="who the token is about (default: developer)")
    made.add_argument("--role", nargs="+", action="extend", default=[], metavar="ROLE", help="a role; may be repeated")
    made.add_argument(
        "--claim", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="a claim; VALUE is JSON or text"
    )
    made.add_argument(
        "--for", dest="seconds", metavar="TIME", type=command.duration, default=HOUR, help="validity (default: 1h)"
    )
    made.add_argument("--alg", choices=ALGORITHMS, default=ALGORITHMS[0], help="how it is signed (default: ES256)")
    return made


def _demand_development(settings: Settings) -> None:
    target = settings.target
    if target.jwt_issuer:
        remedy = f"have {target.jwt_issuer} issue it; ./poe authorize --as CLAIMS asks without a token"
        raise Refused("the target has an issuer of its own", where=target.name, remedy=remedy)
    if not target.embedded:
        remedy = "set jwt_issuer and jwt_jwks of the target; development tokens are for embedded targets"
        raise Refused("nobody issues tokens for this target", where=target.name, remedy=remedy)
    if settings.gateway is None:
        remedy = "docs/gateway.md shows the service `gateway`"
        raise Refused("the project has no gateway that could take a token", where=target.name, remedy=remedy)


def _claims(arguments: argparse.Namespace) -> dict[str, Any]:
    claims: dict[str, Any] = dict(map(_claim, arguments.claim))
    return {**claims, "sub": arguments.sub, "roles": arguments.role}


def _claim(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadInput(f"{text!r} is no claim", where="--claim", remedy="such as email=ann@example.com")
    if name in OWN | {"sub", "roles"}:
        raise BadInput(f"{name} is not yours to say", where="--claim", remedy="--sub, --role and --for say it")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _await_gateway(world: World, token: str, shell: Shell) -> None:
    if not gateway_tasks(world.aws, world.settings):
        _note("no gateway runs yet; the one that ./poe deploy starts takes the token")
        return
    platform = read_stack(world.aws, world.settings, "platform")
    base = base_url(world.connection, platform.outputs if platform else {})
    if base:
        await_accepted(base, token, cancelled=shell.cancelled.wait)
    if shell.cancelled.is_set():
        raise Cancelled("stopped waiting for the gateway", remedy="run the command again")


def _note(text: str) -> None:
    print(text, file=sys.stderr)


def main() -> None:
    """Entry point."""
    command.run(token_verb)


if __name__ == "__main__":
    main()
