"""Changes one section of slipway.toml; everything else in the file keeps its order, its comments and its bytes.

Whoever changes the file holds a lock, reads it, and replaces it at once: a reader sees the old text or the new one, and
two commands do not lose each other's changes.
"""

from __future__ import annotations

import fcntl
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.engine.errors import BadInput, SlipwayError
from settings.checks import FILE

Row = Mapping[str, Any]


class Editing:
    """The file, for whoever holds its lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.text = path.read_text("utf-8")

    def write(self, text: str) -> None:
        """Replace the file."""
        if text == self.text:
            return
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with fresh.open("x", encoding="utf-8") as file:
                file.write(text)
                os.fsync(file.fileno())
            fresh.chmod(self._path.stat().st_mode & 0o777)
            fresh.replace(self._path)
        finally:
            fresh.unlink(missing_ok=True)
        self.text = text


@contextmanager
def editing(root: Path) -> Iterator[Editing]:
    """Hold the file's lock; that of a killed command is free."""
    folder = root / ".slipway"
    folder.mkdir(exist_ok=True)
    with (folder / "settings.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Editing((root / FILE).resolve())


def rows(text: str) -> dict[str, Any]:
    """The services' sections as plain data; {} for a file that is not valid, which the loader explains."""
    try:
        found = tomllib.loads(text).get("services", {})
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def with_section(text: str, name: str, row: Row) -> str:
    """The file with these keys in a service's section; None takes a key out, `app` is written anew."""
    row = {**row, "app": row.get("app") or None}

    def change(services: Any) -> None:
        import tomlkit

        if name not in services:
            services[name] = tomlkit.table()
        section = services[name]
        for key, value in row.items():
            section.pop(key, None) if value is None or key == "app" else _set(section, key, value)
        if row["app"]:
            section["app"] = _table(row["app"])

    wanted = {key: value for key, value in {**rows(text).get(name, {}), **row}.items() if value is not None}
    return _changed(text, name, change, wanted)


def without_section(text: str, name: str) -> str:
    """The file without a service."""
    return _changed(text, name, lambda services: services.pop(name, None), None)


def put_back(text: str, name: str, *, before: str, written: str) -> str:
    """The file with one service as it was before, unless somebody has written it since; what became of others stays."""
    if text == written:
        return before
    old, now = rows(before).get(name), rows(text).get(name)
    if now is None or now != rows(written).get(name):
        return text
    if old is None:
        return without_section(text, name)
    return with_section(text, name, {**dict.fromkeys(now, None), **old})


def _set(section: Any, key: str, value: Any) -> None:
    """A value in its place; a new key goes before the tables, or it would be one of theirs."""
    if key in section:
        section[key] = value
        return
    tables = {name: section.pop(name) for name in list(section) if isinstance(section[name], dict)}
    section[key] = value
    for name, table in tables.items():
        section[name] = table


def _table(row: Row) -> Any:
    """A table of TOML: plain values first, since a key behind an inner table would be one of its own."""
    import tomlkit

    made = tomlkit.table()
    for key, value in sorted(row.items(), key=lambda item: isinstance(item[1], dict)):
        made[key] = _table(value) if isinstance(value, dict) else value
    return made


def _changed(text: str, name: str, change: Callable[[Any], object], wanted: Row | None) -> str:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    document = tomlkit.parse(text)
    try:
        change(document["services"])
    except (TOMLKitError, LookupError, TypeError, ValueError, AttributeError):
        raise cannot_edit(name) from None
    return _checked(text, tomlkit.dumps(document), name, wanted)


def _checked(before: str, after: str, name: str, wanted: Row | None) -> str:
    """The new text, held against what it should say: an editor must not change what it was not asked to."""
    expected = tomllib.loads(before)
    expected.setdefault("services", {}).pop(name, None)
    found = tomllib.loads(after)
    section = found.setdefault("services", {}).pop(name, None)
    if found != expected or (section or None) != (dict(wanted) if wanted else None):
        raise cannot_edit(name)
    return after


def cannot_edit(name: str) -> SlipwayError:
    """For a file that is written in a way that this module does not follow."""
    return BadInput(
        f"the section of {name} cannot be changed without changing others",
        where=FILE,
        remedy=f"write services as tables of their own: [services.{name}]",
    )
