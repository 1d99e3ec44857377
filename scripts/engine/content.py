"""The content tag: `src-` and 12 hex digits that name what an image is built from.

Counted: every path of the build context after `.dockerignore` with its type, executable bit and bytes (a symbolic
link counts by its text), the Dockerfile, the build arguments, the identities of the base images and the platform.
Never counted: times, owners, the folder's own name, anything of git.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.engine.dockerfile import base_images
from scripts.engine.dockerfiles import dockerfile_of
from scripts.engine.errors import BadInput
from scripts.engine.ignore import Ignore
from scripts.engine.sources import base_of, provide
from settings import Service

LARGE_FILE = 100 * 1024 * 1024
"""Bytes from which a file in a build context is named in a warning."""


@dataclass(frozen=True)
class Context:
    """The build context of one service, read once."""

    service: str
    folder: Path
    dockerfile: Path
    digest: str
    """Of everything but the base images."""
    files: int
    size: int
    """Bytes."""
    bases: tuple[str, ...]
    rows: tuple[tuple[str, str], ...] = ()
    """(path, mode and content digest) of every file."""
    is_generated: bool = False
    """Whether the Dockerfile is the analyzer's."""
    warnings: tuple[str, ...] = ()

    def tag(self, base_ids: Mapping[str, str]) -> str:
        """The content tag; `base_ids` maps every base image to its identity."""
        facts = [self.digest, [[name, base_ids[name]] for name in self.bases]]
        return "src-" + _digest(facts)[:12]


def read_context(root: Path, service: Service, platform: str) -> Context:
    """Read a service's build context; raises BadInput when it cannot be built from.

    The commit of a repository is fetched when it is not on this machine: Failed or Transient when it cannot be.
    """
    provided = provide(root, service)
    base = base_of(root, service)
    folder = _inside(base, service, "source", base / service.source)
    if not folder.is_dir():
        remedy = "create it or correct slipway.toml"
        raise BadInput(f"there is no folder {service.source!r}", where=f"services.{service.name}.source", remedy=remedy)
    _inside(base, service, "dockerfile", folder / service.dockerfile)
    found = dockerfile_of(root, service)
    dockerfile, text = found.path, found.text
    arguments = dict(service.build_args)
    try:
        entries = list(_entries(folder, _ignore(folder, dockerfile, service)))
    except OSError as error:
        raise _unreadable(error, folder, service) from None
    rows = sorted([path, mode, content] for path, mode, content, _ in entries)
    return Context(
        service=service.name,
        folder=folder,
        dockerfile=dockerfile,
        digest=_digest([rows, text, sorted(arguments.items()), platform]),
        files=len(rows),
        size=sum(length for _, _, _, length in entries),
        bases=base_images(text, arguments, platform),
        is_generated=found.is_generated,
        rows=tuple((path, f"{mode} {content}") for path, mode, content in rows),
        warnings=provided
        + tuple(
            f"{_shown(f'{service.source}/{path}')} is {length / 1e9:.1f} GB in the build context; "
            "if the image does not need it, add it to .dockerignore"
            for path, _, _, length in entries
            if length >= LARGE_FILE
        ),
    )


def _inside(base: Path, service: Service, key: str, path: Path) -> Path:
    """The path without links; it has to stay in the project, or in the service's repository."""
    where, named = f"services.{service.name}.{key}", getattr(service, key)
    try:
        found = path.resolve()
    except (OSError, RuntimeError):
        raise BadInput(f"{named!r} is a link that leads to itself", where=where, remedy="correct the link") from None
    if not found.is_relative_to(base.resolve()):
        what = "repository" if service.repository else "project"
        raise BadInput(f"{named!r} leads outside the {what}", where=where, remedy="use a place inside it")
    return found


def _ignore(folder: Path, dockerfile: Path, service: Service) -> Ignore:
    """A `NAME.dockerignore` beside the Dockerfile wins over `.dockerignore`, as BuildKit has it."""
    for path in (dockerfile.with_name(dockerfile.name + ".dockerignore"), folder / ".dockerignore"):
        if path.is_file():
            text = path.read_text("utf-8-sig", errors="surrogateescape")
            try:
                return Ignore(text.split("\n"))
            except ValueError as error:
                where = f"{service.source}/{os.path.relpath(path, folder)}"
                raise BadInput(str(error), where=where, remedy="correct that line") from None
    return Ignore(())


def _entries(folder: Path, ignore: Ignore) -> Iterator[tuple[str, str, str, int]]:
    """(path, mode, content digest, bytes) of all that the builder gets; links are never followed."""
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(folder / prefix) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        for entry in entries:
            path = prefix + entry.name
            hidden = ignore.hides(path)
            if entry.is_dir(follow_symlinks=False):
                if not (hidden and ignore.may_prune):
                    pending.append(path + "/")
            elif not hidden:
                yield from _file(path, entry)


def _file(path: str, entry: os.DirEntry[str]) -> Iterator[tuple[str, str, str, int]]:
    info = entry.stat(follow_symlinks=False)
    if stat.S_ISLNK(info.st_mode):
        yield path, "120000", os.readlink(entry.path), 0
    elif stat.S_ISREG(info.st_mode):
        # Only the executable bit: the rest depends on the umask of whoever checked out.
        yield path, "100755" if info.st_mode & 0o100 else "100644", _file_digest(entry.path), info.st_size


def _file_digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(error: OSError, folder: Path, service: Service) -> BadInput:
    path = f"{service.source}/{os.path.relpath(error.filename or folder, folder)}"
    remedy = "make it readable or add it to .dockerignore"
    return BadInput(f"{_shown(path)} cannot be read: {error.strerror}", where=f"services.{service.name}", remedy=remedy)


def _shown(path: str) -> str:
    """A path for a message: names may hold line breaks and bytes that are no text."""
    return path if path.isprintable() else ascii(path)


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()
