"""Requirement lines (PEP 508) as pip reads them: options, includes, direct references, editable local packages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.source.view import SourceView

INCLUDES = 12
"""Files that `-r` may lead to in all."""
URL_NAME = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
GIT_NAME = re.compile(r"/([A-Za-z0-9._-]+?)(?:\.git)?(?:@[^/]*)?(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A dependency and where it is declared."""

    name: str
    """Normalized as PEP 503 has it: lower case, hyphens."""
    extras: frozenset[str] = frozenset()
    specifier: str = ""
    path: str = ""
    line: int | None = None
    local: str = ""
    """Folder in the tree, for a dependency that is part of it."""


def normalized(name: str) -> str:
    """The name by which distributions are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str, path: str = "", line: int | None = None) -> Requirement | None:
    """One requirement; None when it is not one."""
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    try:
        found = Parsed(text)
    except InvalidRequirement:
        return _loose(text, path, line)
    return Requirement(normalized(found.name), frozenset(found.extras), str(found.specifier), path, line)


def _loose(text: str, path: str, line: int | None) -> Requirement | None:
    """A URL with a name in it, or a name with what packaging does not take (`flask==2.x`, `name (>= 1)`)."""
    if "://" in text:
        found = URL_NAME.search(text) or GIT_NAME.search(text)
        return Requirement(normalized(found[1]), path=path, line=line) if found else None
    if text.startswith((".", "/")):
        return Requirement("", path=path, line=line, local=text.partition("[")[0].removeprefix("./") or ".")
    name = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*([=<>!~(;].*)?$", text)
    if not name:
        return None
    extras = frozenset(part.strip() for part in (name[2] or "").split(",") if part.strip())
    return Requirement(normalized(name[1]), extras, path=path, line=line)


def from_file(view: SourceView, path: str, seen: set[str] | None = None) -> Iterator[Requirement]:
    """Requirements of a file and of those it includes with `-r`; constraints (`-c`) declare nothing."""
    seen = seen if seen is not None else set()
    if path in seen or len(seen) >= INCLUDES:
        return
    seen.add(path)
    for number, text in logical_lines(view.lines(path)):
        if included := re.match(r"(?:-r|--requirement)[ =]?\s*(\S+)", text):
            yield from from_file(view, _beside(path, included[1]), seen)
        elif editable := re.match(r"(?:-e|--editable)[ =]\s*(\S+)", text):
            yield from filter(None, [_loose(editable[1], path, number)])
        elif not text.startswith("-"):
            yield from filter(None, [requirement(text, path, number)])


def logical_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines without comments, options of a requirement (`--hash`) and continuations, with the number they begin at."""
    begun, held = 0, ""
    for number, line in enumerate(lines, 1):
        begun = begun if held else number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] + " "
            continue
        text = re.sub(r"(^|\s)#.*", "", held + line).strip()
        held = ""
        if text:
            yield begun, text if text.startswith("-") else re.sub(r"\s--?[a-z].*", "", text)


def _beside(path: str, name: str) -> str:
    folder = path.rpartition("/")[0]
    parts: list[str] = folder.split("/") if folder else []
    for part in name.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", ".."):
            parts.append(part)
    return "/".join(parts)
