"""Archives as trees: tar (plain, gzip, bzip2, xz) and zip, in bounded memory, nothing written to a path that they name.

A folder that holds everything else is taken off, as in the archives of hosting sites. Entries whose path or link leads
out of the archive are left out, and the analysis says so.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.tree import Tree
from analyzer.source.unpack import ERRORS, no_archive

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of a zip file, and of one without entries."""


@contextmanager
def archive_tree(file: BinaryIO, limits: Limits = DEFAULT) -> Iterator[Tree]:
    """The tree in an archive, a file that can be read more than once. Raises Failure InvalidSource, TooLarge."""
    head = file.read(4)
    file.seek(0)
    if head in ZIP:
        from analyzer.source.zip_archive import zip_tree

        with zip_tree(file, limits) as tree:
            yield tree
    else:
        from analyzer.source.tar_archive import Contents

        with Contents(limits) as contents:
            try:
                contents.take(file)
            except (tarfile.TarError, *ERRORS) as error:
                raise no_archive() from error
            yield contents.tree()
