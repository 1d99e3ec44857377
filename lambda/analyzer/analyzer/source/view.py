"""The bounded, read-only view of a tree that everything else of the analyzer looks through."""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

from analyzer.model import Caution, Evidence
from analyzer.source.readable import readable
from analyzer.source.text import decoded

EVIDENCE_LENGTH = 120


class SourceView:
    """Files of a folder of a tree: their paths, and the content of those that are asked for.

    `paths` are POSIX paths of regular files relative to the view's root, sorted. `reader` answers the bytes of a path
    relative to the whole tree, or None when the file is too large, a budget is spent, or it cannot be read.
    """

    def __init__(
        self,
        paths: tuple[str, ...],
        reader: Callable[[str], bytes | None],
        *,
        root: str = ".",
        truncated: str = "",
        cautions: tuple[Caution, ...] = (),
    ) -> None:
        self.paths = paths
        self.root = root
        self.truncated = truncated
        """Why not all of the tree is listed; empty when all of it is."""
        self.cautions = cautions
        """What of the whole tree is left out, and why; told once, for the tree."""
        self._names = frozenset(paths)
        self._reader = reader

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self._names

    def has_folder(self, folder: str) -> bool:
        """Whether there is a file below such a folder."""
        return next(self.within(folder), None) is not None

    def first(self, *paths: str) -> str | None:
        """The first of these files that is there."""
        return next((path for path in paths if path in self._names), None)

    def top(self) -> Iterator[str]:
        """Files directly in the root."""
        return (path for path in self.paths if "/" not in path)

    def within(self, folder: str) -> Iterator[str]:
        """Files below a folder, at any depth."""
        if folder in (".", ""):
            yield from self.paths
            return
        prefix = folder.rstrip("/") + "/"
        for path in self.paths[bisect.bisect_left(self.paths, prefix) :]:
            if not path.startswith(prefix):
                return
            yield path

    def match(self, *patterns: str) -> Iterator[str]:
        """Files whose path matches one of the patterns: `*` within a folder's name, `**/` any folders or none."""
        wanted = _pattern(patterns)
        return (path for path in self._candidates(patterns) if wanted.fullmatch(path))

    def _candidates(self, patterns: tuple[str, ...]) -> Iterable[str]:
        """Files that can match, sorted: a large tree is gone through once, not for every pattern."""
        names = [pattern.rpartition("/")[2] for pattern in patterns]
        if any(WILD.search(_ending(name)) for name in names):
            return self.paths
        endings = {_ending(name) for name in names}
        if len(endings) == 1:
            return self._endings.get(endings.pop(), ())
        return sorted({path for ending in endings for path in self._endings.get(ending, ())})

    @cached_property
    def _endings(self) -> dict[str, list[str]]:
        """Files by what is behind the last dot of their name (all of the name when there is none)."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            found[_ending(path.rpartition("/")[2])].append(path)
        return dict(found)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file of this view; None when it is not there or beyond a bound."""
        return self._reader(self.absolute(path)) if path in self._names else None

    def text(self, path: str) -> str | None:
        """The text of a file, whatever its encoding, with line feeds only; None when it is not there or not text."""
        data = self.read(path)
        return None if data is None else decoded(data)

    def lines(self, path: str) -> list[str]:
        """The lines of a file, [] when it cannot be read; line n of an Evidence is `lines[n - 1]`."""
        return (self.text(path) or "").split("\n")

    def absolute(self, path: str) -> str:
        """The path as seen from the root of the whole tree."""
        return path if self.root == "." else f"{self.root}/{path}"

    def evidence(self, path: str, line: int | None = None, text: str | None = None) -> Evidence:
        """A place in this view, as seen from the whole tree; the text is the line's own unless another is given."""
        if text is None:
            lines = self.lines(path) if line else []
            text = lines[line - 1] if line and line <= len(lines) else ""
        return Evidence(self.absolute(path), line, _shown(text))

    def find(self, path: str, pattern: re.Pattern[str]) -> tuple[re.Match[str], Evidence] | None:
        """The first line of a file in which a pattern is found."""
        for number, line in enumerate(self.lines(path), 1):
            if found := pattern.search(line):
                return found, self.evidence(path, number, line)
        return None

    def sub(self, folder: str) -> SourceView:
        """The view of a folder of this view."""
        if folder in (".", ""):
            return self
        start = len(folder) + 1
        paths = tuple(path[start:] for path in self.within(folder))
        return SourceView(paths, self._reader, root=self.absolute(folder), truncated=self.truncated)


def of_memory(files: Mapping[str, bytes | str]) -> SourceView:
    """A view of files that are in memory: path -> content. As in any view, only files of readable names are read."""
    held = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
    return SourceView(tuple(sorted(held)), lambda path: held.get(path) if readable(path) else None)


SECRET = re.compile(r"(?i)((?:secret|token|passw(?:or)?d|api_?key|credential)\w*[\"']?\s*[:=]\s*)\S.*")
USER = re.compile(r"(://)[^/\s@\"']+@")
"""User and password of a URL."""
WILD = re.compile(r"[*?]")


def _shown(line: str) -> str:
    """A line as evidence: control characters and values of secrets left out, shortened."""
    line = SECRET.sub(r"\1...", "".join(char if char.isprintable() else " " for char in line).strip())
    line = USER.sub(r"\1...@", line)
    return line if len(line) <= EVIDENCE_LENGTH else line[: EVIDENCE_LENGTH - 3] + "..."


@lru_cache(maxsize=512)
def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_expression(pattern) for pattern in patterns))


def _ending(name: str) -> str:
    return name.rpartition(".")[2]


def _expression(pattern: str) -> str:
    folders, _, name = pattern.rpartition("/")
    parts = ["(?:[^/]+/)*" if part == "**" else _name(part) + "/" for part in folders.split("/") if part]
    return "".join(parts) + _name(name)


def _name(part: str) -> str:
    return re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
