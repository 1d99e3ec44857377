"""Requests a second through one worker of the gateway's Envoy: with tokens and a hundred policies, without both, and
with a sidecar that is asked instead. The sides take turns; ratios are made within a turn.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from scripts.bench.gateway import rules, wrk
from scripts.bench.gateway.compiling import compiled_in
from scripts.bench.gateway.envoys import LOOPBACK, Envoys
from scripts.bench.gateway.issuer import Issuer
from scripts.bench.gateway.wrk import Line, Load, Wrk
from scripts.bench.site import Site
from scripts.bench.spread import Spread, ratios, spread
from scripts.engine.errors import Failed
from settings import Settings

OWN, BARE, ASKING = "tokens and 100 policies, compiled", "neither tokens nor policies", "tokens and a sidecar"
SECONDS = 3
WARM_SECONDS = 1
DENIED_BY_SIDECAR = 403
Say = Callable[[str], None]


def measure(site: Site, turns: int, say: Say) -> dict[str, Any]:
    """Facts: requests a second of each side, and the ratios turn by turn."""
    wrk.ensure(say)
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name, ExitStack() as stack:
        made = sides(site.settings, Path(name), stack=stack)
        for load in made.values():
            load.run(WARM_SECONDS)
        loads: dict[str, list[Load]] = {side: [] for side in made}
        for _ in range(turns):
            for side, load in made.items():
                loads[side].append(load.run(SECONDS))
                say(f"gateway  {side:<34} {loads[side][-1].rate:9,.0f} requests a second")
    return facts_of(loads)


def facts_of(loads: dict[str, list[Load]]) -> dict[str, Any]:
    """Every side by its name, turn by turn in the same order."""
    if failed := sum(load.failed for side in loads.values() for load in side):
        raise Failed(f"{failed} requests failed", where="bench, gateway")
    rates = {side: [load.rate for load in turns] for side, turns in loads.items()}
    rows = [{"side": side, "rate": _whole(spread(rates[side])), "p99": _p99(loads[side])} for side in loads]
    return {
        "policies": rules.POLICIES,
        "sides": rows,
        "of_bare": ratios(rates[OWN], rates[BARE]).as_facts(),
        "times_sidecar": ratios(rates[OWN], rates[ASKING]).as_facts(),
    }


def sides(settings: Settings, folder: Path, *, stack: ExitStack) -> dict[str, Wrk]:
    """Load for each side, with its processes running until the stack ends; every one answers as it has to."""
    issuer = Issuer()
    policies = shutil.copytree(settings.root / "policies", folder / "policies")
    rules.replace_with(policies)
    envoys = Envoys(settings.root, folder, issuer.settings())
    lines = [Line(one.path, {"authorization": f"Bearer {issuer.token(one.claims)}"}) for one in rules.requests()]
    oracle = stack.enter_context(envoys.sidecar(policies))
    oracle.await_status("/", DENIED_BY_SIDECAR, {})
    bundle = compiled_in(replace(settings, root=folder))
    made = {BARE: envoys.bare(), OWN: envoys.compiled(bundle), ASKING: envoys.asking(oracle.port)}
    for side, child in made.items():
        stack.enter_context(child)
        child.await_status(lines[0].path, 200, lines[0].headers)
        child.await_status(lines[0].path, 200 if side == BARE else 401, {})
    return {side: Wrk(f"http://{LOOPBACK}:{child.port}", lines, folder) for side, child in made.items()}


def _whole(values: Spread) -> dict[str, Any]:
    return {name: round(value) for name, value in values.as_facts().items() if name != "values"} | {
        "values": [round(value) for value in values.values]
    }


def _p99(loads: Sequence[Load]) -> dict[str, Any]:
    return spread([load.p99 for load in loads]).as_facts()
