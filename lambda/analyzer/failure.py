"""The one error of the analyzer: its kind as a code for programs, and a sentence for people."""

from __future__ import annotations


class Failure(Exception):
    """Becomes `{"ok": false, "error": {"code": ..., "message": ...}}`."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)
