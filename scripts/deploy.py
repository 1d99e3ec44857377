"""`./poe deploy`: bring services live by the shortest safe path."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from scripts import command, shift_options
from scripts import proof_options as proof
from scripts.engine.deploying import as_asked, deploy, look
from scripts.engine.events import Event, Events
from scripts.engine.looking import chosen_services
from scripts.engine.model import Path
from scripts.engine.outcome import Outcome, report
from scripts.engine.planner import force
from scripts.engine.report import reporter
from scripts.engine.shell import Shell
from scripts.engine.sources import missing, provide
from scripts.engine.world import World
from scripts.plan import show
from scripts.session import look_at, open_world, settings_for
from settings import Settings


def deploy_verb(verb: str, description: str, forced: Path | None = None) -> int:
    """Parse, deploy, report; the exit code says how it ended."""
    parser = command.parser(verb, description, services=True, as_json=True)
    parser.add_argument("--dry-run", action="store_true", help="show the plan and change nothing")
    parser.add_argument("--allow-older", action="store_true", help="replace a version of a newer commit")
    command.lock_options(parser)
    proof.add_options(parser)
    if forced is None:
        shift_options.add_options(parser)
    arguments = command.with_manners(parser.parse_args())
    proof.check(arguments)
    arguments.wish = shift_options.wish(arguments) if forced is None else None
    return _dry_run(arguments, forced) if arguments.dry_run else _deploy(arguments, forced)


def _deploy(arguments: argparse.Namespace, forced: Path | None) -> int:
    def act(world: World) -> Outcome:
        world.proving, world.shifting = proof.proving(arguments), arguments.wish
        return deploy(world, arguments.services, forced)

    return carry_out(arguments, act)


def carry_out(arguments: argparse.Namespace, act: Callable[[World], Outcome], *, look_only: bool = False) -> int:
    """Open a session, act on it under the eyes of a reporter, report; `look_only` provides no base images."""
    settings = settings_for(arguments.target)
    chosen_services(settings, arguments.services)
    with reported(as_json=arguments.json) as (events, shell):
        if not look_only:
            provide_sources(settings, arguments.services, events)

        def mannered(world: World) -> Outcome:
            world.manners = command.read_manners(arguments, settings.target.rollout_timeout)
            return act(world)

        return in_session(settings, events, shell, mannered, look_only=look_only).exit_code


@contextmanager
def reported(*, as_json: bool) -> Iterator[tuple[Events, Shell]]:
    """Events that a reporter shows, and a shell that the first Ctrl-C ends in order."""
    shell = Shell()
    command.obey_signals(shell)
    display = reporter(as_json=as_json)
    try:
        yield Events(display), shell
    finally:
        display.close()


def in_session(
    settings: Settings, events: Events, shell: Shell, act: Callable[[World], Outcome], *, look_only: bool = False
) -> Outcome:
    """Open a session on the target, act on it, report."""
    with events.stage("prepare") as told:
        world = open_world(settings, events, shell, look_only=look_only)
        told["text"] = f"target {settings.target.name}"
    with telling(world) as tell:
        outcome = act(world)
        events.emit("report", **tell(report(world, outcome)))
    return outcome


def provide_sources(settings: Settings, names: Sequence[str], events: Events) -> None:
    """Fetch the commits that are not here: which base images a session has to provide is told by their Dockerfiles."""
    chosen = chosen_services(settings, names)
    for name in () if settings.image_tag else missing(settings, chosen):
        service = settings.service(name)
        with events.stage("source", name) as told:
            provide(settings.root, service)
            told["text"] = f"commit {(service.commit or '')[:12]}"


def telling(world: World) -> AbstractContextManager[Callable[[Event], Event]]:
    """Tell the target's receivers how it goes; where there are none, nothing is loaded for it."""
    if not world.settings.target.notify:
        return nullcontext(lambda report: report)
    from scripts.engine.notifying import telling as receivers

    return receivers.telling(world)


def _dry_run(arguments: argparse.Namespace, forced: Path | None) -> int:
    world = look_at(arguments.target, arguments.services)
    world.shifting = arguments.wish
    plan = look(world, arguments.services)
    show(world, as_asked(world, force(plan, forced) if forced else plan), as_json=arguments.json)
    return 0


def main() -> None:
    """Entry point."""
    command.run(lambda: deploy_verb("deploy", "Bring services live by the shortest safe path."))


if __name__ == "__main__":
    main()
