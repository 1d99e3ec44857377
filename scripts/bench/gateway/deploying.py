"""`hello` deployed through the gateway while requests go on: all at once by ECS, step by step, and from blue to green.

wrk sends to a task of the gateway from before each command until its end; there are as many deploys as it takes to send
enough meanwhile, and none of the requests may fail. Then a version that answers 500 is shifted to, which has to go back
by itself; its errors are counted, and how long the way back took.

Not through the load balancer: the embedded one is a part of the embedded cloud, whose API the deploys need meanwhile.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.bench import workspace
from scripts.bench.gateway import tasks, wrk
from scripts.bench.gateway.wrk import Line, Load, Wrk
from scripts.bench.process import run
from scripts.bench.sides import converge
from scripts.bench.site import Site
from scripts.bench.spread import spread
from scripts.engine.errors import BadInput, Failed, SlipwayError
from settings.model import GATEWAY

ENOUGH = 20_000
"""Requests while deploys of one way run."""
MOST_DEPLOYS, MOST_REPEATS = 8, 3
SHOWN_FAILURES = 3
WAYS: dict[str, tuple[str, ...]] = {
    "rolling": (),
    "canary": ("--canary", "10,50,100", "--bake", "3s"),
    "blue/green": ("--blue-green", "--bake", "5s"),
}
BAD = ("--canary", "20,100", "--bake", "20s")
ROLLED_BACK = 5
CONNECTIONS, DELAY_MILLISECONDS = 8, 8
"""Each connection waits between two requests, so that deploys get some of the machine."""
BEFORE_SECONDS = 2.0
BAD_STATUS = re.compile(r'"status": ?(0|4..|5..)\b')
"""In a line of the gateway's access log; 0: the client went away."""
GOOD_LINE, BAD_LINE = '"message": MESSAGE,', '"message": MESSAGE[9999],'
"""In the service's source: what it answers, and an error in its place."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Turn:
    """One deploy: seconds of the command, what its report says of the service, and the load meanwhile."""

    seconds: float
    service: Mapping[str, Any]
    load: Load


def measure(site: Site, backs: int, say: Say) -> dict[str, Any]:
    """Facts: each way with its requests, seconds of each shift and of each way back."""
    wrk.ensure(say)
    converge(site)
    ways = {way: _turns(site, way, say) for way in WAYS}
    bad = [_bad_turn(site, say) for _ in range(backs)]
    return facts_of(ways, bad)


def facts_of(ways: Mapping[str, Sequence[Turn]], bad: Sequence[Turn]) -> dict[str, Any]:
    """The deploys of each way by its name, and of versions that went back."""
    shifts = [turn.service.get("shift") for turns in ways.values() for turn in turns]
    steps = [step["seconds_to_enforced"] for shift in shifts if shift for step in shift["steps"]]
    backs = [turn.service["shift"]["went_back"] for turn in bad]
    rows = [{"way": way, **_way(turns)} for way, turns in ways.items()]
    return {
        "ways": rows,
        "failed": sum(row["failed"] for row in rows),
        "least": min(row["requests"] for row in rows),
        "shift": spread(steps).as_facts(),
        "back": spread([back["seconds"] for back in backs]).as_facts(),
        "bad": [
            {"why": back["why"], "requests": turn.load.requests, "failed": turn.load.failed}
            for back, turn in zip(backs, bad, strict=True)
        ],
    }


def _way(turns: Sequence[Turn]) -> dict[str, Any]:
    loads = [turn.load for turn in turns]
    return {
        "deploys": len(turns),
        "seconds": spread([turn.seconds for turn in turns]).as_facts(),
        "requests": sum(load.requests for load in loads),
        "failed": sum(load.failed for load in loads),
        "rate": round(sum(load.requests for load in loads) / sum(load.seconds for load in loads)),
        "p99": round(max(load.p99 for load in loads), 1),
    }


def _turns(site: Site, way: str, say: Say) -> list[Turn]:
    """Deploys under load until enough was sent meanwhile; one that does not come live is done again, and told."""
    turns: list[Turn] = []
    repeated = 0
    while sum(turn.load.requests for turn in turns) < ENOUGH:
        if len(turns) == MOST_DEPLOYS:
            raise Failed(f"fewer than {ENOUGH} requests in {MOST_DEPLOYS} deploys", where=f"bench, {way}")
        try:
            turns.append(_turn(site, way))
        except SlipwayError as error:
            repeated += 1
            say(f"traffic  this deploy is done again: {error}")
            for line in error.evidence[-SHOWN_FAILURES:]:
                say(f"  {line}")
            if repeated == MOST_REPEATS:
                raise
        else:
            _tell(site, way, turns[-1], say)
        site.await_steady()
    return turns


def _turn(site: Site, way: str) -> Turn:
    workspace.edit_source(site.root, f"{way} under load at {time.time():.0f}")
    with _load(site) as load:
        seconds, service = _deploy(site, WAYS[way], "live", codes=(0,))
    assert load.load is not None, "it has ended"
    return Turn(seconds, service, load.load)


def _tell(site: Site, way: str, turn: Turn, say: Say) -> None:
    load = turn.load
    say(
        f"traffic  {way:<12} {turn.seconds:6.1f} s, {load.requests:,} requests, {load.failed} failed {load.kinds or ''}"
    )
    for line in _failures(site) if load.failed else ():
        say(f"  {line}")


def _failures(site: Site) -> list[str]:
    """The gateway's own words about answers that are no good ones."""
    words = [str(site.root / "poe"), "logs", GATEWAY, "--since", "2"]
    lines = run(words, cwd=site.root, env=site.environ).lines
    return [line for line in lines if BAD_STATUS.search(line)][-SHOWN_FAILURES:]


