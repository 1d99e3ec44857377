"""Versions of language runtimes: pins collected from every file that has one, ranges solved, ends of life known.

`authority` says which file wins, `pinfiles` reads those of version managers and platforms, `schemes` reads notations
into `intervals`, `solve` picks from the bundled `table`.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.project import Project
from analyzer.versions import solve, table
from analyzer.versions.pin import Pin

__all__ = ["Pin", "cycle", "decide", "default"]


def decide(project: Project, product: str, pins: Sequence[Pin] = ()) -> str | None:
    """Adds candidates for `runtime_version` and returns the version that would win.

    `product` is "python", "node", "go", "ruby", "java", "php", "dotnet", "rust", "elixir", "deno", "bun", ... `pins`
    are those of the language's own manifests, strongest first; files that pin any runtime (.tool-versions, mise.toml,
    .<product>-version, ...) are read here. Without any pin the bundled table's default is offered.

    An exact pin stays as it is written ("3.11.4", "3.11", "1.8"). A range gives the newest cycle that satisfies it, is
    supported and is no newer than the default; else a newer one; else, with a warning, one past its end of life.
    """
    return solve.decide(project, product, pins)


def cycle(product: str, version: str) -> str:
    """The release cycle that a version belongs to, as image tags name it: java 1.8.0 -> "8", node 20.1.0 -> "20"."""
    return solve.cycle_name(product, version)


def default(product: str) -> str | None:
    """The version of an application that pins nothing; None for a product that is not in the table."""
    known = table.product(product)
    return known.default if known else None
