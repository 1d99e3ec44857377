"""Records that the ledger could not take when their deployment ended: kept on this machine, written by a later command.

One file a deployment, `.slipway/<target>/unwritten/<id>.json`. Writing one twice gives the same items.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from scripts.engine.aws import Aws
from scripts.engine.errors import SlipwayError
from scripts.engine.events import Event
from scripts.engine.ledger import Ledger
from settings import Settings


def keep(settings: Settings, deployment: str, facts: Event, events: Sequence[tuple[int, Event]]) -> Path:
    """Keep a record and the events that are missing; raises OSError."""
    path = _folder(settings) / f"{deployment}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"facts": facts, "events": list(events)}, default=str), "utf-8")
    fresh.replace(path)
    return path


def write_kept(aws: Aws, settings: Settings) -> list[str]:
    """Write what was kept; ids of the deployments that the ledger has now. Best effort: what fails stays."""
    written = []
    for path in sorted(_folder(settings).glob("*.json")):
        try:
            kept = json.loads(path.read_text("utf-8"))
            ledger = Ledger(aws, settings, path.stem)
            ledger.close(kept["facts"])
            for number, event in kept["events"]:
                ledger.event(event, number)
            path.unlink(missing_ok=True)
        except SlipwayError:
            break  # the ledger is still out of reach
        except (OSError, ValueError, KeyError, TypeError):
            continue
        written.append(path.stem)
    return written


def _folder(settings: Settings) -> Path:
    return settings.state_dir / "unwritten"
