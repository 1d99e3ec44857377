"""How long planning takes for many services that are really deployed and unchanged."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from scripts.bench import workspace
from scripts.bench.process import run
from scripts.bench.site import Site
from scripts.bench.spread import Spread, spread
from scripts.engine.errors import Failed
from scripts.engine.images import Images
from scripts.engine.looking import Source, make_plan, read_contexts, read_source
from scripts.engine.model import TargetState
from scripts.engine.shell import Shell
from scripts.engine.state import read_state
from settings import Settings

REPEATS = 2
CALM_SECONDS = 5.0
"""After many containers started at once."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Planning:
    """Seconds for a number of services."""

    services: int
    command: Spread
    """`./poe plan`, shim included."""
    look: Spread
    """In process: reading the tree and the target, and the plan."""
    choose: Spread
    """The plan alone, from what was read."""
    deploy: float
    """The `./poe deploy` that added the services."""


def measure(site: Site, count: int, repeats: int, say: Say) -> Planning:
    """Deploy until there are `count` services, each with a running task, then plan again and again."""
    workspace.write_settings(site.root, workspace.with_services(workspace.read_settings(site.root), count))
    say(f"plan     deploying {count} services")
    seconds = _deploy(site, say)
    site.await_steady()
    time.sleep(CALM_SECONDS)
    command = spread([_command(site, count) for _ in range(repeats)])
    say(f"plan     {count:>3} services {command.median:31.2f} s")
    look, choose = _in_process(site, repeats)
    return Planning(count, command, look, choose, seconds)


def _deploy(site: Site, say: Say) -> float:
    """Deploy until everything is live: a machine that starts many containers at once may fail some of them."""
    for _ in range(REPEATS):
        try:
            return run([str(site.root / "poe"), "deploy", "--json"], cwd=site.root, env=site.environ).seconds
        except Failed as error:
            say(f"plan     deploying again: {error.what}")
    return run([str(site.root / "poe"), "deploy", "--json"], cwd=site.root, env=site.environ).seconds


def _command(site: Site, count: int) -> float:
    finished = run([str(site.root / "poe"), "plan", "--json"], cwd=site.root, env=site.environ)
    plan = json.loads(finished.lines[-1])
    if plan["path"] != "none" or len(plan["services"]) != count:
        raise Failed(f"{plan['path']}: {plan['reason']}", where="./poe plan", remedy="it should find nothing to do")
    return finished.seconds


def _in_process(site: Site, repeats: int) -> tuple[Spread, Spread]:
    settings, link, aws = site.settings, site.connection, site.aws()
    images = Images(settings, link, Shell(), aws)
    looks, choices = [], []
    for _ in range(repeats):
        begin = time.perf_counter()
        source = _source(settings, images)
        state = read_state(aws, settings, source.tags)
        make_plan(settings, source, state)
        looks.append(time.perf_counter() - begin)
        choices.append(_choose(settings, source, state))
    return spread(looks), spread(choices)


def _source(settings: Settings, images: Images) -> Source:
    names = [service.name for service in settings.services]
    return read_source(settings, images, names, read_contexts(settings, names))


def _choose(settings: Settings, source: Source, state: TargetState) -> float:
    begin = time.perf_counter()
    make_plan(settings, source, state)
    return time.perf_counter() - begin
