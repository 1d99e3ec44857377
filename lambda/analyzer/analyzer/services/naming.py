"""A name for a service, as a name in slipway.toml has to be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.intent import typed
from analyzer.project import Project

LENGTH = 28
"""The longest that slipway.toml allows: load balancers and target groups have names of at most 32 characters."""
FALLBACK = "app"
GENERIC = frozenset(
    ("app", "application", "src", "source", "root", "monorepo", "workspace", "project", "package", "my-app")
)
"""Names that templates leave behind."""


def name_of(project: Project) -> str:
    """A name for the service: lower case letters, digits and single hyphens, beginning with a letter.

    The name that its manifest gives, else that of the nearest folder; one that says something before one that does not.
    """
    names = [name for name in map(_valid, _names(project)) if name]
    return next((name for name in names if name not in GENERIC), next(iter(names), FALLBACK))


def _names(project: Project) -> Iterator[str]:
    view = project.view
    if view.has("package.json"):
        yield (typed.text((project.json("package.json") or {}).get("name")) or "").rpartition("/")[2]
    if view.has("pyproject.toml"):
        found = project.toml("pyproject.toml")
        yield typed.text(typed.table(found, "project").get("name")) or ""
        yield typed.text(typed.table(found, "tool", "poetry").get("name")) or ""
    if module := view.find("go.mod", re.compile(r"^module\s+(\S+)")):
        yield re.sub(r"/v\d+$", "", module[0][1].strip('"')).rpartition("/")[2]
    if view.has("Cargo.toml"):
        yield typed.text(typed.table(project.toml("Cargo.toml"), "package").get("name")) or ""
    if view.has("composer.json"):
        yield (typed.text((project.json("composer.json") or {}).get("name")) or "").rpartition("/")[2]
    yield from reversed(project.root.split("/"))


def _valid(text: str) -> str:
    """As near to the text as a name may be, "" when no letter begins it; of a long one the last words tell most."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789").rstrip("-")
    while len(name) > LENGTH and "-" in name:
        name = name.partition("-")[2].lstrip("-0123456789")
    return name[:LENGTH]
