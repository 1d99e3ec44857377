"""Folders and files that a Go program opens by name when it runs: they must lie beside its binary."""

from __future__ import annotations

import re

from analyzer.languages.compiled.sources import Sources
from analyzer.project import Project

BODY = re.compile(r"^(?:func|var|const|type)\b.*", re.M | re.S)
LITERAL = re.compile(r'["`](?:\./)?(?P<place>[\w][\w.-]*(?:/[\w.*{}-]+)*)/?["`]')
EMBEDDED = re.compile(r"^//go:embed\s+(?P<what>.+)$", re.M)
DATA = re.compile(
    r"\.(?:html|tmpl|gohtml|tpl|css|js|json|ya?ml|toml|sql|md|txt|svg|png|ico|csv|pem|xml|mustache|templ)$"
)
MOST = 20


def find(project: Project, sources: Sources) -> None:
    """Notes what of the service's root the source names in literals and does not embed."""
    embedded = _embedded(project, sources)
    named: dict[str, None] = {}
    for path in sources.paths:
        body = BODY.search(sources.text(path))
        for literal in LITERAL.finditer(body[0] if body else ""):
            if place := _place(project, literal["place"]):
                named[place] = None
    found = sorted(place for place in named if place not in embedded)[:MOST]
    folder = project.findings.details.get("folder", ".")
    project.findings.details["assets"] = found if folder == "." else [f"{folder}/{place}" for place in found]


def _place(project: Project, literal: str) -> str | None:
    """The folder or file of the service's root that a literal leads to."""
    first, slash, rest = literal.partition("/")
    view = project.view
    if view.has(literal) and DATA.search(literal) and not slash:
        return literal
    below = list(view.within(first)) if slash or view.has_folder(first) else []
    if not below or first.startswith("."):
        return None
    data = [path for path in below if DATA.search(path)]
    wanted = rest.partition("*")[0].rpartition("/")[0] if "*" in rest else rest
    if not data or (any(path.endswith(".go") for path in below) and not slash):
        return None
    exists = not wanted or view.has(f"{first}/{wanted}") or view.has_folder(f"{first}/{wanted}")
    return first if exists else None


def _embedded(project: Project, sources: Sources) -> set[str]:
    """First folders of what is compiled into the binary, for files in the root."""
    found: set[str] = set()
    for path in sources.paths:
        raw = project.view.text(path) or "" if "embed" in sources.text(path) else ""
        folder = path.rpartition("/")[0]
        for embed in EMBEDDED.finditer(raw):
            for word in embed["what"].split():
                whole = f"{folder}/{word}" if folder else word
                found.add(whole.removeprefix("all:").split("/")[0])
    return found
