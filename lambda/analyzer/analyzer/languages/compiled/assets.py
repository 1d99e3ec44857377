"""Folders and files that a compiled program opens by name when it runs: they must lie beside its binary."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from analyzer.languages.compiled.sources import Sources
from analyzer.model import Start
from analyzer.project import Project
from analyzer.source.view import SourceView

BODY = re.compile(r"^(?:(?:func|var|const|type|fn|pub|async|static|impl)\b|#\[).*", re.M | re.S)
"""Where the imports, which name packages and no files, are over."""
LITERAL = re.compile(r'["`](?:\./)?(?P<place>[\w][\w.-]*(?:/[\w.*{}-]+)*)/?["`]')
DATA = re.compile(r"\.(?:html|tmpl|gohtml|tpl|tera|hbs|css|js|json|ya?ml|toml|sql|md|txt|svg|png|ico|csv|xml|ftl)$")
MOST = 20


def find(
    project: Project, sources: Sources, *, base: str = ".", embedded: Collection[str] = (), always: Iterable[str] = ()
) -> None:
    """Notes what of the folder `base` the source names in literals, unless it is compiled in."""
    view = project.view.sub(base)
    named = {place for place in always if view.has(place) or view.has_folder(place)} | _started(project, view)
    for path in sources.paths:
        body = BODY.search(sources.text(path))
        for literal in LITERAL.finditer(body[0] if body else ""):
            named.update(_places(view, literal["place"]))
    folder = "/".join(part for part in (project.findings.details.get("folder", "."), base) if part != ".")
    found = sorted(place for place in named if place not in embedded)[:MOST]
    project.findings.details["assets"] = [f"{folder}/{place}" if folder else place for place in found]


def _started(project: Project, view: SourceView) -> set[str]:
    """Scripts and settings that a person's start command names."""
    start = project.findings.value("start")
    words = start.command.split() if isinstance(start, Start) else []
    files = {word.removeprefix("./") for word in words if view.has(word.removeprefix("./"))}
    return {path for path in files if not path.endswith((".go", ".rs"))}


def _places(view: SourceView, literal: str) -> tuple[str, ...]:
    """The folder or file of the root that a literal leads to, if it does."""
    first, slash, rest = literal.partition("/")
    if not slash and view.has(literal):
        return (literal,) if DATA.search(literal) else ()
    below = list(view.within(first))
    if not any(DATA.search(path) for path in below):
        return ()
    if not slash and any(path.endswith((".go", ".rs")) for path in below):
        return ()
    wanted = f"{first}/{rest}".partition("*")[0]
    wanted = wanted.rpartition("/")[0] if "*" in rest else wanted
    return (first,) if view.has(wanted) or view.has_folder(wanted) else ()
