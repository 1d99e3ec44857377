"""Bounds on what is looked at, so that no tree can hold the analyzer up or fill its memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults leave room for the largest repositories known and stop what is not source."""

    files: int = 100_000
    """Paths that are listed; the rest of a larger tree is not looked at, and the analysis says so."""
    folder_files: int = 10_000
    """Files of one folder that are listed: no source folder has as many, and data must not crowd source out."""
    depth: int = 32
    """Folders below each other."""
    file_bytes: int = 1_000_000
    """A larger file is not read: no manifest or source file of that size was ever written by hand."""
    read_bytes: int = 64_000_000
    """Bytes read in one analysis."""
    read_files: int = 3_000
    """Files that may be read in one analysis, and that the content key covers."""
    seconds: float = 20.0
    """Of listing a folder, and of fetching a repository."""
    idle_seconds: float = 20.0
    """That a git server may be silent."""
    fetched_bytes: int = 128_000_000
    """Of an archive, or of what a git server sends."""
    unpacked_bytes: int = 512_000_000
    """Of everything in an archive or in a pack of a git server."""
    object_bytes: int = 32_000_000
    """Of one file that a git server sends; servers that can filter leave such files out."""
    unpacked_ratio: int = 200
    """Unpacked bytes a packed byte; source text has 3 to 10."""
    entries: int = 400_000
    """Entries of an archive, and of one folder."""


DEFAULT = Limits()
