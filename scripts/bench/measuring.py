"""The whole bench in order: bootstrap, pairs, variants, memory, ledger, planning; everything on one private site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from scripts.bench import (
    analyzing,
    bookkeeping,
    commands,
    crowd,
    figures,
    going_back,
    machine,
    new_application,
    planning,
    remembering,
)
from scripts.bench.gateway import compiling, deploying, policy_change, swapping, throughput
from scripts.bench.pairs import Pairs, Series
from scripts.bench.process import run
from scripts.bench.sides import Change, Side, converge, plain, plain_commands, slipway
from scripts.bench.site import Site
from scripts.bench.spread import spread
from scripts.engine.errors import SlipwayError

Facts = dict[str, Any]
Say = Callable[[str], None]
PARTS = (
    *("nothing", "source", "variants", "setting", "rollback", "ledger", "crowd", "app"),
    *("policy", "gateway", "swaps", "traffic"),
    *("memory", "analyze", "history", "plan"),
)


USUAL = tuple(part for part in PARTS if part != "variants")
"""What a whole bench is: ways of calling `cdk deploy` are told apart when somebody asks for it."""
FEW, FEWEST = 3, 2
"""Repeats, at most, of what takes long: going back, deploys with a stop watch; new applications, bad versions."""


@dataclass(frozen=True)
class Extent:
    """How much to measure."""

    pairs: int = 5
    bootstraps: int = 2
    plans: tuple[int, ...] = (10, 50, 100)
    parts: tuple[str, ...] = USUAL
    records: int = remembering.RECORDS
    swaps: int = swapping.SWAPS


class Bench:
    """Measures part by part into `facts`."""

    def __init__(self, site: Site, extent: Extent, say: Say) -> None:
        self.site, self.extent, self.say = site, extent, say
        self.pairs = Pairs(site, say)
        self.plain = plain(commands.PLAIN)
        self.facts: Facts = {}

    def run(self) -> Facts:
        """Everything that was asked for."""
        self.facts = {"pairs_each": self.extent.pairs, "load_before": machine.load(), "pairs": {}, "failed": {}}
        self.facts["machine"] = machine.describe(self.site)
        self.facts["commands"] = self._commands()
        self._bootstrap()
        parts = {
            "nothing": self._nothing,
            "source": self._source,
            "variants": self._variants,
            "setting": self._setting,
            "rollback": self._rollback,
            "ledger": self._ledger,
            "crowd": self._crowd,
            "app": self._app,
            "policy": self._policy,
            "gateway": self._gateway,
            "swaps": self._swaps,
            "traffic": self._traffic,
            "memory": self._memory,
            "history": self._history,
            "analyze": self._analyze,
            "plan": self._plan,
        }
        for name in self.extent.parts:
            self._part(name, parts[name])
        self.facts["load_after"] = machine.load()
        self.facts["bounds"] = figures.judge(self.facts)
        return self.facts

    def _part(self, name: str, measure: Callable[[], None]) -> None:
        """A part that fails is told; what the others measured stays."""
        try:
            measure()
        except SlipwayError as error:
            self.say(f"{name:<8} failed: {error}")
            for line in error.evidence:
                self.say(f"  {line}")
            self.facts["failed"][name] = str(error)

    def _commands(self) -> Facts:
        """What the plain side runs, without what is special to this machine."""
        hidden = {f"localhost:{self.site.port}": "REGISTRY", self.site.builder.docker[0]: "docker"}
        hidden |= {path: "CA_BUNDLE" for _, path in self.site.connection.build_secrets}
        return {
            change: commands.shown(plain_commands(self.site, commands.PLAIN, change, "plain-1"), hidden)
            for change in Change
        }

    def _bootstrap(self) -> None:
        self._warm()
        seconds = []
        for number in range(self.extent.bootstraps):
            if number:
                self.site.empty()
            done = slipway(self.site, Change.SETTING, 0)
            seconds.append(done.seconds)
            self.say(f"bootstrap {done.seconds:39.2f} s")
        self.facts["bootstrap"] = {"seconds": spread(seconds).as_facts()}
        self.site.await_steady()

    def _warm(self) -> None:
        """Fill the builder's cache: a bootstrap is measured with the dependencies on disk."""
        settings, link = self.site.settings, self.site.connection
        env = self.site.plain_environment()
        for service in settings.services:
            self.say(f"warming the builder's cache for {service.name}")
            build, _ = commands.image(link, f"{link.registry_host}/warm/{service.name}", service.source)
            run(build.argv, cwd=self.site.root, env=env)

    def _settle(self) -> None:
        """Start a series from a state that is Slipway's own, with every cache of both sides warm."""
        converge(self.site)
        self.plain(self.site, Change.NOTHING, 0)

    def _series(self, change: Change, sides: dict[str, Side]) -> Series:
        measured = self.pairs.series(change, sides, self.extent.pairs)
        self.facts["pairs"][str(change)] = figures.series_facts(measured)
        return measured

    def _nothing(self) -> None:
        self._settle()
        others = (commands.ALL, commands.PLAIN, commands.DIRECT)
        self._series(Change.NOTHING, {figures.SLIPWAY: slipway, **{other.name: plain(other) for other in others}})

    def _source(self) -> None:
        measured = self._series(Change.SOURCE, {figures.SLIPWAY: slipway, commands.PLAIN.name: self.plain})
        self.facts["fast_path"] = figures.fast_path_facts(measured.timings[figures.SLIPWAY])

    def _variants(self) -> None:
        self.facts["variants"] = [row for variant in commands.VARIANTS if (row := self._variant(variant))]
        converge(self.site)

    def _variant(self, variant: commands.Variant) -> Facts | None:
        try:
            timing = self.pairs.one(plain(variant), Change.SOURCE)
        except SlipwayError as error:
            self.say(f"variant  left out: {variant.name}: {error}")
            return None
        self.say(f"variant  {timing.seconds:37.2f} s to live: {variant.name}")
        return figures.variant_facts(variant.name, timing)

    def _setting(self) -> None:
        self._settle()
        self._series(Change.SETTING, {figures.SLIPWAY: slipway, commands.PLAIN.name: self.plain})

    def _rollback(self) -> None:
        back = going_back.GoingBack(self.site)
        back.start()
        sides: dict[str, Side] = {figures.ROLLBACK: back.slipway, going_back.CDK: back.plain}
        measured = Pairs(self.site, self.say, back.measure).series(Change.ROLLBACK, sides, min(FEW, self.extent.pairs))
        self.facts["pairs"]["rollback"] = figures.series_facts(measured, own=figures.ROLLBACK)
        self.facts["rollback"] = figures.fast_path_facts(measured.timings[figures.ROLLBACK])
        converge(self.site)

    def _ledger(self) -> None:
        self.facts["ledger"] = bookkeeping.measure(self.site, min(FEW, self.extent.pairs), self.say)

    def _crowd(self) -> None:
        self.facts["crowd"] = crowd.measure(self.site, self.say)

    def _app(self) -> None:
        self.facts["app"] = new_application.measure(self.site, min(FEWEST, self.extent.pairs), self.say)

    def _policy(self) -> None:
        converge(self.site)
        self.facts["compile"] = compiling.measure(self.site, self.extent.pairs, self.say)
        self.facts["policy"] = policy_change.measure(self.site, self.extent.pairs, self.say)

    def _gateway(self) -> None:
        self.facts["gateway"] = throughput.measure(self.site, self.extent.pairs, self.say)

    def _swaps(self) -> None:
        self.facts["swaps"] = swapping.measure(self.site, self.extent.swaps, self.say)

    def _traffic(self) -> None:
        self.facts["traffic"] = deploying.measure(self.site, min(FEWEST, self.extent.pairs), self.say)

    def _history(self) -> None:
        repeats = max(5, self.extent.pairs)
        try:
            self.facts["history"] = remembering.measure(self.site, self.extent.records, repeats, self.say)
        finally:
            self.site.empty()  # what saves that many records after every change would slow down what comes next

    def _analyze(self) -> None:
        self.facts["analyze"] = analyzing.measure(self.site, self.extent.pairs, self.say)

    def _memory(self) -> None:
        timing = self.pairs.one(partial(slipway, metered=True), Change.SOURCE)
        self.facts["memory"] = figures.memory_facts(timing)
        self.say(f"memory   {self.facts['memory']['tree_mb']:6.1f} MB in {self.facts['memory']['processes']} processes")

    def _plan(self) -> None:
        repeats = max(3, self.extent.pairs)
        rows = [planning.measure(self.site, count, repeats, self.say) for count in self.extent.plans]
        self.facts["planning"] = figures.planning_facts(rows)
