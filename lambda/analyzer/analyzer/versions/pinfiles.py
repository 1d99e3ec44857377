"""Files that pin a runtime whatever its language's manifest says: version managers' and platforms' own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from analyzer.model import Evidence
from analyzer.source.view import SourceView

Found = Iterator[tuple[str, int | None]]
"""Texts of versions with their lines."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A version in a pin file."""

    file: str
    text: str
    evidence: Evidence


TOOL_NAMES = {
    "node": ("nodejs", "node"),
    "go": ("golang", "go"),
    "dotnet": ("dotnet", "dotnet-core", "dotnet-sdk"),
}
"""Product -> its names in asdf and mise; the others have their own name."""

MISE = (
    "mise.toml",
    ".mise.toml",
    "mise/config.toml",
    ".mise/config.toml",
    ".config/mise.toml",
    ".config/mise/config.toml",
)


def mentions(view: SourceView, product: str, name: str) -> Iterator[Mention]:
    """What one pin file says about a product: the first version of those it lists."""
    reader = READERS.get(name, plain)
    if view.has(name):
        for text, line in reader(view, name, product):
            yield Mention(name, text, view.evidence(name, line))
            return


def plain(view: SourceView, path: str, product: str) -> Found:
    """A file that is nothing but versions, one a line (pyenv, nvm, rbenv, ...)."""
    for number, line in _lines(view, path):
        yield line.split()[0], number


def _tool_versions(view: SourceView, path: str, product: str) -> Found:
    """`<tool> <version> [<fallback>...]` a line (asdf)."""
    for number, line in _lines(view, path):
        words = line.split()
        if words[0] in TOOL_NAMES.get(product, (product,)) and len(words) > 1:
            yield _tool_version(words[1]), number


def _mise(view: SourceView, path: str, product: str) -> Found:
    tools = _table(view, path).get("tools")
    for name in TOOL_NAMES.get(product, (product,)):
        for key in (name, f"core:{name}"):
            if text := _mise_version(tools.get(key) if isinstance(tools, dict) else None):
                yield (
                    _tool_version(text),
                    _line(view, path, rf"""^\s*["']?(?:core:)?{re.escape(name)}["']?\s*=|tools\.{name}\b"""),
                )


def _mise_version(value: Any) -> str:
    """ "20", ["20", "18"] or {version = "20"}."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("version")
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _tool_version(text: str) -> str:
    """Elixir's version carries that of OTP: 1.16.2-otp-26."""
    return re.sub(r"-otp-\d+$", "", text)


def _assignment(*keys: str) -> Callable[[SourceView, str, str], Found]:
    """A reader of `key=value` lines."""
    wanted = re.compile(rf"(?:{'|'.join(map(re.escape, keys))})\s*[=:]\s*(\S+)")

    def found(view: SourceView, path: str, product: str) -> Found:
        for number, line in _lines(view, path):
            if match := wanted.match(line):
                yield _tool_version(match[1]), number

    return found


def _heroku_python(view: SourceView, path: str, product: str) -> Found:
    """runtime.txt: `python-3.11.4`; other languages used the same file."""
    for number, line in _lines(view, path):
        if line.lower().startswith(f"{product}-"):
            yield line, number


def _global_json(view: SourceView, path: str, product: str) -> Found:
    from analyzer import manifests

    try:
        sdk = manifests.json_object(view.text(path) or "{}").get("sdk")
    except manifests.Malformed:
        return
    version = sdk.get("version") if isinstance(sdk, dict) else None
    if isinstance(version, str) and re.match(r"\d", version):
        yield version, _line(view, path, r'"version"\s*:')


def _rust_toolchain(view: SourceView, path: str, product: str) -> Found:
    """TOML with `channel`, or (the old form) nothing but the channel."""
    toolchain = _table(view, path).get("toolchain")
    channel = toolchain.get("channel") if isinstance(toolchain, dict) else None
    if isinstance(channel, str):
        yield channel, _line(view, path, r"^\s*channel\s*=")
    elif not path.endswith(".toml") and (
        found := re.search(r"(?m)^\s*(stable|beta|nightly\S*|\d[\w.-]*)\s*$", view.text(path) or "")
    ):
        yield found[1], _line(view, path, re.escape(found[1]))


def _lines(view: SourceView, path: str) -> Iterator[tuple[int, str]]:
    """Lines that say something, numbered from 1."""
    for number, line in enumerate(view.lines(path)[:1000], 1):
        if text := line.partition("#")[0].strip():
            yield number, text


def _line(view: SourceView, path: str, pattern: str) -> int | None:
    found = view.find(path, re.compile(pattern))
    return found[1].line if found else None


def _table(view: SourceView, path: str) -> dict[str, Any]:
    from analyzer import manifests

    try:
        return manifests.toml(view.text(path) or "")
    except manifests.Malformed:
        return {}


READERS: dict[str, Callable[[SourceView, str, str], Found]] = {
    ".tool-versions": _tool_versions,
    **dict.fromkeys(MISE, _mise),
    ".sdkmanrc": _assignment("java"),
    "system.properties": _assignment("java.runtime.version"),
    "elixir_buildpack.config": _assignment("elixir_version"),
    "runtime.txt": _heroku_python,
    "global.json": _global_json,
    "rust-toolchain.toml": _rust_toolchain,
    "rust-toolchain": _rust_toolchain,
}
"""How a file is read; one that is not here is `plain`."""
