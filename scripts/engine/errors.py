"""The ways a deploy ends that are not success, each with the exit code that the contract gives it."""

from __future__ import annotations

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
