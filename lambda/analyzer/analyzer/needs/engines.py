"""Asks the table of engines: which backing service a library, an image, a URL, a driver or a variable is about."""

from __future__ import annotations

import re
from functools import cache

from analyzer.needs.engine_table import EXTRAS, TABLE


def of_client(library: str) -> str | None:
    """The engine that a library exists to speak to."""
    name, known = library.lower(), _words("clients")
    return known.get(name) or next((known[prefix] for prefix in _prefixes() if name.startswith(prefix[:-1])), None)


def of_user(library: str) -> str | None:
    """The engine that a library which works with several usually has."""
    return _words("users").get(library.lower())


def of_extra(library: str, extra: str) -> str | None:
    """The engine for which a library that speaks to several is asked to have an extra or feature."""
    return EXTRAS.get((library.lower(), extra.lower()))


def of_image(image: str) -> str | None:
    """The engine in an image, such as `docker.io/bitnami/postgresql:16` or `postgis/postgis:16-3.4`."""
    repository = image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    return _words("images").get(repository)


def of_scheme(scheme: str) -> str | None:
    """The engine behind a URL's scheme; a driver after `+` does not count: `postgresql+asyncpg`."""
    known, lowered = _words("schemes"), scheme.lower().removeprefix("jdbc:")
    return known.get(lowered) or known.get(lowered.partition("+")[0])


def of_driver(driver: str) -> str | None:
    """The engine by its name in a framework's settings: `postgresql`, `pg`, `mysql2`, ..."""
    return _words("drivers").get(driver.lower())


def of_variable(name: str) -> str | None:
    """The engine that an environment variable is usually about; None for DATABASE_URL, which many share."""
    return next((engine for engine, pattern in _variables() if pattern.fullmatch(name)), None)


def is_sql(name: str) -> bool:
    """Whether it is a relational database."""
    return sort(name) == "sql"


@cache
def sort(name: str) -> str:
    """What it is instead of: engines of a sort replace each other; its own name where none does."""
    return next((engine.sort or name for engine in TABLE if engine.name == name), name)


@cache
def _prefixes() -> tuple[str, ...]:
    return tuple(word for word in _words("clients") if word.endswith("*"))


@cache
def _words(attribute: str) -> dict[str, str]:
    return {word: engine.name for engine in TABLE for word in getattr(engine, attribute).split()}


@cache
def _variables() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((engine.name, re.compile(engine.variables)) for engine in TABLE if engine.variables)
