"""What Envoy counted about each cluster since it started, as plain data.

`upstream_rq_completed` and `upstream_rq_5xx` belong to the cluster that the route named, and hold the answers that
Envoy made itself because no task was there or none answered; `upstream_rq_total` would not. Histograms are merged each
`stats_flush_interval` of envoy.yaml, so that buckets are that much older than the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from agent.clusters import ASKED, SHIFT, shift_name
from agent.traffic import NEXT

FIGURES = {
    "upstream_rq_completed": "requests",
    "upstream_rq_5xx": "errors",
    "membership_healthy": "healthy",
    "membership_total": "endpoints",
}
TIMES = "upstream_rq_time"
PATTERN = rf"^cluster\.[^.]+\.({'|'.join(FIGURES)}|{TIMES})$"

Json = dict[str, Any]


class Admin(Protocol):
    """Envoy's administration."""

    def stats(self, pattern: str) -> list[Json]:
        """Rows of its JSON statistics whose names match; none when it does not answer."""


@dataclass(frozen=True)
class Counts:
    """One cluster."""

    requests: int = 0
    """Answers, whoever made them."""
    errors: int = 0
    """Those of them with 500 or more."""
    healthy: int = 0
    endpoints: int = 0
    buckets: Mapping[str, int] = field(default_factory=dict)
    """Upper bound in milliseconds -> answers of the service that took no longer."""


def read(admin: Admin) -> dict[str, Counts]:
    """Every cluster by its name."""
    return counts(admin.stats(PATTERN))


def versions(found: Mapping[str, Counts]) -> dict[str, Counts]:
    """Services and their second versions by name.

    What a second version got was sent to the cluster for its share: while none of its tasks answers, that counts what
    the main version answers in its place.
    """
    names = [name for name in found if not name.endswith((ASKED, SHIFT))]
    return {name: _version(name, found) for name in names}


def _version(name: str, found: Mapping[str, Counts]) -> Counts:
    own = found[name]
    if not name.endswith(NEXT):
        return own
    share = found.get(shift_name(name.removesuffix(NEXT)), Counts())
    return replace(share, healthy=own.healthy, endpoints=own.endpoints)


def counts(rows: Iterable[Json]) -> dict[str, Counts]:
    """From rows of Envoy's JSON."""
    found: dict[str, Json] = {}
    for row in rows:
        if "histograms" in row:
            for histogram in row["histograms"]:
                _of(found, histogram["name"])["buckets"] = _buckets(histogram["buckets"])
        else:
            figure = FIGURES.get(row["name"].rpartition(".")[2])
            if figure:
                _of(found, row["name"])[figure] = row["value"]
    return {name: Counts(**figures) for name, figures in found.items()}


def _of(found: dict[str, Json], name: str) -> Json:
    return found.setdefault(re.sub(r"^cluster\.|\.[^.]*$", "", name), {})


def _buckets(rows: Iterable[Json]) -> dict[str, int]:
    """Bounds as short text: 0.5, 1, 250."""
    return {f"{row['upper_bound']:g}": row["cumulative"] for row in rows}
