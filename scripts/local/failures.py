"""Errors of the operating system and of the container engine, as errors that a user can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from scripts.local.docker_engine import EngineMissing, EngineRefusal, engine_host
from settings.errors import SlipwayError


@contextmanager
def told() -> Iterator[None]:
    """Raises SlipwayError for every OSError inside."""
    try:
        yield
    except OSError as error:
        raise translated(error) from error


def translated(error: OSError) -> SlipwayError:
    """What a person should know and do about it."""
    where = str(error.filename or engine_host())
    if isinstance(error, EngineRefusal):
        return EngineMissing(str(error), where=engine_host(), remedy="./poe doctor")
    if error.errno == errno.ENOSPC:
        return SlipwayError("the disk is full", where=where, remedy="free some space, for example: docker system prune")
    if isinstance(error, PermissionError) and error.filename:
        return SlipwayError("no permission", where=where, remedy="run as the owner of that file, or change its owner")
    return EngineMissing(f"the container engine stopped answering: {error}", where=where, remedy="./poe doctor --fix")
