"""The two sides of a pair: one command of Slipway, or the commands of a careful person; measured alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scripts.bench import commands, workspace
from scripts.bench.deploy_report import Report, read_report
from scripts.bench.memory import Peak
from scripts.bench.observer import Observer, is_confirmed, live_at, lost
from scripts.bench.process import Finished, run
from scripts.bench.site import Site
from scripts.engine.errors import Failed
from settings.model import service_key

LIVE_SECONDS = 90.0
"""How long a new version may take to answer after its command ended."""


class Change(StrEnum):
    """What is different before a deploy."""

    NOTHING = "nothing"
    SOURCE = "source"
    SETTING = "setting"
    ROLLBACK = "rollback"


@dataclass(frozen=True)
class Done:
    """Commands that ran: monotonic start, seconds together, and of each step."""

    started: float
    seconds: float
    steps: Mapping[str, float] = field(default_factory=dict)
    report: Report | None = None
    peak: Peak | None = None


@dataclass(frozen=True)
class Timing:
    """One side of one pair."""

    done: Done
    live: float | None = None
    """Seconds from the start until the new version answered everything; None where nothing changed."""
    lost: int = 0
    """Requests without a good answer from the start until everything was calm again."""

    @property
    def seconds(self) -> float:
        """The time that counts: to live, or of the command where nothing changed."""
        return self.done.seconds if self.live is None else self.live


Side = Callable[[Site, Change, int], Done]


def slipway(site: Site, change: Change, number: int, *, metered: bool = False) -> Done:
    """`./poe deploy`, shim included."""
    words = [str(site.root / "poe"), "deploy", "--json"]
    finished = run(words, cwd=site.root, env=site.environ, metered=metered)
    report = read_report(finished.lines)
    expected = "unchanged" if change is Change.NOTHING else "live"
    if report.verdict != expected:
        raise Failed(f"{report.verdict} instead of {expected}", where="./poe deploy")
    return Done(finished.started, finished.seconds, {}, report, finished.peak)


def converge(site: Site) -> None:
    """Bring the copy's working tree live, whatever ran before; not measured."""
    run([str(site.root / "poe"), "deploy"], cwd=site.root, env=site.environ)
    site.await_steady()


def plain(variant: commands.Variant) -> Side:
    """`docker build`, `docker push` and `cdk deploy`, as far as the change needs them."""

    def side(site: Site, change: Change, number: int) -> Done:
        env = site.plain_environment()
        steps: dict[str, Finished] = {}
        for command in plain_commands(site, variant, change, f"plain-{number}"):
            steps[command.step] = run(command.argv, cwd=site.root, env=env)
        first, last = next(iter(steps.values())), list(steps.values())[-1]
        return Done(first.started, last.ended - first.started, {name: step.seconds for name, step in steps.items()})

    return side


def plain_commands(site: Site, variant: commands.Variant, change: Change, tag: str) -> tuple[commands.Command, ...]:
    """The command lines of the plain side for a change."""
    settings, link = site.settings, site.connection
    stack = settings.stack_name(service_key(workspace.SERVICE))
    if change is Change.ROLLBACK:
        return (commands.deploy(variant, stack, tag),)
    if change is not Change.SOURCE:
        return (commands.deploy(variant, stack),)
    reference = f"{link.registry_host}/{settings.repository(workspace.SERVICE)}:{tag}"
    context = settings.service(workspace.SERVICE).source
    return (*commands.image(link, reference, context), commands.deploy(variant, stack, tag))


def make_change(site: Site, change: Change, number: int) -> str | None:
    """Edit the copy; returns the message that the new version answers with, where that is what changes."""
    if change is Change.SETTING:
        workspace.write_settings(site.root, workspace.with_setting(workspace.read_settings(site.root), str(number)))
    if change is not Change.SOURCE:
        return None
    message = f"bench {number}"
    workspace.edit_source(site.root, message)
    return message


def measure(site: Site, side: Side, change: Change, number: int) -> Timing:
    """Edit, deploy, and observe until the new version answers everything and the old one is gone."""
    message = make_change(site, change, number)
    if change is Change.NOTHING:
        return Timing(side(site, change, number))
    old = {task.id for task in site.watcher().look().tasks}

    def is_new(answer: Mapping[str, Any]) -> bool:
        return answer["task"] not in old and message in (None, answer["message"])

    with Observer(site.url(), is_new) as observer:
        done = side(site, change, number)
        await_live(observer)
        site.await_steady()
    moment = live_at(observer.answers)
    if moment is None:
        raise Failed("the old version answered again", where="bench")
    return Timing(done, moment - done.started, lost(observer.answers))


def await_live(observer: Observer) -> None:
    """Until the new version has answered everything for long enough; raises Failed."""
    end = time.monotonic() + LIVE_SECONDS
    while not is_confirmed(observer.answers):
        if time.monotonic() > end:
            raise Failed(f"the new version does not answer {LIVE_SECONDS:.0f} s after its command", where="bench")
        time.sleep(0.1)
