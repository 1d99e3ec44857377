"""The one error of the analyzer: its kind as a code for programs, a sentence for people, and what to do about it."""

from __future__ import annotations


class Failure(Exception):
    """The tree, the request or an environment cannot be handled; never raised for what an analysis merely cannot tell.

    The Lambda answers it as `{"ok": false, "error": {"code": ..., "message": ..., "remedy": ...}}`.
    """

    def __init__(self, code: str, message: str, *, remedy: str = "") -> None:
        self.code, self.message, self.remedy = code, message, remedy
        super().__init__(message)
