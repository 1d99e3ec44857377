"""One door for every kind of source: a folder, an archive, a git repository here or on a server, files in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analyzer.failure import Failure
from analyzer.source.access import Access
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.reference import Local, Remote, parse, shown
from analyzer.source.scan import Clock
from analyzer.source.tree import Tree


@contextmanager
def open_source(
    reference: str, access: Access | None = None, limits: Limits = DEFAULT, *, clock: Clock = time.monotonic
) -> Iterator[Tree]:
    """The tree that a reference names: PATH, PATH#REF, an archive, GIT_URL[#REF] or owner/repository[#REF].

    `tree.view()` is for `analyze`, `content_key(tree, options)` its key, `tree.commit` the commit or None. Raises
    Failure SourceNotFound, RefNotFound, InvalidSource, NeedsCredentials, TooLarge, TimedOut or Unreachable, on opening
    and while the view is read.
    """
    access = access or Access()
    place = parse(reference, access)
    if isinstance(place, Remote):
        from analyzer.source.git_remote import remote_tree

        with remote_tree(place, access, limits, clock=clock) as tree:
            yield tree
    else:
        with _local(place, limits, clock) as tree:
            yield tree


@contextmanager
def _local(place: Local, limits: Limits, clock: Clock) -> Iterator[Tree]:
    path = Path(place.path)
    if path.is_dir() and (place.ref or _is_bare(path)):
        from analyzer.source.git_tree import local_tree

        with local_tree(path, place.ref, limits, clock=clock) as tree:
            yield tree
    elif path.is_dir():
        from analyzer.source.folder import folder_tree

        yield folder_tree(path, limits, clock=clock)
    elif path.is_file() and not place.ref:
        from analyzer.source.archive import archive_tree

        with path.open("rb") as file, archive_tree(file, limits) as tree:
            yield tree
    else:
        why = "has no branches" if path.is_file() else "is neither a folder nor a file"
        raise Failure("InvalidSource", f"{shown(place.path)} {why}", remedy="name a folder, an archive or a git URL")


def _is_bare(folder: Path) -> bool:
    """Whether the folder is a git repository without files of its own."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
