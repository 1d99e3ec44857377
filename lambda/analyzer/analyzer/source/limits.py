"""Bounds on what is looked at, so that no tree can hold the analyzer up or fill its memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults leave room for the largest repositories known and stop what is not source."""

    files: int = 100_000
    """Paths that are listed; the rest of a larger tree is not looked at, and the analysis says so."""
    depth: int = 32
    """Folders below each other."""
    file_bytes: int = 1_000_000
    """A larger file is not read: no manifest or source file of that size was ever written by hand."""
    read_bytes: int = 64_000_000
    """Bytes read in one analysis."""
    read_files: int = 3_000
    """Files read in one analysis."""
    seconds: float = 20.0
    """Of listing and reading."""


DEFAULT = Limits()
