"""Lets the analyzer function of a target analyze a tree: a reference for a repository, the files of anything local.

Of a local tree goes what the analyzer may read; of other files only the name, which counts too. So the function sees
what the command line would see, and answers the same document.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scripts.engine import analyzer_path
from scripts.engine.aws import Aws, error_code, from_client_error, translated
from scripts.engine.errors import Failed
from settings import Settings

INLINE = 4_500_000
"""Bytes of a request up to which files travel in it. Source: AWS Lambda developer guide, "Lambda quotas", 6 MB."""
INLINE_FILES = 5_000
TOP = "tree/"
"""Folder that holds everything in an archive: the analyzer takes such a folder off, so one has to be there."""
SOURCES = "sources/"
"""Where uploads go in the analyzer's bucket; its lifecycle rule removes them after a day."""
TIME = (1980, 1, 1, 0, 0, 0)
"""Of every entry of an archive: the first that the format knows."""


@dataclass(frozen=True)
class Wishes:
    """What the function is asked for beside the source."""

    service: str | None = None
    assist: bool = False
    """Whether the function's own language model may choose where the rules cannot tell."""
    refresh: bool = False
    """Whether to compute anew what its cache holds."""


ALL = Wishes()


def analyze_remotely(aws: Aws, settings: Settings, source: str, wishes: Wishes = ALL) -> str:
    """The document that the target's analyzer function answers, as JSON text.

    `source` is what `./poe analyze` takes: a folder, an archive, `owner/repository` or a URL. Raises
    `analyzer.failure.Failure` for what the function answers as an error, SlipwayError where it cannot be asked.
    """
    event = {
        "action": "analyze",
        "source": _source(aws, settings, source),
        "options": {"service": wishes.service, "assist": wishes.assist},
        "refresh": wishes.refresh,
    }
    return str(_answer(aws, settings, event)["document"])


def _source(aws: Aws, settings: Settings, source: str) -> dict[str, Any]:
    """The request's `source`."""
    analyzer_path.add()
    from analyzer.source.access import Access
    from analyzer.source.reference import Remote, parse

    reference = parse(source, Access())
    if isinstance(reference, Remote):
        return {"repository": reference.url, "ref": reference.ref}
    files = local_files(source)
    if sum(map(len, files.values())) <= INLINE and len(files) <= INLINE_FILES:
        inline = {"files": {path: _content(data) for path, data in files.items()}}
        if len(json.dumps(inline)) <= INLINE:
            return inline
    return {"s3": _upload(aws, settings.analysis_bucket, archive(files))}


def local_files(source: str) -> dict[str, bytes]:
    """Path -> content of a local tree; nothing in files that the analyzer does not read."""
    from analyzer.source.limits import DEFAULT
    from analyzer.source.opening import open_source
    from analyzer.source.tree import HASHED

    # Files too large to be read count by what is in them, up to HASHED bytes.
    limits = replace(DEFAULT, file_bytes=HASHED, read_bytes=20 * HASHED)
    with open_source(source, limits=limits) as tree:
        return {path: _sent(tree, path, HASHED) for path in tree.listing.paths}


def _sent(tree: Any, path: str, most: int) -> bytes:
    if path not in tree.covered:
        return b""
    data = tree.read(path)
    return bytes(data) if data is not None else b"\0" * (most + 1)


def archive(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip archive, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for path in sorted(files):
            entry = zipfile.ZipInfo(TOP + path, TIME)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            packed.writestr(entry, files[path])
    return buffer.getvalue()


def _content(data: bytes) -> str | dict[str, str]:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _upload(aws: Aws, bucket: str, data: bytes) -> dict[str, str]:
    """Where the archive is in the bucket; its name is its content, so that nobody else's is replaced."""
    key = f"{SOURCES}{hashlib.sha256(data).hexdigest()}.zip"
    with translated("upload the source"):
        aws.client("s3").put_object(Bucket=bucket, Key=key, Body=data, ContentType="application/zip")
    return {"bucket": bucket, "key": key}


def _answer(aws: Aws, settings: Settings, event: Mapping[str, Any]) -> dict[str, Any]:
    from analyzer.failure import Failure

    result = _invoke(aws, settings, event)
    if result.get("ok"):
        return result
    error = result.get("error")
    if isinstance(error, dict):
        raise Failure(error.get("code", ""), error.get("message", ""), remedy=error.get("remedy", ""))
    raise Failed(
        f"the function ended without a result: {result.get('errorMessage', 'no message')}",
        where=settings.analyzer_function,
        remedy=f"read its log group, /slipway/{settings.prefix}/analyzer",
    )


def _invoke(aws: Aws, settings: Settings, event: Mapping[str, Any]) -> dict[str, Any]:
    """The function's payload as it is."""
    client = aws.client("lambda")
    with translated("invoke the analyzer"):
        try:
            response = client.invoke(FunctionName=settings.analyzer_function, Payload=json.dumps(event).encode())
        except client.exceptions.ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            found = from_client_error(error, "invoke the analyzer")
            target = settings.target.name
            raise Failed(found.what, where=found.where, remedy=f"./poe deploy --target {target}") from error
        payload = json.loads(response["Payload"].read())
    return payload if isinstance(payload, dict) else {}
