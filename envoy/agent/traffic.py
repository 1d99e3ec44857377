"""How requests of a service are shared by its two versions, as its item in the table says it.

Who shifts requests counts `beat` up. When that stops, because the deploy was killed or the table cannot be read, the
main version gets everything again: one version serves, whatever happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agent import items, log

NEXT = "_next"
"""After a service's name: its second version. No service's own name has an underscore."""
SILENT_SECONDS = 30.0
ALL = 100


class BadEntry(ValueError):
    """An item that says nothing about traffic."""


@dataclass(frozen=True)
class Entry:
    """What is wanted of one service's requests."""

    service: str
    revision: int
    """One more with each change."""
    next: int = 0
    """Percent that the second version gets."""
    holder: str = ""
    """The deployment that shifts."""
    beat: int = 0
    maintenance: bool = False


@dataclass(frozen=True)
class Way:
    """Where a service's requests go."""

    next: int = 0
    has_next: bool = False
    """Whether there are tasks of a second version."""
    is_closed: bool = False


def entry(item: Mapping[str, Any]) -> Entry:
    """From an item; raises BadEntry."""
    try:
        row = items.unpacked(item)
        found = Entry(
            service=_text(row["sk"]),
            revision=int(row["revision"]),
            next=int(row.get("next") or 0),
            holder=_text(row.get("holder") or ""),
            beat=int(row.get("beat") or 0),
            maintenance=row.get("maintenance") is True,
        )
    except (ValueError, TypeError, KeyError, AttributeError, StopIteration, OverflowError) as error:
        raise BadEntry(f"{type(error).__name__}: {error}") from None
    if not 0 <= found.next <= ALL:
        raise BadEntry(f"{found.service}: {found.next} is no percentage")
    return found


class Entries:
    """The latest that could be read of each service."""

    def __init__(self) -> None:
        self._changes = log.Changes()
        self._known: dict[str, Entry] = {}

    def take(self, rows: Iterable[Mapping[str, Any]]) -> list[Entry]:
        """Those of these rows; one that cannot be read counts as it was."""
        found: dict[str, Entry] = {}
        for row in rows:
            try:
                one = entry(row)
            except BadEntry as error:
                self._changes.trouble("an item of traffic cannot be read; it stays as it was", error)
                found.update({name: one for name, one in self._known.items() if row.get("sk") == {"S": name}})
            else:
                found[one.service] = one
        self._known = found
        return list(found.values())


class Beats:
    """Who still beats, by our own clock: the clocks of two machines need not agree."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}

    def alive(self, entries: Iterable[Entry], now: float) -> list[Entry]:
        """Those that hold; a share of a second version only holds as long as somebody beats."""
        rows = list(entries)
        seen = {one.service: self._last(one, now) for one in rows}
        self._seen = seen
        return [one for one in rows if not one.next or now - seen[one.service][1] < SILENT_SECONDS]

    def _last(self, one: Entry, now: float) -> tuple[tuple[int, int], float]:
        sign, before = (one.revision, one.beat), self._seen.get(one.service)
        return before if before and before[0] == sign else (sign, now)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
