"""The list of a tree's files, made by one rule for every kind of source: the same tree gives the same list.

Left out are folders that are never source, what is deeper or more than the limits say, special files, names that no
manifest can mention (control characters, not UTF-8), and links, except those to a file of the tree: these are listed
and read as that file. Every cut is told.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from analyzer.model import Caution
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.pruning import is_marked, is_never_source

UNUSABLE = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control and direction characters, line separators, and the surrogates that stand for bytes that are not UTF-8: such
a name could forge a line of a report or of a Dockerfile."""
DRIVE = re.compile(r"[A-Za-z]:")
HOPS = 8
"""Links that are followed one after another."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What was left out, as one warning."""

    code: str
    message: str
    remedy: str

    def caution(self, count: int = 1) -> Caution:
        """The warning; `{n}` in the message is the count."""
        noun = "1 file or folder is" if count == 1 else f"{count} files or folders are"
        return Caution(self.code, self.message.format(n=noun), self.remedy)


TOO_MANY = Cut(
    "tree_truncated",
    "the tree has more files than are looked at: the rest, deepest folders first, is as if it were not there",
    "analyze the folder of the service alone",
)
CROWDED = Cut(
    "folder_truncated",
    "a folder has more files than are looked at: those behind the first by name are as if they were not there",
    "keep source apart from data",
)
TOO_DEEP = Cut(
    "tree_too_deep",
    "folders nested more deeply than is looked at are left out",
    "analyze the folder of the service alone",
)
TOO_SLOW = Cut(
    "listing_timed_out",
    "the tree could not be listed in time: the rest is as if it were not there",
    "analyze the folder of the service alone, on a faster disk",
)
EMPTY = Cut(
    "empty_tree",
    "there is no file to analyze",
    "check that the reference names the source, and that it is committed",
)
UNUSABLE_NAMES = Cut(
    "names_left_out",
    "{n} left out: the name is not UTF-8, or has line feeds or other control characters",
    "rename what the application needs",
)
UNREADABLE = Cut(
    "folders_unreadable",
    "{n} left out: it cannot be opened with the rights of this user",
    "give read access to what the application needs",
)
OUTSIDE = Cut(
    "entries_left_out",
    "{n} left out: the path or link leads out of the tree",
    "put what the application needs into the tree",
)


@dataclass(frozen=True, slots=True)
class Listing:
    """Files of a tree, sorted."""

    paths: tuple[str, ...]
    targets: Mapping[str, str] = field(default_factory=dict)
    """Links among the paths -> the file that each leads to."""
    cautions: tuple[Caution, ...] = ()

    @property
    def truncated(self) -> str:
        """Why not all of the tree is listed; empty when all of it is."""
        cuts = (TOO_MANY.code, TOO_SLOW.code, TOO_DEEP.code, CROWDED.code)
        return next((caution.message for caution in self.cautions if caution.code in cuts), "")


@dataclass(slots=True)
class Found:
    """What a source found in a tree before the common rules."""

    files: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    """Path -> target as it is written."""
    unusable: set[str] = field(default_factory=set)
    """Paths that were left out for their last name; what is below them is not found."""
    cuts: dict[Cut, int] = field(default_factory=dict)

    def cut(self, cut: Cut, count: int = 1) -> None:
        """Note that something was left out."""
        self.cuts[cut] = self.cuts.get(cut, 0) + count


def listing(found: Found, limits: Limits = DEFAULT) -> Listing:
    """The list by the common rules."""
    entries = _source_only(_shallow(_usable([*found.files, *found.links], found), found, limits))
    return _cut_to_limits(entries, found, limits)


def scanned(found: Found, limits: Limits = DEFAULT) -> Listing:
    """The list of what a scan found, which went by the rules for names and folders already."""
    return _cut_to_limits([*found.files, *found.links], found, limits)


def without_top(found: Found) -> tuple[Found, str]:
    """What an archive holds without the folder that holds all of it, and that folder with its slash, or ""."""
    paths = (*found.files, *found.links)
    tops = {path.partition("/")[0] for path in paths}
    if len(tops) != 1 or not all("/" in path for path in paths):
        return found, ""
    top = f"{tops.pop()}/"
    links = {path.removeprefix(top): target for path, target in found.links.items()}
    return Found([path.removeprefix(top) for path in found.files], links, cuts=found.cuts), top


