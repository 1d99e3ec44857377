"""JavaScript sources and configuration files read as text: comments blanked out, settings found with their lines."""

from __future__ import annotations

import re
from functools import lru_cache

from analyzer.model import Evidence
from analyzer.source.view import SourceView

SUFFIXES = ("ts", "mts", "cts", "js", "mjs", "cjs", "tsx", "jsx")
LITERAL = r"""["'`]([^"'`\n$]*)["'`]"""
_TOKEN = re.compile(
    r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|//[^\n]*|/\*.*?\*/""",
    re.S,
)


@lru_cache(maxsize=256)
def plain(text: str) -> str:
    """The source without comments; lines stay where they are."""
    return _TOKEN.sub(lambda found: found[1] or "\n" * found[0].count("\n"), text)


def config(view: SourceView, *names: str) -> str | None:
    """The first configuration file of these names, with any suffix that JavaScript has; `.json` too."""
    return view.first(*(f"{name}.{suffix}" for name in names for suffix in (*SUFFIXES, "json")))


def find(view: SourceView, path: str | None, pattern: str) -> tuple[str, Evidence] | None:
    """The first group of a pattern's first match in a file, outside comments, with its line."""
    if path is None:
        return None
    text = plain(view.text(path) or "")
    found = re.search(pattern, text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start(found.lastindex or 0)) + 1
    return (found[1] if found.lastindex else found[0]), view.evidence(path, line)


def setting(view: SourceView, path: str | None, name: str) -> tuple[str, Evidence] | None:
    """The literal that a key of a configuration object has: `outDir: "build"`."""
    return find(view, path, rf"""(?<![\w.])["']?{name}["']?\s*:\s*{LITERAL}""")


def flag(view: SourceView, path: str | None, name: str) -> tuple[bool, Evidence] | None:
    """The boolean that a key of a configuration object has: `ssr: false`."""
    found = find(view, path, rf"""(?<![\w.])["']?{name}["']?\s*:\s*(true|false)\b""")
    return None if found is None else (found[0] == "true", found[1])


def folder(text: str) -> str | None:
    """A folder below the root as a clean relative path, None when it is not one."""
    parts = [part for part in text.strip().split("/") if part not in ("", ".")]
    if not parts or ".." in parts or text.startswith("/") or not re.fullmatch(r"[\w.@+/ -]+", text.strip()):
        return None
    return "/".join(parts)
