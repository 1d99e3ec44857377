"""From pins to one version: each narrows what the stronger ones leave, the table picks from what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer import confidence
from analyzer.findings import Findings
from analyzer.project import Project
from analyzer.versions import table
from analyzer.versions.authority import MANIFEST, order
from analyzer.versions.intervals import ANY, TOP, Intervals, both, series
from analyzer.versions.pin import Pin
from analyzer.versions.pinfiles import mentions
from analyzer.versions.schemes import Meaning, parts_of, read, says_nothing


@dataclass(frozen=True, slots=True)
class Reading:
    """A pin and what it means."""

    pin: Pin
    meaning: Meaning


def decide(project: Project, product: str, pins: Sequence[Pin]) -> str | None:
    """See `versions.decide`."""
    findings = project.findings
    stated = findings.value("runtime_version")
    readings = [*_stated(findings, product), *_readings(findings, product, _collected(project, product, pins))]
    agreeing, allowed = _agreeing(readings)
    if not agreeing:
        return _offer_default(findings, product)
    value, winner = _chosen(agreeing, allowed, product)
    if value != stated:
        evidence = dict.fromkeys(place for reading in agreeing for place in reading.pin.evidence)
        first = dict.fromkeys((*winner.pin.evidence, *evidence))
        sureness = max(reading.pin.sureness for reading in agreeing)
        findings.add("runtime_version", value, sureness, _reason(winner, value, product), *first)
    others = [reading for reading in readings if reading not in agreeing]
    _warn_disagreement(findings, f"{table.title(product)} {value}", winner, others=others)
    _warn_end(findings, product, value, winner)
    return str(findings.value("runtime_version"))


def cycle_name(product: str, version: str) -> str:
    """See `versions.cycle`."""
    parts = parts_of(version, product)
    if found := _cycle(product, parts):
        return found.name
    known = table.product(product)
    length = len(known.default.split(".")) if known else 2
    return ".".join(str(part) for part in parts[:length]) or version


def _collected(project: Project, product: str, pins: Sequence[Pin]) -> Iterator[Pin]:
    """Pins in the order of their authority: the service's folder, then what only the root of the tree has."""
    seen: set[str] = set()
    for name in order(product):
        if name == MANIFEST:
            yield from sorted(pins, key=lambda pin: -pin.sureness)
            continue
        for mention in mentions(project.view, product, name):
            seen.add(name)
            yield Pin(mention.text, "exact", f"{mention.evidence.path} pins it", (mention.evidence,))
    if project.root == ".":
        return
    for name in order(product):
        if name != MANIFEST and name not in seen:
            for mention in mentions(project.whole, product, name):
                yield Pin(mention.text, "exact", f"{mention.evidence.path} pins it", (mention.evidence,))


def _stated(findings: Findings, product: str) -> Iterator[Reading]:
    """What people told Slipway, or a file of intent says, before the language was asked."""
    best = findings.best("runtime_version")
    if not best or best.confidence < confidence.DECLARED or not isinstance(best.value, str):
        return
    if meaning := read(best.value, "exact", product):
        yield Reading(Pin(best.value, "exact", best.reason, best.evidence, best.confidence), meaning)


def _readings(findings: Findings, product: str, pins: Iterator[Pin]) -> Iterator[Reading]:
    for pin in pins:
        meaning = read(pin.text, pin.scheme, product)
        if meaning:
            yield Reading(pin, meaning)
        elif not says_nothing(pin.text):
            findings.warn(
                "version_unreadable",
                f"{pin.text[:60]!r} is not a version of {table.title(product)}; {_place(pin)} is ignored",
                *pin.evidence,
                remedy="write a version such as " + (_default(product) or "1.2"),
            )


def _agreeing(readings: Sequence[Reading]) -> tuple[list[Reading], Intervals]:
    """The readings that leave something of what the stronger ones allow, and what they allow together."""
    allowed: Intervals = ANY
    agreeing = []
    for reading in readings:
        if narrowed := both(allowed, reading.meaning.allowed):
            allowed = narrowed
            agreeing.append(reading)
    return agreeing, allowed


def _chosen(agreeing: Sequence[Reading], allowed: Intervals, product: str) -> tuple[str, Reading]:
    """The version and the reading that gave it: the most exact one that is written, else one of the table."""
    fitting = [
        reading
        for reading in agreeing
        if reading.meaning.written and both(series(parts_of(reading.meaning.written, product)), allowed)
    ]
    if fitting:
        exact = max(fitting, key=lambda reading: len(parts_of(reading.meaning.written, product)))
        return exact.meaning.written, exact
    return _of_table(product, allowed), agreeing[0]


