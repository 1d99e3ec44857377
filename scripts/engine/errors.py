"""The ways a deploy ends that are not success, each with the exit code that the contract gives it."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable

from settings.errors import SettingsError, SlipwayError

__all__ = [
    "BadInput",
    "Cancelled",
    "Failed",
    "Refused",
    "RolledBack",
    "SlipwayError",
    "Superseded",
    "TimedOut",
    "Transient",
]

BadInput = SettingsError


class Refused(SlipwayError):
    """Not done on purpose: lock held, wrong account, path not applicable."""

    exit_code = 3


class Failed(SlipwayError):
    """Failed; whatever served before still does."""

    exit_code = 4


class RolledBack(SlipwayError):
    """The new version did not come up; the previous one serves again."""

    exit_code = 5


class Superseded(SlipwayError):
    """Another deploy took over."""

    exit_code = 6


class TimedOut(SlipwayError):
    """No verdict within the allowed time."""

    exit_code = 7


class Transient(SlipwayError):
    """The other side was throttled, down or unreachable: the same command may work in a moment."""

    exit_code = 75


class Cancelled(SlipwayError):
    """Stopped by the user or by CI."""

    exit_code = 130


NO_SPACE = re.compile("no space left on device", re.I)


def out_of_space(lines: Iterable[str], where: str) -> Failed | None:
    """The error of a program that said, among other things, that the disk is full."""
    if not any(NO_SPACE.search(line) for line in lines):
        return None
    return Failed(
        "no space left on device", where=where, remedy="free disk space (`docker system prune`), then run again"
    )


def from_os_error(error: OSError) -> Failed:
    """What a user should read when a file or a folder cannot be used."""
    remedy = {
        errno.ENOSPC: "free disk space (`docker system prune`), then run again",
        errno.EACCES: "run it as the owner of that folder, or give yourself the right to write there",
        errno.EPERM: "run it as the owner of that folder, or give yourself the right to write there",
        errno.EROFS: "run it from a copy of the project on a file system that can be written",
    }.get(error.errno or 0, "./poe doctor shows what this machine lacks; --debug shows where it happened")
    what = os.strerror(error.errno).lower() if error.errno else str(error)
    return Failed(what, where=str(error.filename or ""), remedy=remedy)
