"""`./poe deploy-app`: bring an application live from a folder or a git repository that was never seen before."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from scripts import command
from scripts import proof_options as proof
from scripts.applications.wishes import Place, Wish, place_of
from scripts.applications.writing import Application, Section, propose, record, take_back
from scripts.deploy import in_session, reported
from scripts.engine import analyzer_path
from scripts.engine.deploying import deploy, look
from scripts.engine.errors import BadInput, Cancelled, SlipwayError
from scripts.engine.events import Events
from scripts.engine.outcome import Outcome
from scripts.engine.shell import Shell
from scripts.engine.world import World
from scripts.plan import show
from scripts.session import ROOT, open_world, settings_for

DESCRIPTION = (
    "Deploy an application from a folder or a git repository: fetch, analyze, write it into slipway.toml, deploy. "
    "For the name of an application that is there: take its newest commit."
)


def deploy_app_verb() -> int:
    """Read, analyze, record, deploy; the exit code says how it ended."""
    arguments = _parse()
    if os.environ.get("IMAGE_TAG"):
        remedy = "unset it, or ./poe deploy SERVICE for an image that is there"
        raise BadInput("deploy-app builds from source", where="IMAGE_TAG", remedy=remedy)
    settings_for(arguments.target)
    wish = Wish(
        source=arguments.source,
        name=arguments.name,
        ref=arguments.ref,
        folder=arguments.folder,
        service=arguments.service,
        path=arguments.path,
        host=arguments.host,
        allowed=tuple(arguments.allow_secret),
        private=arguments.private,
    )
    if arguments.dry_run:
        return _dry_run(arguments, wish)
    with reported(as_json=arguments.json) as (events, shell):
        application = _read(wish, events, shell)
        if shell.cancelled.is_set():
            raise Cancelled("stopped", remedy="nothing was changed")
        made = record(ROOT, application, arguments.target)
        if made.is_newly_public:
            text = f"{made.name} is public: no policy is asked for it; --private leaves it to the policies"
            events.emit("notice", code="public", text=text)

        def act(world: World) -> Outcome:
            world.manners = command.read_manners(arguments, made.settings.target.rollout_timeout)
            world.proving = proof.proving(arguments)
            world.remember_cache(made.name, analysis=application.analysis)
            return deploy(world, [made.name])

        return _deploy(made, events, shell, act).exit_code


def _parse() -> argparse.Namespace:
    parser = command.parser("deploy-app", DESCRIPTION, as_json=True)
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a folder, a git URL[#REF], owner/repository, or the NAME of an application",
    )
    parser.add_argument("--name", metavar="N", help="name of the service (default: the repository's)")
    parser.add_argument("--ref", metavar="R", help="branch, tag or commit (default: the repository's default branch)")
    parser.add_argument("--folder", metavar="F", help="only this folder of the repository is looked at")
    parser.add_argument("--service", metavar="ROOT", help="which one, where there are several services in it")
    parser.add_argument("--path", metavar="/P", help="path prefix that leads to it (default: /NAME)")
    parser.add_argument("--host", metavar="H", help="host name that leads to it, instead of a path")
    parser.add_argument(
        "--allow-secret",
        metavar="NAME",
        action="append",
        default=[],
        help="let it read the secret of this variable although that is not below its own name; may be repeated",
    )
    parser.add_argument(
        "--private",
        action="store_true",
        help="leave it to the policies who reaches it (default: everybody does)",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the section and the plan, and change nothing")
    parser.add_argument("--allow-older", action="store_true", help="replace a version of a newer commit")
    command.lock_options(parser)
    proof.add_options(parser)
    arguments = parser.parse_args()
    if arguments.source is None and arguments.wait and not arguments.wait.isdecimal():
        arguments.source, arguments.wait = arguments.wait, ""  # `--wait SOURCE`
    if arguments.source is None:
        parser.error("SOURCE is missing")
    proof.check(arguments)
    return arguments


def _read(wish: Wish, events: Events, shell: Shell) -> Application:
    """The stages before a deploy: what is there, and what it is."""
    from scripts.applications.settings_file import rows

    place = place_of(ROOT, wish, rows((ROOT / "slipway.toml").read_text("utf-8")))
    analyzer_path.add()
    from scripts.applications.findings import findings
    from scripts.applications.reading import analyzed, read

    with events.stage("source") as told:
        source = read(ROOT, place, shell.cancelled.is_set)
        told["text"] = _of_source(place, source.base)
        if source.checkout:
            told["text"] = f"commit {source.checkout.commit[:12]}{'' if source.checkout.is_new else ', fetched before'}"
    with events.stage("analyze") as told:
        service, was_kept = analyzed(ROOT, source.base / place.tree, place)
        found = findings(service)
        what = [service.value(key) for key in ("framework", "language", "kind")]
        told["text"] = ", ".join(str(word) for word in what if word) + (", known already" if was_kept else "")
    for warning in (*found.warnings, *(f"{one.message}; {one.remedy}" for one in service.warnings)):
        events.emit("warning", service=None, text=warning)
    names = (place.title, service.name) if service.root == "." else (service.name, place.title)
    return Application(wish, place, source, found, names, analysis="cached" if was_kept else "made")


def _of_source(place: Place, base: Path) -> str:
    return str(base / place.tree) if place.origin else place.tree


def _deploy(made: Section, events: Events, shell: Shell, act: Callable[[World], Outcome]) -> Outcome:
    """Deploy the service that was recorded; what changed nothing on the target leaves nothing in the file either."""
    worlds: list[World] = []

    def seen(world: World) -> Outcome:
        worlds.append(world)
        return act(world)

    try:
        outcome = in_session(made.settings, events, shell, seen)
    except SlipwayError:
        if not any(map(has_changed, worlds)):
            _take_back(made, events)
        raise
    if outcome.errors and not any(map(has_changed, worlds)):
        _take_back(made, events)
    return outcome


def has_changed(world: World) -> bool:
    """Whether the target is not what it was: stacks were deployed, or a service was updated."""
    return world.updating or any(row["name"] == "update" and row["service"] for row in world.events.stages)


def _take_back(made: Section, events: Events) -> None:
    if made.text == made.before:
        return
    take_back(ROOT, made)
    events.emit("notice", code="settings", text=f"nothing was changed, so {made.name} in slipway.toml is as it was")


def _dry_run(arguments: argparse.Namespace, wish: Wish) -> int:
    heard = Events()
    application = _read(wish, heard, Shell())
    made = propose(ROOT, application, arguments.target)
    world = open_world(made.settings, Events(), Shell(), look_only=True)
    if not arguments.json:
        service = made.settings.service(made.name)
        admission = ", public" if service.public else ""
        source = service.repository or service.source
        print(f"[services.{made.name}] in slipway.toml: {source}, {service.route}{admission}")
    show(world, look(world, [made.name]), as_json=arguments.json)
    return 0


def main() -> None:
    """Entry point."""
    command.run(deploy_app_verb)


if __name__ == "__main__":
    main()
