"""What looks like a credential does not leave by an event: not to a terminal, not as JSON, not into the ledger.

Build output and log lines are other people's text. They pass here once, on their way into an event or an error that
is shown; the shapes are the analyzer's (`lambda/analyzer/analyzer/masking.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.engine import analyzer_path

FOREIGN = frozenset({"evidence", "progress", "warning"})
"""Kinds of events that carry text which others wrote; a report has it in its error alone."""
LONGEST = 8_000
"""Characters of a text; what is longer is cut, for nobody reads it to its end."""


def masked(value: Any) -> Any:
    """Plain data with `[...]` in place of values of credentials, whatever the texts lie in."""
    if isinstance(value, str):
        return _analyzers().masked(value[:LONGEST])
    if isinstance(value, Mapping):
        return {key: masked(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        if all(isinstance(part, str) for part in value):
            return list(_analyzers().masked_lines(part[:LONGEST] for part in value))
        return [masked(part) for part in value]
    return value


def _analyzers() -> Any:
    analyzer_path.add()
    from analyzer import masking

    return masking