def _cut_to_limits(entries: list[str], found: Found, limits: Limits) -> Listing:
    entries = _without_crowds(entries, found, limits)
    if len(entries) > limits.files:
        found.cuts[TOO_MANY] = 1
        entries = sorted(entries, key=_breadth_first)[: limits.files]
    files = [path for path in entries if path not in found.links]
    targets = _resolved([path for path in entries if path in found.links], found, files)
    if found.unusable:
        found.cut(UNUSABLE_NAMES, len(found.unusable))
    if not files:
        found.cut(EMPTY)
    cautions = tuple(cut.caution(found.cuts[cut]) for cut in sorted(found.cuts, key=lambda cut: cut.code))
    return Listing(tuple(sorted((*files, *targets))), targets, cautions)


def inside(name: str) -> str | None:
    """The path of an entry below its archive's root; None for one that leads out of it, on any system."""
    either = name.replace("\\", "/")
    if either.startswith("/") or DRIVE.match(name) or ".." in either.split("/"):
        return None
    path = posixpath.normpath(name)
    return None if path == "." else path


def is_usable(name: str) -> bool:
    """Whether a file or folder with that name is listed."""
    return not UNUSABLE.search(name)


def _usable(paths: Iterable[str], found: Found) -> list[str]:
    kept = []
    for path in paths:
        if is_usable(path):
            kept.append(path)
        else:
            found.unusable.add(next(above for above in reversed([*_above(path)]) if not is_usable(above)))
    return kept


def _shallow(paths: list[str], found: Found, limits: Limits) -> list[str]:
    kept = [path for path in paths if path.count("/") <= limits.depth]
    if len(kept) < len(paths):
        found.cut(TOO_DEEP)
    return kept


def _source_only(paths: list[str]) -> list[str]:
    """Paths that are not below a folder that is never source."""
    names: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        _enter(path, names)
    verdicts: dict[str, bool] = {"": True}
    return [path for path in paths if _is_source(path.rpartition("/")[0], names, verdicts)]


def _enter(path: str, names: dict[str, set[str]]) -> None:
    """Note the path's name in its folder, and that folder's in the one above."""
    while path:
        folder, _, name = path.rpartition("/")
        is_new = folder not in names
        names[folder].add(name)
        path = folder if is_new else ""


def _is_source(folder: str, names: Mapping[str, set[str]], verdicts: dict[str, bool]) -> bool:
    if folder not in verdicts:
        above = _is_source(folder.rpartition("/")[0], names, verdicts)
        verdicts[folder] = above and not is_never_source(folder) and not is_marked(folder, names[folder])
    return verdicts[folder]


def _above(path: str) -> Iterator[str]:
    """The path and the folders it is in, without the root."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def _without_crowds(paths: list[str], found: Found, limits: Limits) -> list[str]:
    """Of each folder no more files than the limit says, the first by name."""
    if len(paths) <= limits.folder_files:
        return paths
    folders: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folders[path.rpartition("/")[0]].append(path)
    crowds = [held for held in folders.values() if len(held) > limits.folder_files]
    if crowds:
        found.cuts[CROWDED] = 1
    for held in crowds:
        held[:] = sorted(held)[: limits.folder_files]
    return [path for held in folders.values() for path in held] if crowds else paths


def _breadth_first(path: str) -> tuple[int, list[str]]:
    return path.count("/"), path.split("/")


def _resolved(paths: list[str], found: Found, files: Iterable[str]) -> dict[str, str]:
    """Links that lead to a file of the tree, by names alone: nothing is followed on a disk."""
    known = frozenset(files) if paths else frozenset()
    resolved = {}
    for path in paths:
        target = _target(path, found.links)
        if target is None:
            found.cut(OUTSIDE)
        elif target in known:
            resolved[path] = target
    return resolved


def _target(path: str, links: Mapping[str, str]) -> str | None:
    """Where a link leads after all; None when that is out of the tree."""
    for _ in range(HOPS):
        if path not in links:
            break
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), links[path]))
        if path.startswith(("/", "../")) or path == "..":
            return None
    return path
