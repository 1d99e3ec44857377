"""`./poe doctor`: what this machine and the target's account lack, each with its remedy; `--fix` provides it."""

from __future__ import annotations

import json
import sys

from scripts import command
from scripts.engine.errors import SlipwayError
from scripts.engine.events import Events
from scripts.engine.shell import Shell
from scripts.local.checks import NG, OK, SKIP, TABLE, Check, Finding, look_at
from scripts.session import settings_for
from settings import Settings

FAILED = 4


def doctor_verb() -> int:
    """Look, provide when asked to, print the tree."""
    parser = command.parser("doctor", "Check what this machine lacks; each line says how to get it.", as_json=True)
    parser.add_argument("--fix", action="store_true", help="provide what can be provided")
    arguments = parser.parse_args()
    settings = settings_for(arguments.target)
    findings = [(check, _examined(check, settings, fix=arguments.fix)) for check in (*TABLE, CREDENTIALS)]
    if arguments.json:
        print(json.dumps([{"group": check.group, "name": check.name, **vars(found)} for check, found in findings]))
    else:
        _print(findings)
    return FAILED if any(found.state == NG for _, found in findings) else 0


def _examined(check: Check, settings: Settings, *, fix: bool) -> Finding:
    found = look_at(check, settings)
    if found.state != NG or not fix or check.provide is None:
        return found
    try:
        check.provide(settings, lambda text: print(f"slipway: {text}", file=sys.stderr))
    except SlipwayError as error:
        return Finding(NG, error.what, error.remedy)
    return look_at(check, settings)


def _print(findings: list[tuple[Check, Finding]]) -> None:
    group = ""
    for check, found in findings:
        if check.group != group:
            group = check.group
            print(group)
        print(f"  {found.state:<4}  {check.name:<16} {found.text}")
        if found.remedy:
            print(f"        {'':<16} next: {found.remedy}")


def _credentials(settings: Settings) -> Finding:
    target = settings.target
    if target.embedded:
        return Finding(SKIP, "the embedded cloud needs none")
    from scripts.engine.aws import translated
    from scripts.session import open_world

    world = open_world(settings, Events(), Shell(), look_only=True)
    with translated("ask who these credentials belong to"):
        account = str(world.aws.client("sts").get_caller_identity()["Account"])
    if account != target.account:
        remedy = f"choose a profile of account {target.account}, or correct slipway.toml"
        return Finding(NG, f"they belong to account {account}, target {target.name!r} is {target.account}", remedy)
    return Finding(OK, f"account {account}")


CREDENTIALS = Check("target", "AWS credentials", _credentials)


def main() -> None:
    """Entry point."""
    command.run(doctor_verb)


if __name__ == "__main__":
    main()
