"""`./poe remove-app`: take a service away from a target and out of slipway.toml; asks first."""

from __future__ import annotations

import json
import sys

from scripts import command
from scripts.applications.settings_file import editing, without_section
from scripts.deploy import reported, telling
from scripts.engine.errors import Refused
from scripts.engine.events import Events
from scripts.engine.removal import Removal, look, remove
from scripts.engine.shell import Shell
from scripts.engine.world import World
from scripts.session import ROOT, look_at, open_world, settings_for
from settings import Settings, load


def remove_app_verb() -> int:
    """Show what goes, ask, take it away."""
    parser = command.parser(
        "remove-app",
        "Remove a service: its stacks with all that runs and its logs, its images, its section in slipway.toml.",
        as_json=True,
    )
    parser.add_argument("name", metavar="NAME", help="the service")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="show what would go and change nothing")
    arguments = parser.parse_args()
    if arguments.dry_run:
        found = look(look_at(arguments.target), arguments.name)
        _show(found, as_json=arguments.json)
        return 0
    settings = settings_for(arguments.target)
    with reported(as_json=arguments.json) as (events, shell):
        world, found = _found(settings, arguments.name, events, shell)
        if not arguments.yes:
            _show(found, as_json=arguments.json)
            _ask(found, settings)
        with telling(world) as tell:
            remove(world, found, lambda: _forget(found.service, settings))
            tell({"verdict": "removed", "seconds": round(world.events.seconds, 3), "services": {}})
    _tell(world, found, as_json=arguments.json)
    return 0


def _found(settings: Settings, name: str, events: Events, shell: Shell) -> tuple[World, Removal]:
    with events.stage("prepare") as told:
        world = open_world(settings, events, shell, look_only=True)
        found = look(world, name)
        told["text"] = f"target {settings.target.name}"
    return world, found


def _show(found: Removal, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"event": "plan", "service": found.service, "removes": found.parts}))
        return
    print(f"This removes {found.service} with all that runs of it and its logs:")
    for part in found.parts:
        print(f"  {part}")


def _ask(found: Removal, settings: Settings) -> None:
    if not sys.stdin.isatty():
        raise Refused("not confirmed", where="remove-app", remedy="add --yes to run it without a terminal")
    print(f"There is no undo. Secrets and databases that it used stay. Target: {settings.target.name}.")
    if input(f"Type {found.service} to go on: ").strip() != found.service:
        raise Refused("not confirmed", where="remove-app", remedy="nothing was changed")


def _forget(name: str, settings: Settings) -> Settings:
    """The settings without the service, on disk and as a value."""
    with editing(ROOT) as file:
        file.write(without_section(file.text, name))
        return load(ROOT, target=settings.target.name, text=file.text)


def _tell(world: World, found: Removal, *, as_json: bool) -> None:
    seconds, target = round(world.events.seconds, 3), world.settings.target.name
    if as_json:
        facts = {"service": found.service, "removed": found.parts, "deployment": world.deployment, "seconds": seconds}
        print(json.dumps({"event": "removed", **facts}))
        return
    print(f"{found.service} removed from {target} in {seconds:.1f} s")
    for other in set(world.settings.targets) - {target} if found.is_known else ():
        print(f"if it runs on {other}: ./poe remove-app {found.service} --target {other}")


def main() -> None:
    """Entry point."""
    command.run(remove_app_verb)


if __name__ == "__main__":
    main()
