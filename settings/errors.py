"""The error every layer raises: where it happened, what is wrong, and the next step."""

from __future__ import annotations


class SlipwayError(Exception):
    """An error that a user can act on.

    `exit_code` follows the contract: 2 bad input, 3 refused, 4 failed before anything changed, 5 rolled back,
    6 superseded, 7 timed out, 75 transient, 130 cancelled.
    """

    exit_code = 4

    def __init__(self, what: str, *, where: str = "", remedy: str = "", evidence: tuple[str, ...] = ()) -> None:
        self.what, self.where, self.remedy = what, where, remedy
        self.evidence = evidence
        """Lines of output that show the failure; printed before the verdict."""
        super().__init__(f"{where}: {what}" if where else what)


class SettingsError(SlipwayError):
    """A bad value in `slipway.toml`, the environment or on the command line."""

    exit_code = 2
