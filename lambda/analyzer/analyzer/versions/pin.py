"""What a file says about the version of a runtime."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer import confidence
from analyzer.model import Evidence


@dataclass(frozen=True, slots=True)
class Pin:
    """What one place says about the runtime's version."""

    text: str
    """As found: "3.11", "v20.1.0", ">=3.9,<4", "^8.2", "lts/*"."""
    scheme: str
    """How to read it: "exact", "pep440", "npm", "gem", "composer", "cargo", "go", "dotnet", "maven"."""
    reason: str
    """Such as "pyproject.toml requires it"."""
    evidence: tuple[Evidence, ...] = ()
    sureness: float = confidence.DECLARED
