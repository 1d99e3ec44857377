"""Where a request's tree comes from: the request itself, the function's bucket, a public git repository."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from analyzer.failure import Failure
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.memory import memory_tree
from analyzer.source.tree import Tree
from serving import clients
from serving.request import Archive, Files, Repository, Source

UPLOADS = "sources/"
"""What may be read of the bucket; the rest is the cache's."""
HERE = replace(DEFAULT, fetched_bytes=100_000_000, unpacked_bytes=300_000_000)
"""Temporary files of a function may have 512 MB. Source: AWS Lambda developer guide, "Lambda quotas"."""


@contextmanager
def opened(source: Source, seconds: float) -> Iterator[Tree]:
    """The tree of a request's source, listed and fetched in at most that time. Raises Failure."""
    limits = replace(HERE, seconds=min(HERE.seconds, seconds))
    if isinstance(source, Files):
        yield memory_tree(source.files, limits)
    elif isinstance(source, Archive):
        from analyzer.source.archive import archive_tree

        with _downloaded(source, limits) as file, archive_tree(file, limits) as tree:
            yield tree
    else:
        from analyzer.source.access import Access
        from analyzer.source.opening import open_source

        # A function of the cloud must not be led to what only the cloud can reach.
        with open_source(_reference(source), Access(local=False, public_only=True), limits) as tree:
            yield tree


def _reference(source: Repository) -> str:
    return f"{source.url}#{source.ref}" if source.ref else source.url


@contextmanager
def _downloaded(source: Archive, limits: Limits) -> Iterator[BinaryIO]:
    """An upload in the function's own bucket, on disk."""
    bucket = os.environ.get("BUCKET")
    if source.bucket != bucket or not source.key.startswith(UPLOADS):
        raise Failure(
            "BucketNotAllowed",
            "the function reads archives from its own bucket only",
            remedy=f"upload to {UPLOADS} in the bucket {bucket}" if bucket else "send the files, or name a repository",
        )
    with TemporaryFile() as file:
        body = _object(source, limits)
        shutil.copyfileobj(body, file, 1 << 20)
        file.seek(0)
        yield file


def _object(source: Archive, limits: Limits) -> Any:
    """The stream of an object that is not too large."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = clients.client("s3").get_object(Bucket=source.bucket, Key=source.key)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("NoSuchKey", "NoSuchBucket", "AccessDenied"):
            raise Failure("SourceNotFound", "there is no such object", remedy="upload it once more") from error
        raise _unreachable(code) from error
    except BotoCoreError as error:
        raise _unreachable(type(error).__name__) from error
    if found["ContentLength"] > limits.fetched_bytes:
        most = limits.fetched_bytes // 1_000_000
        raise Failure("TooLarge", f"the archive has more than {most} MB", remedy="leave out what is not source")
    return found["Body"]


def _unreachable(why: str) -> Failure:
    return Failure("Unreachable", f"S3 did not give the object: {why}", remedy="try again")
