"""The analyzer's failures as errors that a command ends with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scripts.engine import analyzer_path
from scripts.engine.errors import BadInput, Failed, SlipwayError, Transient

KINDS: dict[str, type[SlipwayError]] = {
    "TimedOut": Transient,
    "Unreachable": Transient,
    "Throttled": Transient,
    "TooLarge": Failed,
    "DocumentTooLarge": Failed,
    "InternalError": Failed,
}
"""Failures that are not a mistake in what was asked."""


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Raises SlipwayError for every failure of the analyzer's library in the block."""
    analyzer_path.add()
    from analyzer.failure import Failure

    try:
        yield
    except Failure as failure:
        kind = KINDS.get(failure.code, BadInput)
        raise kind(failure.message, where=where, remedy=failure.remedy) from None
