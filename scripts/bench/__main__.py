"""`./poe bench`: measure each path against plain `cdk deploy` on a private embedded cloud."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from scripts import command
from scripts.bench import publish, table
from scripts.bench.measuring import PARTS, Bench, Extent
from scripts.bench.site import private_site
from scripts.engine.errors import BadInput
from scripts.session import ROOT

PUBLISHED = ROOT / "docs" / "bench"
SCRATCH = ROOT / ".slipway" / "bench"
"""Where figures go that are not all of them."""
QUICK = Extent(pairs=2, bootstraps=1, plans=(10,), records=500, swaps=20)


def bench_verb() -> int:
    """Measure, print, write; 0 also when a bound is missed; 4 when a part could not be measured."""
    arguments = _parse()
    extent = _extent(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    began, say = time.monotonic(), _teller()
    with private_site(ROOT, say) as site:
        facts = Bench(site, extent, say).run()
    facts = {"measured": f"{datetime.now(UTC):%Y-%m-%d}", "bench_seconds": round(time.monotonic() - began), **facts}
    print("\n".join(table.lines(facts)))
    whole = extent == Extent(pairs=extent.pairs) and not facts["failed"]
    folder = arguments.out or (PUBLISHED if whole else SCRATCH)
    for path in publish.write(folder, facts):
        print(f"written: {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
    return 4 if facts["failed"] else 0


def _parse() -> argparse.Namespace:
    parser = command.Parser(
        prog="./poe bench",
        description="Measure each path against plain cdk deploy, in a private copy with its own embedded cloud.",
        allow_abbrev=False,
    )
    parser.add_argument("--pairs", type=int, metavar="N", help="pairs of each kind (default: 5)")
    parser.add_argument("--quick", action="store_true", help="two pairs, one bootstrap, 10 services; not published")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the figures go (default: docs/bench)")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args()


def _extent(arguments: argparse.Namespace) -> Extent:
    if arguments.pairs is not None and not 1 <= arguments.pairs <= 100:
        raise BadInput(f"{arguments.pairs} pairs", where="--pairs", remedy="use 1 to 100")
    base = QUICK if arguments.quick else Extent()
    parts = tuple(part for part in PARTS if part in arguments.only) if arguments.only else base.parts
    bootstraps = 1 if arguments.only else base.bootstraps
    return Extent(arguments.pairs or base.pairs, bootstraps, base.plans, parts, base.records, base.swaps)


def _teller() -> Any:
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:4.0f}s] {text}", file=sys.stderr, flush=True)

    return say


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point."""
    command.run(bench_verb)


if __name__ == "__main__":
    main()
