"""Files that a request brings along, as a tree."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.failure import Failure
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.listing import Found, inside, is_usable, listing
from analyzer.source.reference import shown
from analyzer.source.tree import Tree, blob_id


def memory_tree(files: Mapping[str, str | bytes], limits: Limits = DEFAULT) -> Tree:
    """The tree of path -> content. Raises Failure InvalidSource for a path that is not one below a root, TooLarge."""
    if len(files) > limits.files:
        raise Failure("TooLarge", f"there are more than {limits.files} files", remedy="send an archive")
    held = {
        _checked(path): data.encode(errors="replace") if isinstance(data, str) else data for path, data in files.items()
    }
    if sum(map(len, held.values())) > limits.read_bytes:
        raise Failure(
            "TooLarge", f"the files have more than {limits.read_bytes // 1_000_000} MB", remedy="send an archive"
        )

    def load(path: str) -> bytes | None:
        return held[path] if len(held[path]) <= limits.file_bytes else None

    return Tree(listing(Found(list(held)), limits), load, lambda path: blob_id(held[path]), limits=limits)


def _checked(path: str) -> str:
    if inside(path) != path or not is_usable(path):
        raise Failure(
            "InvalidSource",
            f"{shown(path)!r} is not the path of a file",
            remedy="name files relative to the root of the source, with / between the parts",
        )
    return path
