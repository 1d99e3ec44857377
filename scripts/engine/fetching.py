"""Fetches commits of git repositories and keeps them.

A commit is fetched alone, without what was before it, and kept as `.slipway/sources/<hash of the address>/<commit>/`.
It is written beside and renamed, so a folder of that name is complete; a lock keeps two commands from fetching the
same; the newest few are kept.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.engine.errors import BadInput, Cancelled
from scripts.engine.failures import explained

if TYPE_CHECKING:
    from analyzer.source.git_tree import Objects
    from analyzer.source.limits import Limits

SOURCES = Path(".slipway") / "sources"
KEPT_COMMITS = 5
"""Commits of one repository that stay on disk."""
IN_USE_SECONDS = 3600
"""Since its last use in which a commit stays all the same: another command may be building from it."""
FETCH_SECONDS = 120.0
FETCH_MEGABYTES = 512
"""That a server may send for one commit."""
SOURCE_MEGABYTES = 2048
"""Of all files of a commit."""
FILE_MEGABYTES = 100
"""Of one file; GitHub takes none that is larger."""
SOURCE_FILES = 200_000
"""Files and folders of a commit."""


@dataclass(frozen=True)
class Origin:
    """A repository, and what is wanted of it."""

    repository: str
    """URL, or an absolute path."""
    ref: str | None = None
    commit: str | None = None
    """Full id; None: the newest of `ref`."""

    @property
    def is_folder(self) -> bool:
        """Whether the source is a folder as it is, and no commit."""
        return self.repository.startswith("/") and self.ref is None and self.commit is None


@dataclass(frozen=True)
class Checkout:
    """A commit on disk."""

    commit: str
    folder: Path
    time: int = 0
    """Unix seconds of the commit."""
    warnings: tuple[str, ...] = ()
    is_new: bool = False
    """Whether it was fetched just now."""


def place_of(root: Path, repository: str) -> Path:
    """Where the commits of a repository are kept."""
    return root / SOURCES / hashlib.sha256(repository.encode()).hexdigest()[:16]


def fetch(
    root: Path, origin: Origin, *, where: str = "source", is_cancelled: Callable[[], bool] = lambda: False
) -> Checkout:
    """The commit on disk, from the cache or from its server; raises BadInput, Failed, Transient or Cancelled."""
    place = place_of(root, origin.repository)
    if origin.commit and (place / origin.commit).is_dir():
        return _known(place, origin.commit)
    place.mkdir(parents=True, exist_ok=True)
    with _locked(place), explained(where):
        _remove_halves(place)
        found = _fetched(_Fetching(place, origin, is_cancelled))
        _forget_old(place, found.commit)
    return found


@dataclass(frozen=True)
class _Fetching:
    place: Path
    origin: Origin
    is_cancelled: Callable[[], bool]

    def has(self, commit: str) -> bool:
        """Whether a commit is on disk."""
        return (self.place / commit).is_dir()

    def clock(self) -> float:
        """Asked at each packet that arrives."""
        if self.is_cancelled():
            raise Cancelled("stopped while the source was fetched", remedy="nothing was changed")
        return time.monotonic()


def _fetched(fetching: _Fetching) -> Checkout:
    origin = fetching.origin
    if origin.commit is None:
        return _checked_out(fetching, origin.ref)
    if fetching.has(origin.commit):  # since another command fetched it
        return _known(fetching.place, origin.commit)
    from analyzer.failure import Failure

    try:
        return _checked_out(fetching, origin.commit)
    except Failure as failure:
        # Some servers only give what a branch or tag points at.
        if failure.code not in ("RefNotFound", "Unreachable"):
            raise
        found = _checked_out(fetching, origin.ref)
    if found.commit != origin.commit:
        raise BadInput(
            f"{origin.repository} does not give the commit {origin.commit[:12]} any more",
            where="source",
            remedy="./poe deploy-app with the name of the service takes the newest commit",
        )
    return found


def _checked_out(fetching: _Fetching, ref: str | None) -> Checkout:
    with _opened(fetching, ref) as (commit, objects):
        if objects is None:
            return _known(fetching.place, commit)
        return _written(fetching.place, commit, objects)


@contextmanager
def _opened(fetching: _Fetching, ref: str | None) -> Iterator[tuple[str, Objects | None]]:
    from analyzer.source.access import from_environment
    from analyzer.source.git_remote import remote_commit
    from analyzer.source.git_tree import local_commit
    from analyzer.source.reference import Remote

    repository = fetching.origin.repository
    if repository.startswith("/"):
        with local_commit(Path(repository), ref) as (commit, objects):
            yield commit, objects
        return
    remote, access = Remote(repository, ref), from_environment(os.environ)
    with remote_commit(remote, access, limits(), is_known=fetching.has, clock=fetching.clock) as found:
        yield found


def limits() -> Limits:
    """Bounds on what is fetched and written."""
    from analyzer.source.limits import Limits

    return Limits(
        files=SOURCE_FILES,
        seconds=FETCH_SECONDS,
        fetched_bytes=FETCH_MEGABYTES * 1_000_000,
        unpacked_bytes=SOURCE_MEGABYTES * 1_000_000,
        object_bytes=FILE_MEGABYTES * 1_000_000,
    )


def _written(place: Path, found: str, objects: Objects) -> Checkout:
    """The commit that a fetched id stands for, written beside and renamed."""
    from analyzer.source.git_files import commit_of as read
    from scripts.engine.checkout import write

    commit = read(objects, found).id
    if (place / commit).is_dir():  # a tag of a commit that is here
        return _known(place, commit)
    fresh = place / f".new-{os.getpid()}"
    try:
        moment, done = write(objects, commit, fresh, limits())
        facts = {"time": moment, "warnings": done.warnings}
        (place / f"{commit}.json").write_text(json.dumps(facts), "utf-8")
        fresh.rename(place / commit)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Checkout(commit, place / commit, moment, done.warnings, is_new=True)


def _known(place: Path, commit: str) -> Checkout:
    """A commit that is on disk; it counts as used now."""
    folder = place / commit
    with suppress(OSError):
        os.utime(folder)
    facts = facts_of(place, commit)
    return Checkout(commit, folder, int(facts.get("time", 0)), tuple(map(str, facts.get("warnings", ()))))


def facts_of(place: Path, commit: str) -> dict[str, Any]:
    """What is noted beside a commit: `time` (Unix seconds), `warnings`; {} where nothing is."""
    try:
        found = json.loads((place / f"{commit}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """One command at a time fetches into a place; the lock of a killed one is free."""
    with (place / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_halves(place: Path) -> None:
    """What a killed command left, now that none is writing."""
    for left in place.glob(".new-*"):
        shutil.rmtree(left, ignore_errors=True)


def _forget_old(place: Path, keep: str) -> None:
    folders = sorted((path for path in place.iterdir() if path.is_dir()), key=lambda path: -path.stat().st_mtime)
    for old in folders[KEPT_COMMITS:]:
        if old.name != keep and time.time() - old.stat().st_mtime > IN_USE_SECONDS:
            old.rename(place / f".new-{old.name}")  # gone at once, removed at leisure
            shutil.rmtree(place / f".new-{old.name}", ignore_errors=True)
            (place / f"{old.name}.json").unlink(missing_ok=True)
