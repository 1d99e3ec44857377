"""Where the source of a service is: in this project, in another folder of this machine, or in a git repository.

A commit of a repository is fetched alone, without what was before it, and kept under
`.slipway/sources/<hash of the address>/<commit>/`. It is written beside and renamed, so a folder of that name is
complete; a lock keeps two commands from fetching the same; the newest few are kept. What is here may vanish at any
time: `commit` in slipway.toml says what to fetch again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.engine.errors import BadInput
from scripts.engine.failures import explained
from settings import Service, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

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


def base_of(root: Path, service: Service) -> Path:
    """The folder that a service's `source` is relative to; it is there once `provide` was called."""
    if service.repository is None:
        return root
    if service.commit is not None:
        return place_of(root, service.repository) / service.commit
    return Path(service.repository)


def place_of(root: Path, repository: str) -> Path:
    """Where the commits of a repository are kept."""
    return root / SOURCES / hashlib.sha256(repository.encode()).hexdigest()[:16]


def commit_of(root: Path, service: Service) -> dict[str, Any] | None:
    """`id`, `time` and `dirty` of what a service is built from; None for one that is not built from a commit."""
    if service.repository is None or service.commit is None:
        return None
    time_of_it = _facts(place_of(root, service.repository), service.commit).get("time", 0)
    return {"id": service.commit, "time": time_of_it, "dirty": False}


def missing(settings: Settings, names: Sequence[str]) -> tuple[str, ...]:
    """Services whose commit is not on this machine."""
    chosen = [settings.service(name) for name in names]
    return tuple(s.name for s in chosen if s.commit and not base_of(settings.root, s).is_dir())


def provide(root: Path, service: Service) -> tuple[str, ...]:
    """Fetch a service's commit unless it is here; answers what is not as a clone would have it.

    Raises BadInput, Failed or Transient.
    """
    if service.repository is None:
        return ()
    if service.commit is None:
        if not service.repository.startswith("/"):
            raise BadInput(
                "no commit says what to build",
                where=f"slipway.toml: services.{service.name}.commit",
                remedy=f"./poe deploy-app {service.name} takes the newest one",
            )
        return ()
    origin = Origin(service.repository, service.ref, service.commit)
    return fetch(root, origin, where=f"services.{service.name}").warnings


def fetch(root: Path, origin: Origin, *, where: str = "source") -> Checkout:
    """The commit on disk, from the cache or from its server; raises BadInput, Failed or Transient."""
    place = place_of(root, origin.repository)
    if origin.commit and (place / origin.commit).is_dir():
        return _known(place, origin.commit)
    place.mkdir(parents=True, exist_ok=True)
    with _locked(place), explained(where):
        _remove_halves(place)
        found = _fetched(place, origin)
        _forget_old(place, found.commit)
    return found


def _fetched(place: Path, origin: Origin) -> Checkout:
    if origin.commit is None:
        return _checked_out(place, origin, origin.ref)
    if (place / origin.commit).is_dir():  # since another command fetched it
        return _known(place, origin.commit)
    from analyzer.failure import Failure

    try:
        return _checked_out(place, origin, origin.commit)
    except Failure as failure:
        # Some servers only give what a branch or tag points at.
        if failure.code not in ("RefNotFound", "Unreachable"):
            raise
        found = _checked_out(place, origin, origin.ref)
    if found.commit != origin.commit:
        raise BadInput(
            f"{origin.repository} does not give the commit {origin.commit[:12]} any more",
            where="source",
            remedy="./poe deploy-app with the name of the service takes the newest commit",
        )
    return found


def _checked_out(place: Path, origin: Origin, ref: str | None) -> Checkout:
    with _opened(origin.repository, ref, lambda commit: (place / commit).is_dir()) as (commit, objects):
        return _known(place, commit) if objects is None else _written(place, commit, objects)


@contextmanager
def _opened(repository: str, ref: str | None, is_known: Callable[[str], bool]) -> Iterator[tuple[str, Objects | None]]:
    from analyzer.source.access import from_environment
    from analyzer.source.git_remote import remote_commit
    from analyzer.source.git_tree import local_commit
    from analyzer.source.reference import Remote

    if repository.startswith("/"):
        with local_commit(Path(repository), ref) as (commit, objects):
            yield commit, objects
        return
    access = from_environment(os.environ)
    with remote_commit(Remote(repository, ref), access, limits(), is_known=is_known) as found:
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
    facts = _facts(place, commit)
    return Checkout(commit, folder, int(facts.get("time", 0)), tuple(map(str, facts.get("warnings", ()))))


def _facts(place: Path, commit: str) -> dict[str, Any]:
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
