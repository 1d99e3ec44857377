"""What there is to tell, as plain data: made from the events of a deploy, rendered by templates.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.engine.model import Path, Verdict

EVENT_OF = {
    Verdict.LIVE: "live",
    Verdict.REMOVED: "live",
    Verdict.ROLLED_BACK: "rolled_back",
    Verdict.SUPERSEDED: "superseded",
    Verdict.FAILED: "failed",
    Verdict.TIMED_OUT: "failed",
    Verdict.STOPPED: "failed",
}
"""How people are told of a verdict. Who heard of a start hears of its end, so a deploy that was stopped counts too;
`live` also stands for a removal that is done."""
SERVICE_KEYS = ("path", "reason", "image_tag", "previous_tag", "digest", "url", "verdict")


@dataclass(frozen=True)
class Message:
    """One thing to tell."""

    event: str
    """`start`, `live`, `rolled_back`, `failed`, `superseded` or `test`."""
    id: str
    """The same for every attempt to deliver it."""
    at: float
    """Unix seconds."""
    project: str
    target: str
    actor: str
    action: str = "deploy"
    """`deploy`, `rollback` or `remove`."""
    deployment: str | None = None
    verdict: str | None = None
    path: str | None = None
    reason: str | None = None
    commit: Mapping[str, Any] | None = None
    """`id`, `time` (Unix seconds) and `dirty`."""
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The services that something happens to, with `SERVICE_KEYS`."""
    seconds: float | None = None
    error: Mapping[str, str] | None = None
    """`what`, `where` and `remedy`."""

    @property
    def next_step(self) -> str | None:
        """What a person does now."""
        if self.error and self.error["remedy"]:
            return self.error["remedy"]
        return f"./poe show {self.deployment}" if self.deployment else None


def changed(*tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The services that something happens to: rows of a plan and of a report, the later one's values first."""
    rows: dict[str, dict[str, Any]] = {}
    for table in tables:
        for name, row in table.items():
            rows[name] = {**rows.get(name, {}), **row}
    return {
        name: {key: row.get(key) for key in SERVICE_KEYS} for name, row in rows.items() if row.get("path") != Path.NONE
    }
