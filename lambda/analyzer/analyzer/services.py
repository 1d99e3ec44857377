"""Which folders of a tree are services: the tree itself, or several in a monorepo."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.model import Caution
from analyzer.project import Project
from analyzer.source.view import SourceView


@dataclass(frozen=True, slots=True)
class Found:
    """Roots of services, "." for the tree itself, sorted; at least one."""

    roots: tuple[str, ...]
    warnings: tuple[Caution, ...] = ()


def find(view: SourceView, only: str | None = None) -> Found:
    """The services of a tree; with `only` just that one. Raises Failure when there is no such folder."""
    return Found((only or ".",))


def name_of(project: Project) -> str:
    """A name for the service: lower case letters, digits and hyphens, as a name in slipway.toml has to be."""
    return project.root.rpartition("/")[2] if project.root != "." else "app"