def _of_table(product: str, allowed: Intervals) -> str:
    """The cycle for a range: supported and settled, else supported, else any; else the range's own newest release."""
    known = table.product(product)
    cycles = known.cycles if known else ()
    fitting = [cycle for cycle in cycles if _has_newest(allowed, parts_of(cycle.name))]
    settled = parts_of(known.default) if known else ()
    for wanted in (
        [cycle for cycle in fitting if not cycle.ended and parts_of(cycle.name) <= settled],
        [cycle for cycle in reversed(fitting) if not cycle.ended],
        fitting,
    ):
        if wanted:
            return wanted[0].name
    return _end_of(product, allowed)


def _has_newest(allowed: Intervals, parts: tuple[int, ...]) -> bool:
    """Whether the newest release of a cycle is allowed, whatever its number."""
    end = series(parts)[0].high
    return any(interval.low < end <= interval.high for interval in allowed)


def _end_of(product: str, allowed: Intervals) -> str:
    """The newest version of bounded intervals as far as it is fixed; the oldest cycle of those beyond the table."""
    newest = max(allowed, key=lambda interval: interval.high)
    if newest.high == TOP:
        return cycle_name(product, ".".join(map(str, newest.low)))
    major, minor, patch = newest.high
    if patch:
        return f"{major}.{minor}.{patch - 1}"
    return f"{major}.{minor - 1}" if minor else str(max(major - 1, 0))


def _cycle(product: str, parts: tuple[int, ...]) -> table.Cycle | None:
    known = table.product(product)
    cycles = known.cycles if known else ()
    if len(parts) == 1:  # a whole major series is as new as its newest cycle
        return next((cycle for cycle in cycles if parts_of(cycle.name)[:1] == parts), None)
    return next((cycle for cycle in cycles if parts_of(cycle.name) == parts[: len(parts_of(cycle.name))]), None)


def _default(product: str) -> str:
    known = table.product(product)
    return known.default if known else ""


def _offer_default(findings: Findings, product: str) -> str | None:
    known = table.product(product)
    if not known:
        findings.cannot_tell("runtime_version", f"pin the version of {product} in .tool-versions or mise.toml")
        return None
    reason = f"nothing pins {known.title}, {known.default} is what its libraries and tools have caught up with"
    findings.add("runtime_version", known.default, confidence.DEFAULT, reason)
    return str(findings.value("runtime_version"))


def _reason(winner: Reading, value: str, product: str) -> str:
    if winner.meaning.written:
        return winner.pin.reason
    if winner.meaning.allowed == ANY:
        return f"{winner.pin.reason} without a bound, {value} is what libraries and tools have caught up with"
    text, reason = winner.pin.text, winner.pin.reason
    said = reason if text in reason else f"{reason} ({text})"
    newest = f"{said}, {value} is the newest release that satisfies it"
    return f"{newest} and that libraries and tools have caught up with" if _is_settled(product, value) else newest


def _is_settled(product: str, value: str) -> bool:
    """Whether newer cycles may have been passed over for it."""
    cycle = _cycle(product, parts_of(value, product))
    return cycle is not None and not cycle.ended and parts_of(cycle.name) <= parts_of(_default(product))


def _place(pin: Pin) -> str:
    return pin.evidence[0].path if pin.evidence else "that pin"


def _warn_disagreement(findings: Findings, says: str, winner: Reading, *, others: Sequence[Reading]) -> None:
    if not others:
        return
    said = ", ".join(f"{_place(reading.pin)} says {reading.pin.text}" for reading in others)
    findings.warn(
        "versions_disagree",
        f"{says} of {_place(winner.pin)} is used, but {said}",
        *(place for reading in (winner, *others) for place in reading.pin.evidence),
        remedy="make these files say the same",
    )


def _warn_end(findings: Findings, product: str, value: str, winner: Reading) -> None:
    cycle = _cycle(product, parts_of(value, product))
    if cycle and cycle.ended:
        findings.warn(
            "version_end_of_life",
            f"{table.title(product)} {value} has had no security fixes since {cycle.end}",
            *winner.pin.evidence,
            remedy=f"move to {_default(product)}",
        )