def _bad_turn(site: Site, say: Say) -> Turn:
    with _broken(site), _load(site) as load:
        seconds, service = _deploy(site, BAD, "rolled_back", codes=(ROLLED_BACK,))
    assert load.load is not None, "it has ended"
    back = service["shift"]["went_back"]
    say(f"traffic  back from a bad version {back['seconds']:.2f} s; {load.load.failed} of {load.load.requests} failed")
    site.await_steady()
    return Turn(seconds, service, load.load)


@contextmanager
def _load(site: Site) -> Iterator[Wrk]:
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        line = Line(site.settings.service(workspace.SERVICE).path, {})
        url = f"http://{tasks.addresses(site)[0]}"
        with Wrk(url, [line], Path(name), connections=CONNECTIONS, delay=DELAY_MILLISECONDS) as load:
            time.sleep(BEFORE_SECONDS)
            yield load


@contextmanager
def _broken(site: Site) -> Iterator[None]:
    """The service's source with an error in it."""
    path = site.root / site.settings.service(workspace.SERVICE).source / "app.py"
    good = path.read_text("utf-8")
    if GOOD_LINE not in good:
        raise BadInput(f"no line {GOOD_LINE}", where=path.name, remedy="the bench breaks that line")
    path.write_text(good.replace(GOOD_LINE, BAD_LINE), "utf-8")
    try:
        yield
    finally:
        path.write_text(good, "utf-8")


def _deploy(
    site: Site, options: Sequence[str], verdict: str, *, codes: Sequence[int]
) -> tuple[float, Mapping[str, Any]]:
    words = [str(site.root / "poe"), "deploy", workspace.SERVICE, *options, "--json"]
    finished = run(words, cwd=site.root, env=site.environ, codes=codes)
    report = json.loads(finished.lines[-1])
    if report["verdict"] != verdict:
        raise Failed(f"{report['verdict']} instead of {verdict}", where="./poe deploy", evidence=finished.lines[-8:])
    return finished.seconds, report["services"][workspace.SERVICE]
