"""What an analysis reads like: a screen a service, the evidence on request."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analyzer.model import FIELDS, Analysis, Backing, Candidate, Caution, Evidence, Field, Process, Service, Variable

COLOURS = {"bold": "1", "dim": "2", "yellow": "33", "green": "32"}
LABELS = {name: name.replace("_", " ") for name in FIELDS}
WIDTH = max(map(len, LABELS.values()))
QUIET = ("build_command", "output_dir", "framework")
"""Fields that many services rightly lack: not worth a "cannot tell" of their own."""
EVIDENCE_SHOWN = 6


@dataclass(frozen=True)
class Style:
    """How a report is written."""

    colour: bool = False
    explain: bool = False

    def paint(self, colour: str, text: str) -> str:
        """The text in a colour, on a terminal."""
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self.colour else text


def report(analysis: Analysis, style: Style) -> str:
    """The whole report, without a line feed at its end."""
    parts = ["\n".join(_service(service, style)) for service in analysis.services]
    parts += ["\n".join(_caution(caution, style)) for caution in analysis.warnings]
    return "\n\n".join(parts)


def headline(service: Service) -> str:
    """One sentence: what the service is."""
    language, version, framework, kind = map(service.value, ("language", "runtime_version", "framework", "kind"))
    if language is None:
        return "cannot tell what this is"
    words = [kind or "cannot tell what kind of", "in" if kind else "", language, version or ""]
    return " ".join(filter(None, words)) + (f", {framework}" if framework else "")


def _service(service: Service, style: Style) -> Iterator[str]:
    yield f"{style.paint('bold', service.name)}  {service.root}  {headline(service)}"
    if service.dockerfile:
        yield _row("dockerfile", f"{service.dockerfile}, used as it is")
    for name in FIELDS:
        yield from _field(name, service.fields[name], style)
    yield from _lists(service)
    for caution in service.warnings:
        yield from _caution(caution, style)


def _field(name: str, found: Field, style: Style) -> Iterator[str]:
    if found.value is None:
        if found.missing or (found.others and name not in QUIET):
            yield _row(
                LABELS[name], style.paint("yellow", "cannot tell") + (f": {found.missing}" if found.missing else "")
            )
            yield from (_detail(f"may be {_said(other.value)}: {other.reason}") for other in found.others[:4])
        return
    assisted = " (chosen by a language model)" if found.assisted else ""
    yield _row(LABELS[name], f"{_said(found.value)}{assisted}")
    if style.explain:
        yield from (_detail(style.paint("dim", line)) for line in _reasons(found))


def _reasons(found: Field) -> Iterator[str]:
    yield f"{found.confidence:.0%} sure: {found.reason}"
    yield from (f"  {place(evidence)}" for evidence in found.evidence[:EVIDENCE_SHOWN])
    yield from (f"not {_said(other.value)} ({other.confidence:.0%}): {_because(other)}" for other in found.others)


def _because(other: Candidate) -> str:
    where = f", {place(other.evidence[0])}" if other.evidence else ""
    return f"{other.reason}{where}"


def place(evidence: Evidence) -> str:
    """`path:line  text`."""
    path = evidence.path if evidence.path.isprintable() else ascii(evidence.path)
    return f"{path}:{evidence.line}  {evidence.text}".rstrip() if evidence.line else path


def _lists(service: Service) -> Iterator[str]:
    for label, rows in (
        ("processes", [_process(row) for row in service.processes if row.kind != "web"]),
        ("needs", [_backing(row) for row in service.backing]),
        ("variables", [_variable(row) for row in service.variables]),
    ):
        if rows:
            yield from _wrapped(label, ", ".join(rows))
    if size := service.size:
        yield from _wrapped("size", f"{size.cpu / 1024:g} vCPU, {size.memory} MiB; {'; '.join(size.reasons)}")


def _wrapped(label: str, text: str) -> list[str]:
    indent = " " * (WIDTH + 4)
    return textwrap.wrap(_row(label, text), 118, subsequent_indent=indent, break_on_hyphens=False)


def _process(process: Process) -> str:
    when = f" at {process.schedule}" if process.schedule else ""
    return f"{process.name}{when}: {process.command}"


def _backing(backing: Backing) -> str:
    return f"{backing.engine} ({', '.join(backing.variables)})" if backing.variables else backing.engine


def _variable(variable: Variable) -> str:
    notes = [note for note, holds in (("secret", variable.secret), ("no default", variable.required)) if holds]
    return f"{variable.name} ({', '.join(notes)})" if notes else variable.name


def _caution(caution: Caution, style: Style) -> Iterator[str]:
    yield f"  {style.paint('yellow', 'warning')}: {caution.message}"
    if style.explain:
        yield from (f"    {style.paint('dim', place(evidence))}" for evidence in caution.evidence[:EVIDENCE_SHOWN])
    if caution.remedy:
        yield f"    {caution.remedy}"


def _row(label: str, text: str) -> str:
    return f"  {label:<{WIDTH}}  {text}"


def _detail(text: str) -> str:
    return " " * (WIDTH + 4) + text


def _said(value: Any) -> str:
    return str(getattr(value, "command", value))
