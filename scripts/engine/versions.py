"""Which version a service goes back to. Pure: its records go in, newest first; one of them comes out.

Good is what was `live`. `unchanged` says that a version still ran while others were deployed: it counts where no `live`
record of that version is left. A rollback that became live stands for the deployment that it went back to, so that
going back twice goes back two versions and never forward to one that was left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.engine.events import Event
from scripts.engine.model import Verdict

GOOD = (Verdict.LIVE, Verdict.UNCHANGED)


@dataclass(frozen=True)
class Version:
    """What a service was once: the deployment that brought it, and its image tag."""

    deployment: str
    tag: str
    verdict: str
    path: str = ""
    commit: dict[str, Any] = field(default_factory=dict)
    origin: str = ""
    """The deployment that brought it first: its own id, unless it was a rollback."""


def version_of(row: Event, service: str) -> Version | None:
    """The version that a record is about; None where it does not tell a tag of that service."""
    own = row.get("services", {}).get(service, {})
    if not own.get("image_tag"):
        return None
    return Version(
        deployment=row["id"],
        tag=own["image_tag"],
        verdict=own.get("verdict", row["verdict"]),
        path=own.get("path", ""),
        commit=own.get("commit") or row.get("commit") or {},
        origin=own.get("rollback_to", row["id"]),
    )


def good_versions(rows: Sequence[Event], service: str) -> list[Version]:
    """The records of good versions, newest first, without those that only repeat one."""
    found = [version for row in rows if (version := version_of(row, service)) and version.verdict in GOOD]
    lived = {version.tag for version in found if version.verdict == Verdict.LIVE}
    return [version for version in found if version.verdict == Verdict.LIVE or version.tag not in lived]


def present(versions: Sequence[Version], tag: str | None) -> Version | None:
    """The record that brought the tag which the service has now."""
    return next((version for version in versions if version.tag == tag), None)


def previous(versions: Sequence[Version], tag: str | None) -> Version | None:
    """The good version before the one that the service has now; the newest one where that never was good."""
    now = present(versions, tag)
    older = [version for version in versions if now is None or version.deployment < now.origin]
    return next((version for version in older if version.tag != tag), None)
