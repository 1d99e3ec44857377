"""What `deploy-app` was asked for: references as people write them, down to a place that a source comes from."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts.engine import analyzer_path
from scripts.engine.errors import BadInput, Refused
from scripts.engine.failures import explained
from scripts.engine.fetching import Origin
from settings import rules

PAGE = re.compile(r"(?P<base>https?://[^/]+/.+?)(?:/-)?/tree/(?P<ref>[^/#?]+)(?:/(?P<folder>[^#?]*))?/?")
"""The address of a folder's page at GitHub, GitLab and their kin."""


@dataclass(frozen=True)
class Wish:
    """What stands on the command line."""

    source: str
    name: str | None = None
    ref: str | None = None
    folder: str | None = None
    service: str | None = None
    path: str | None = None
    host: str | None = None
    allowed: tuple[str, ...] = ()
    """Variables whose secrets the application may read although they are not its own."""
    private: bool = False
    """Whether the policies decide who reaches it, instead of nobody being asked."""


@dataclass(frozen=True)
class Place:
    """Where a source comes from."""

    origin: Origin | None
    """None: a folder of this project."""
    tree: str = "."
    """Folder of the project or repository that is analyzed."""
    service: str | None = None
    """Root of the service below `tree`; None: the only one."""
    known_as: str | None = None
    """The service that it is already."""

    @property
    def title(self) -> str:
        """The last word of where it comes from."""
        if self.tree != ".":
            return self.tree.rpartition("/")[2]
        return self.origin.repository.removesuffix("/.git").rpartition("/")[2] if self.origin else self.tree


def place_of(root: Path, wish: Wish, rows: Mapping[str, Any]) -> Place:
    """The place that a wish names; raises BadInput or Refused."""
    _check(wish)
    own = rows.get(wish.source)
    if isinstance(own, dict) and ("repository" in own or "app" in own):
        return _again(wish, own)
    if isinstance(own, dict) and not Path(wish.source).is_dir():
        raise Refused(
            f"{wish.source} is a service of this project, not an application that was deployed from elsewhere",
            where="SOURCE",
            remedy=f"./poe deploy {wish.source}",
        )
    place = _remote(wish) or _local(root, wish)
    return replace(place, service=_inner(wish.service, "--service")) if wish.service else place


def _check(wish: Wish) -> None:
    if not wish.source.strip() or "\0" in wish.source:
        raise BadInput("SOURCE is empty", where="SOURCE", remedy="name a folder, a git URL or an application")
    for key in ("ref", "path", "host"):
        value = getattr(wish, key)
        if value is not None and not rules.SERVICE[key].holds(value):
            raise BadInput(f"{value!r} is not allowed", where=f"--{key}", remedy=f"use {rules.SERVICE[key].allowed}")


def _again(wish: Wish, row: Mapping[str, Any]) -> Place:
    """The newest of what a service is already."""
    folder = row.get("folder", row.get("app", {}).get("folder", "."))
    repository = row.get("repository")
    is_commit = repository and ("commit" in row or wish.ref)
    origin = Origin(repository, wish.ref or row.get("ref")) if repository and is_commit else None
    if repository and origin is None:
        origin = Origin(repository)
    if wish.ref and origin is None:
        raise BadInput("a folder of this project has no branches", where="--ref", remedy="leave --ref out")
    tree = _inner(wish.folder, "--folder") if wish.folder else row.get("source", ".")
    return Place(origin, tree, wish.service or folder, known_as=wish.source)


def _remote(wish: Wish) -> Place | None:
    """A repository on a server; None for anything else."""
    analyzer_path.add()
    from analyzer.source.access import Access
    from analyzer.source.reference import Remote, parse

    if Path(wish.source).is_dir():
        return None
    text, folder = _page(wish)
    with explained("SOURCE"):
        found = parse(text, Access())
    if not isinstance(found, Remote):
        return None
    if found.credentials:
        raise BadInput(
            "a URL with a password in it would stay in slipway.toml",
            where="SOURCE",
            remedy="leave it out, and set GITHUB_TOKEN, GITLAB_TOKEN, or GIT_TOKEN with GIT_TOKEN_HOST",
        )
    if not rules.is_repository(found.url):
        raise BadInput(f"{found.url} is not allowed", where="SOURCE", remedy=rules.SERVICE["repository"].allowed)
    return Place(Origin(found.url, wish.ref or found.ref), _inner(folder or ".", "--folder"))


def _page(wish: Wish) -> tuple[str, str | None]:
    """The repository behind the address of a folder's page, with `#REF`, and that folder."""
    page = PAGE.fullmatch(wish.source)
    if page is None:
        return wish.source, wish.folder
    ref, folder = page["ref"], (page["folder"] or "").strip("/")
    if wish.ref and f"{ref}/{folder}".startswith(f"{wish.ref}/"):  # a branch whose name has a slash
        folder = f"{ref}/{folder}".removeprefix(f"{wish.ref}/")
    return f"{page['base']}#{ref}", wish.folder or folder or None


def _local(root: Path, wish: Wish) -> Place:
    """A folder of this machine; with a ref, or without files of its own, a repository."""
    source, _, ref = wish.source.partition("#")
    folder = Path(source)
    if not folder.is_dir():
        raise BadInput(f"{source} is no folder", where="SOURCE", remedy="name a folder or a git repository")
    place, ref = folder.resolve(), wish.ref or ref
    tree = _inner(wish.folder or ".", "--folder")
    if not ref and not is_bare(place) and place.is_relative_to(root.resolve()):
        return Place(None, posixpath.normpath(posixpath.join(os.path.relpath(place, root.resolve()), tree)))
    if not rules.is_repository(str(place)):
        raise BadInput(f"{place} is not a folder that can be used", where="SOURCE", remedy="move it elsewhere")
    return Place(Origin(str(place), ref or None), tree)


def is_bare(folder: Path) -> bool:
    """Whether a folder is a git repository without files of its own."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _inner(folder: str, where: str) -> str:
    plain = posixpath.normpath(folder.strip("/") or ".")
    if not rules.is_inner_path(plain):
        raise BadInput(f"{folder!r} leads elsewhere", where=where, remedy="name a folder inside the source")
    return plain
