"""`./poe compile-policies`: compile the policies, have Envoy check them, make them live, wait for the gateway."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from scripts import command
from scripts.engine.errors import Refused
from scripts.engine.ledger import actor
from scripts.engine.policies.bundle import Bundle, compile_folder
from scripts.engine.policies.explaining import explanations
from scripts.engine.policies.publishing import Publisher
from scripts.engine.policies.validation import validate
from scripts.engine.shell import Shell
from scripts.engine.state import check_account
from scripts.session import look_at, settings_for


def compile_verb() -> int:
    """Compile; publish unless only a check or an explanation is wanted."""
    parser = command.parser(
        "compile-policies",
        "Compile policies/*.cedar for the gateway, have the real Envoy check them, make them live, and wait until "
        "every running gateway task enforces them.",
        as_json=True,
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="compile and check only; publish nothing")
    how.add_argument("--explain", action="store_true", help="print what each policy becomes; publish nothing")
    how.add_argument(
        "--shadow", action="store_true", help="try them beside the live ones: count what they would change"
    )
    how.add_argument("--shadow-end", action="store_true", help="end that")
    arguments = parser.parse_args()
    if arguments.shadow_end:
        return _end(arguments)
    settings = settings_for(arguments.target)
    bundle = compile_folder(settings)
    shell = Shell()
    command.obey_signals(shell)
    validate(shell, bundle)
    if arguments.explain:
        return _explain(bundle, as_json=arguments.json)
    if arguments.check:
        return _say(arguments, {"version": bundle.version, "policies": len(bundle.ids)}, "compiled and checked")
    publisher = _publisher(arguments, shell)
    if arguments.shadow:
        return _try(arguments, publisher, bundle)
    done = publisher.publish(bundle)
    facts = {"version": done.version, "previous": done.previous, "tasks": done.tasks, "changed": done.changed}
    state = "live" if done.changed else "live already"
    return _say(arguments, facts, f"{state}, enforced by {_tasks(done.tasks)}")


def _publisher(arguments: argparse.Namespace, shell: Shell) -> Publisher:
    world = look_at(arguments.target)
    check_account(world.aws, world.settings)
    return Publisher(world.aws, world.settings, actor(), shell.cancelled.wait)


def _try(arguments: argparse.Namespace, publisher: Publisher, bundle: Bundle) -> int:
    trial = publisher.candidates.begin(bundle, publisher.waiting)
    before = trial.before.version if trial.before and trial.before.version != bundle.version else None
    facts = {"version": bundle.version, "shadow": True, "previous": before, "tasks": trial.tasks}
    instead = f" instead of {before}" if before else ""
    return _say(arguments, facts, f"tried by {_tasks(trial.tasks)}{instead}; ./poe policies shows what it would change")


def _end(arguments: argparse.Namespace) -> int:
    ended = _publisher(arguments, Shell()).candidates.end()
    if ended is None:
        raise Refused("no candidate is tried", where="--shadow-end", remedy="./poe policies shows what there is")
    return _say(arguments, {"version": ended.version, "shadow": False}, "no longer tried")


def _tasks(count: int) -> str:
    return f"{count} gateway task{'s'[: count != 1]}"


def _say(arguments: argparse.Namespace, facts: dict[str, Any], text: str) -> int:
    print(json.dumps({"event": "policies", **facts}) if arguments.json else f"{facts['version']}: {text}")
    return 0


def _explain(bundle: Bundle, *, as_json: bool) -> int:
    found = explanations(bundle)
    if as_json:
        json.dump(found, sys.stdout, indent=1)
        print()
        return 0
    for one in found:
        print(f"{one['effect']} {one['id']}: {one['description']}\n    when {one['when']}\n")
    return 0


def main() -> None:
    """Entry point."""
    command.run(compile_verb)


if __name__ == "__main__":
    main()
