"""Ten people deploy one service at the same moment, each another commit: who ran when, who was lost, what serves.

Every one has a working tree of its own, as on ten machines; they share the cloud. All of them ask to wait.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.bench import workspace
from scripts.bench.git_server import git, repository
from scripts.bench.process import run
from scripts.bench.site import Site
from scripts.engine.history import read_deployment, read_events

PEOPLE = 10
SUPERSEDED = 6
"""Exit code of a deploy that found a newer version live when its turn came."""
Say = Callable[[str], None]


def measure(site: Site, say: Say) -> dict[str, Any]:
    """Facts: how many deploys, how many ran at one time, how many were lost, whether the newest commit serves."""
    with _trees(site) as trees:
        began = time.monotonic()
        with ThreadPoolExecutor(len(trees)) as pool:
            reports = list(pool.map(lambda tree: _deploy(site, tree), trees))
        seconds = time.monotonic() - began
    site.await_steady()
    facts = {"deploys": len(reports), "seconds": round(seconds, 1), **counts(site, reports)}
    facts["newest_serves"] = int(_serves(site, _message(PEOPLE - 1)))
    say(f"crowd    {facts}")
    return facts


def counts(site: Site, reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What their reports and the ledger tell, which have to agree."""
    verdicts = [report["verdict"] for report in reports]
    records = [_record(site, report) for report in reports]
    spans = [span for record in records if record and (span := record["span"])]
    return {
        "live": verdicts.count("live"),
        "superseded": verdicts.count("superseded"),
        "lost": sum(r is None or r["verdict"] != v for r, v in zip(records, verdicts, strict=True)),
        "at_once": most_at_once(spans),
    }


def most_at_once(spans: Sequence[tuple[float, float]]) -> int:
    """How many of these times, as begin and end, had a moment in common."""
    return max((sum(begin <= moment < end for begin, end in spans) for moment, _ in spans), default=0)


def _record(site: Site, report: dict[str, Any]) -> dict[str, Any] | None:
    """The deployment as the ledger has it, with the time from its first event under the lock to its end."""
    ident = report["deployment"]
    row = read_deployment(site.aws(), site.settings, ident) if ident else None
    if row is None:
        return None
    events = read_events(site.aws(), site.settings, ident)
    begin = row["started"] + events[0]["at"] if events else None
    return {**row, "span": (begin, row["started"] + row["seconds"]) if begin and "seconds" in row else None}


def _deploy(site: Site, tree: Path) -> dict[str, Any]:
    words = [str(tree / "poe"), "deploy", workspace.SERVICE, "--wait", "--json"]
    lines = run(words, cwd=tree, env=site.environ, codes=(0, SUPERSEDED)).lines
    return dict(json.loads(lines[-1]))


@contextmanager
def _trees(site: Site) -> Iterator[list[Path]]:
    """Working trees of one repository, one a commit, oldest first."""
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name, repository(site.root):
        yield [_tree(site, Path(name) / str(number), number) for number in range(PEOPLE)]


def _tree(site: Site, root: Path, number: int) -> Path:
    workspace.edit_source(site.root, _message(number))
    git(site.root, "commit", "-qam", _message(number), "--date", f"@{int(time.time()) + number}")
    git(site.root, "worktree", "add", "-q", "--detach", str(root))
    workspace.link_dependencies(site.root, root)
    state = site.settings.state_dir
    (root / ".slipway").mkdir(exist_ok=True)
    (root / ".slipway" / state.name).symlink_to(state)
    return root


def _message(number: int) -> str:
    return f"crowd {number}"


def _serves(site: Site, message: str) -> bool:
    """Whether the service answers with that message."""
    address = urlsplit(site.url())
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    try:
        connection.request("GET", address.path)
        return bool(json.loads(connection.getresponse().read())["message"] == message)
    except (OSError, ValueError, KeyError):
        return False
    finally:
        connection.close()
