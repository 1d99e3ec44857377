"""Holds what a settings file says to the rules; the first thing that is not allowed is refused by file and key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settings import rules
from settings.errors import SettingsError

FILE = "slipway.toml"
TABLE = rules.Rule("a table", lambda value: isinstance(value, dict))
NAMES = {"targets": 12, "services": 28, "notify": 20, "workers": 20, "schedules": 20}
"""Tables of tables -> characters of a name in them, at most."""


def check_file(data: dict[str, Any]) -> None:
    """Every key and every value of the file; raises SettingsError."""
    check(data, rules.TOP, "", extra=("targets", "services"))
    for table in ("targets", "services"):
        if not isinstance(data.get(table, {}), dict) or not data.get(table):
            raise SettingsError(
                f"no {table} are defined", where=f"{FILE}: {table}", remedy=f"add a table such as [{table}.NAME]"
            )
    for key, row in _named(data, "", "targets"):
        check(row, rules.TARGET, f"{key}.", extra=("notify",))
        for inner, one in _named(row, f"{key}.", "notify"):
            check(one, rules.NOTIFY, f"{inner}.")
    for key, row in _named(data, "", "services"):
        check(row, rules.SERVICE, f"{key}.", extra=(*rules.PROCESSES, "app"))
        _check_processes(row, f"{key}.")
        if "app" in row:
            demand(TABLE, f"{key}.app", row["app"])
            recorded = {name: rules.SERVICE[name] for name in rules.RECORDED}
            check(row["app"], recorded, f"{key}.app.", extra=tuple(rules.PROCESSES))
            _check_processes(row["app"], f"{key}.app.")


def check(row: dict[str, Any], known: Mapping[str, rules.Rule], prefix: str, extra: tuple[str, ...] = ()) -> None:
    """Hold each value to its rule; a key that is neither known nor `extra` is refused."""
    for key, value in row.items():
        if key in known:
            demand(known[key], prefix + key, value)
        elif key not in extra:
            raise SettingsError(
                "unknown key", where=f"{FILE}: {prefix}{shown(key)}", remedy=_suggestion(key, [*known, *extra])
            )


def demand(rule: rules.Rule, key: str, value: Any) -> None:
    """Raise SettingsError when the value does not satisfy the rule."""
    if not rule.holds(value):
        raise SettingsError(f"{short(value)} is not allowed", where=f"{FILE}: {key}", remedy=f"use {rule.allowed}")


def missing(key: str, allowed: str, beside: str = "") -> SettingsError:
    """The error for a key that has to be there."""
    return SettingsError(f"missing{beside}", where=f"{FILE}: {key}", remedy=f"add {allowed}")


def short(value: Any) -> str:
    """A value for a message, on one line, of at most 60 characters."""
    try:
        text = repr(value)
    except ValueError:  # Python does not print a number of thousands of digits
        return "a number of that length"
    return text if len(text) <= 60 else text[:57] + "..."


def shown(key: str) -> str:
    """A key for a message."""
    return key if key.isprintable() and len(key) <= 60 else short(key)


def _named(data: dict[str, Any], prefix: str, table: str) -> list[tuple[str, dict[str, Any]]]:
    """(key, row) of a table of tables, both checked to be what they should."""
    rows = data.get(table, {})
    demand(TABLE, prefix + table, rows)
    found = []
    for name, row in rows.items():
        key = f"{prefix}{table}.{shown(name)}"
        demand(rules.Rule(rules.SHORT_NAME.format(NAMES[table]), rules.is_name(NAMES[table])), key, name)
        demand(TABLE, key, row)
        found.append((key, row))
    return found


def _check_processes(row: dict[str, Any], prefix: str) -> None:
    for table, known in rules.PROCESSES.items():
        for key, one in _named(row, prefix, table):
            check(one, known, f"{key}.")
            for name in ("command", "schedule"):
                if name in known and name not in one:
                    raise missing(f"{key}.{name}", known[name].allowed)


def _suggestion(word: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else "known keys: " + ", ".join(sorted(known))
