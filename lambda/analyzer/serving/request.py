"""Events as typed requests; docs/analyzer-request.schema.json is their schema, and a test holds the two together.

A validator for JSON schemas would cost a tenth of a cold start, for a schema of three levels.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.failure import Failure

REMEDY = "docs/analyzer-request.schema.json says what a request may hold"
PATH = re.compile(r"(?!/)(?!(?:.*/)?\.{0,2}(?:/|\Z))[^\0]{1,1024}", re.S)
"""Relative, without empty, "." and ".." segments."""
REPOSITORY = re.compile(r"https://[^\s\0#]{1,2000}")
REF = re.compile(r"(?!-)[^\s\0#~^:?*\[\\]{1,200}")
"""A branch, tag or commit. Source: git-check-ref-format."""
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
MOST_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository at a branch, tag or commit; at its HEAD when none is named."""

    url: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip or tar archive in S3."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Files:
    """A tree in the request itself: path -> content."""

    files: Mapping[str, bytes]


Source = Repository | Archive | Files


@dataclass(frozen=True, slots=True)
class Request:
    """What an `analyze` event asks for."""

    source: Source
    service: str | None = None
    """Root of the only service to analyze."""
    assist: bool = False
    """Whether the function's language model may choose for open fields."""
    refresh: bool = False
    """Whether to compute anew what the cache holds."""


def parsed(event: Mapping[str, Any]) -> Request:
    """The request of an `analyze` event. Raises Failure with the code `InvalidRequest`."""
    _known(event, ("action", "source", "options", "refresh"), "the event")
    options = _object(event.get("options", {}), "options")
    _known(options, ("service", "assist"), "options")
    service = options.get("service")
    return Request(
        source=_source(_object(event.get("source"), "source")),
        service=None if service is None else _service(service),
        assist=_flag(options.get("assist", False), "options.assist"),
        refresh=_flag(event.get("refresh", False), "refresh"),
    )


def _source(source: Mapping[str, Any]) -> Source:
    kinds = [kind for kind in SOURCES if kind in source]
    if len(kinds) != 1:
        raise _invalid("source has to have exactly one of repository, s3 and files")
    return SOURCES[kinds[0]](source)


def _repository(source: Mapping[str, Any]) -> Repository:
    _known(source, ("repository", "ref"), "source")
    url = _text(source["repository"], "source.repository", REPOSITORY, "an https URL of a git repository")
    ref = source.get("ref")
    return Repository(url, None if ref is None else _text(ref, "source.ref", REF, "a branch, tag or commit"))


def _archive(source: Mapping[str, Any]) -> Archive:
    _known(source, ("s3",), "source")
    place = _object(source["s3"], "source.s3")
    _known(place, ("bucket", "key"), "source.s3")
    bucket = _text(place.get("bucket"), "source.s3.bucket", BUCKET, "the name of a bucket")
    key = place.get("key")
    if not isinstance(key, str) or not 1 <= len(key) <= 1024:
        raise _invalid("source.s3.key has to be the key of an object")
    return Archive(bucket, key)


def _files(source: Mapping[str, Any]) -> Files:
    _known(source, ("files",), "source")
    files = _object(source["files"], "source.files")
    if len(files) > MOST_FILES:
        raise _invalid(f"source.files may have {MOST_FILES} entries")
    for path in files:
        if not PATH.fullmatch(path):
            raise _invalid("a path in source.files has to be relative, without empty, . and .. segments")
    return Files({path: _content(content) for path, content in files.items()})


def _content(content: object) -> bytes:
    """Text, or {"base64": ...} for what is not text."""
    if isinstance(content, str):
        return content.encode("utf-8", "surrogatepass")
    if isinstance(content, dict) and list(content) == ["base64"] and isinstance(content["base64"], str):
        try:
            return base64.b64decode(content["base64"], validate=True)
        except (binascii.Error, ValueError):
            raise _invalid("a file in source.files is not valid base64") from None
    raise _invalid('a file in source.files has to be text or {"base64": ...}')


def _service(service: object) -> str:
    if service == ".":
        return "."
    return _text(service, "options.service", PATH, 'a relative path, or "."')


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(f"{where} has to be an object")
    return value


def _known(value: Mapping[str, Any], names: Collection[str], where: str) -> None:
    if set(value) - set(names):
        raise _invalid(f"{where} may only have {', '.join(names)}")


def _text(value: object, where: str, pattern: re.Pattern[str], wanted: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _invalid(f"{where} has to be {wanted}")
    return value


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise _invalid(f"{where} has to be true or false")
    return value


def _invalid(message: str) -> Failure:
    return Failure("InvalidRequest", message, remedy=REMEDY)


SOURCES: dict[str, Callable[[Mapping[str, Any]], Source]] = {"repository": _repository, "s3": _archive, "files": _files}
"""Kind of source -> its reader."""
