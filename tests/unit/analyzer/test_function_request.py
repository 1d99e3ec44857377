"""Requests of the analyzer function: what the code takes, docs/analyzer-request.schema.json takes, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from analyzer.failure import Failure
from serving.request import MOST_FILES, Archive, Files, Repository, Request, parsed

DOCS = Path(__file__).resolve().parents[3] / "docs"
SCHEMA = Draft202012Validator(json.loads((DOCS / "analyzer-request.schema.json").read_text("utf-8")))
URL = "https://git.example/owner/repository"
FILES = {"files": {"app.py": "x = 1\n"}}

GOOD: list[tuple[dict[str, Any], Request]] = [
    ({"source": FILES}, Request(Files({"app.py": b"x = 1\n"}))),
    ({"source": {"files": {}}}, Request(Files({}))),
    ({"source": {"files": {"a/b.bin": {"base64": "AAH/"}}}}, Request(Files({"a/b.bin": b"\0\1\xff"}))),
    ({"source": {"files": {"ü": "ä", "..a": ""}}}, Request(Files({"ü": "ä".encode(), "..a": b""}))),
    ({"source": {"repository": URL}}, Request(Repository(URL))),
    ({"source": {"repository": URL, "ref": None}}, Request(Repository(URL))),
    ({"source": {"repository": URL, "ref": "feature/x"}}, Request(Repository(URL, "feature/x"))),
    (
        {"source": {"s3": {"bucket": "my-bucket", "key": "sources/x.zip"}}},
        Request(Archive("my-bucket", "sources/x.zip")),
    ),
    ({"source": FILES, "options": {}, "refresh": True}, Request(Files({"app.py": b"x = 1\n"}), refresh=True)),
    (
        {"source": FILES, "options": {"service": "apps/api", "assist": True}},
        Request(Files({"app.py": b"x = 1\n"}), service="apps/api", assist=True),
    ),
    ({"source": FILES, "options": {"service": "."}}, Request(Files({"app.py": b"x = 1\n"}), service=".")),
    ({"source": FILES, "options": {"service": None}}, Request(Files({"app.py": b"x = 1\n"}))),
]
BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "source has to be an object"),
    ({"source": None}, "source has to be an object"),
    ({"source": []}, "source has to be an object"),
    ({"source": {}}, "exactly one of repository, s3 and files"),
    ({"source": {**FILES, "repository": URL}}, "exactly one of"),
    ({"source": {**FILES, "ref": "main"}}, "source may only have files"),
    ({"source": FILES, "other": 1}, "the event may only have"),
    ({"source": FILES, "options": []}, "options has to be an object"),
    ({"source": FILES, "options": {"model": "x"}}, "options may only have"),
    ({"source": FILES, "options": {"service": ""}}, "options.service has to be"),
    ({"source": FILES, "options": {"service": "/"}}, "options.service has to be"),
    ({"source": FILES, "options": {"service": "../x"}}, "options.service has to be"),
    ({"source": FILES, "options": {"service": 1}}, "options.service has to be"),
    ({"source": FILES, "options": {"assist": "yes"}}, "options.assist has to be true or false"),
    ({"source": FILES, "refresh": 1}, "refresh has to be true or false"),
    ({"source": {"files": []}}, "source.files has to be an object"),
    ({"source": {"files": {"/etc/passwd": "x"}}}, "a path in source.files"),
    ({"source": {"files": {"a/../../b": "x"}}}, "a path in source.files"),
    ({"source": {"files": {"a//b": "x"}}}, "a path in source.files"),
    ({"source": {"files": {"a/": "x"}}}, "a path in source.files"),
    ({"source": {"files": {".": "x"}}}, "a path in source.files"),
    ({"source": {"files": {"": "x"}}}, "a path in source.files"),
    ({"source": {"files": {"a\0b": "x"}}}, "a path in source.files"),
    ({"source": {"files": {"a": 1}}}, "a file in source.files has to be text"),
    ({"source": {"files": {"a": {"base64": 1}}}}, "a file in source.files has to be text"),
    ({"source": {"files": {"a": {"base64": "AA==", "x": 1}}}}, "a file in source.files has to be text"),
    ({"source": {"files": {f"f{n}": "" for n in range(MOST_FILES + 1)}}}, "may have 20000 entries"),
    ({"source": {"repository": "http://git.example/a/b"}}, "has to be an https URL"),
    ({"source": {"repository": "file:///etc"}}, "has to be an https URL"),
    ({"source": {"repository": "git@git.example:a/b"}}, "has to be an https URL"),
    ({"source": {"repository": "https://a b"}}, "has to be an https URL"),
    ({"source": {"repository": f"{URL}#main"}}, "has to be an https URL"),
    ({"source": {"repository": 7}}, "has to be an https URL"),
    ({"source": {"repository": URL, "ref": ""}}, "source.ref has to be"),
    ({"source": {"repository": URL, "ref": "--upload-pack=x"}}, "source.ref has to be"),
    ({"source": {"repository": URL, "ref": "a b"}}, "source.ref has to be"),
    ({"source": {"repository": URL, "folder": "x"}}, "source may only have repository, ref"),
    ({"source": {"s3": "bucket"}}, "source.s3 has to be an object"),
    ({"source": {"s3": {"bucket": "my-bucket"}}}, "source.s3.key has to be"),
    ({"source": {"s3": {"bucket": "my-bucket", "key": ""}}}, "source.s3.key has to be"),
    ({"source": {"s3": {"bucket": "my-bucket", "key": "k" * 1025}}}, "source.s3.key has to be"),
    ({"source": {"s3": {"bucket": "No_Bucket", "key": "x"}}}, "source.s3.bucket has to be"),
    ({"source": {"s3": {"bucket": "my-bucket", "key": "x", "acl": "y"}}}, "source.s3 may only have"),
]


@pytest.mark.parametrize(("fields", "request_"), GOOD)
def test_good_requests(fields: dict[str, Any], request_: Request) -> None:
    event = {"action": "analyze", **fields}
    assert parsed(event) == request_
    assert SCHEMA.is_valid(event)


@pytest.mark.parametrize(("fields", "message"), BAD)
def test_bad_requests(fields: dict[str, Any], message: str) -> None:
    event = {"action": "analyze", **fields}
    with pytest.raises(Failure, match=message) as caught:
        parsed(event)
    assert caught.value.code == "InvalidRequest"
    assert "schema" in caught.value.remedy
    assert not SCHEMA.is_valid(event)


def test_what_is_no_base64_is_refused() -> None:
    """A schema cannot say it."""
    for text in ("%%%", "AAH", "ä"):
        with pytest.raises(Failure, match="not valid base64"):
            parsed({"action": "analyze", "source": {"files": {"a": {"base64": text}}}})


def test_versions_need_no_more() -> None:
    assert SCHEMA.is_valid({"action": "version"})
    assert not SCHEMA.is_valid({"action": "drop"})
    assert not SCHEMA.is_valid({})
