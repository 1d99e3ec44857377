"""The content key: equal keys mean equal analyses, wherever a tree comes from.

It covers the analyzer's version, the options, the list of all paths, what was left out, and the git blob id of every
file that may be read (`analyzer.source.readable`); the view answers no other file. A fork, a commit that touches other
files only, a copy of the folder, its tarball: all have the same key. Keys differ between a git tree and its checkout
only where git changes content on checkout (`core.autocrlf`, `ident`, filters such as LFS, `export-subst` in archives),
where the folder holds files that git does not, and where a readable file is larger than `tree.HASHED`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, is_dataclass
from typing import Any

from analyzer import VERSION
from analyzer.source.tree import Tree


def content_key(tree: Tree, options: Any = None) -> str:
    """The key of the analysis of a tree with options (a dataclass of plain values), 64 hexadecimal digits."""
    digest = hashlib.sha256()
    asked = asdict(options) if is_dataclass(options) and not isinstance(options, type) else options
    head = [VERSION, asked, [asdict(caution) for caution in tree.listing.cautions]]
    digest.update(json.dumps(head, sort_keys=True).encode() + b"\0")
    digest.update("\0".join(tree.listing.paths).encode() + b"\0\0")
    for path in sorted(tree.covered):
        digest.update(f"{path}\0{tree.blob_id(path)}\0".encode())
    return digest.hexdigest()
