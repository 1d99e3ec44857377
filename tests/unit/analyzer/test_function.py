"""The analyzer as a Lambda function: the command line's bytes, the cache first, typed errors, one line in the log."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import handler
from analyzer import VERSION, document
from analyzer.analyze import Options, analyze
from analyzer.key import content_key
from analyzer.source.folder import folder_tree
from analyzer.source.listing import Found, listing
from analyzer.source.tree import Tree, blob_id
from serving import clients, trees, work
from serving.cache import LIFETIME
from serving.request import Repository
from tests.unit.analyzer.function_cloud import BUCKET, TABLE, Cloud, context, refusal

NOW = 1_700_000_000
DOCS = Path(__file__).resolve().parents[3] / "docs"
RESPONSE = Draft202012Validator(json.loads((DOCS / "analyzer-response.schema.json").read_text("utf-8")))
FILES = {
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "requirements.txt": "flask==3.1.0\ngunicorn\n",
    "Procfile": "web: gunicorn app:app --bind 0.0.0.0:5000\n",
    "logo.png": {"base64": "iVBORw0KGgo="},
    "readme.md": "# Shop\n",
}
URL = "https://git.example/owner/shop"
COMMIT = "1234567890" * 4


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A function with a cache; the clock stands at NOW."""
    made = Cloud()
    monkeypatch.setattr(clients, "client", made.client)
    monkeypatch.setattr(work, "_now", lambda: NOW)
    monkeypatch.setenv("CACHE_TABLE", TABLE)
    monkeypatch.setenv("BUCKET", BUCKET)
    monkeypatch.delenv("BEDROCK_MODEL_ID", raising=False)
    return made


def invoke(source: dict[str, Any], *, seconds: float = 28.0, **fields: Any) -> dict[str, Any]:
    """The result of an `analyze` event, which is what the schema says."""
    result = handler.handler({"action": "analyze", "source": source, **fields}, context(seconds))
    assert RESPONSE.is_valid(result), result
    return json.loads(json.dumps(result))  # type: ignore[no-any-return]


def error(source: dict[str, Any], **fields: Any) -> dict[str, str]:
    result = invoke(source, **fields)
    assert result["ok"] is False
    return dict(result["error"])


def content(name: str) -> bytes:
    text = FILES[name]
    return text.encode() if isinstance(text, str) else b"\x89PNG\r\n\x1a\n"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            archive.writestr(f"shop-main/{name}", content(name))
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in FILES:
            entry = tarfile.TarInfo(name)
            entry.size = len(content(name))
            archive.addfile(entry, io.BytesIO(content(name)))
    return buffer.getvalue()


def of_command_line(folder: Path, options: Options) -> str:
    """What `./poe analyze --json` prints for the same tree in a folder."""
    for name in FILES:
        (folder / name).write_bytes(content(name))
    tree = folder_tree(folder)
    return document.text(analyze(tree.view(), content_key(tree, options), options))


@pytest.mark.parametrize("options", [Options(), Options(service=".")], ids=str)
def test_it_answers_the_bytes_of_the_command_line(cloud: Cloud, tmp_path: Path, options: Options) -> None:
    expected = of_command_line(tmp_path, options)
    asked = {"service": options.service}
    cloud.bucket.objects = {"sources/a.zip": zipped(), "sources/a.tgz": tarred()}
    sources: list[dict[str, Any]] = [
        {"files": FILES},
        {"s3": {"bucket": BUCKET, "key": "sources/a.zip"}},
        {"s3": {"bucket": BUCKET, "key": "sources/a.tgz"}},
    ]
    results = [invoke(source, options=asked) for source in sources]
    assert [result["document"] for result in results] == [expected] * 3
    assert [result["cache"] for result in results] == ["miss", "hit", "hit"]
    assert {result["key"] for result in results} == {json.loads(expected)["key"]}
    assert [invoke(source, options=asked, refresh=True)["document"] for source in sources] == [expected] * 3


def test_the_cache_is_read_before_anything_is_computed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    first = invoke({"files": FILES})
    monkeypatch.setattr(work, "analyze", lambda *_: pytest.fail("it was there"))
    assert invoke({"files": FILES}) == {**first, "cache": "hit"}
    assert cloud.table.calls == ["get", "put", "get"]
    (item,) = cloud.table.items.values()
    assert item["expires_at"] == {"N": str(NOW + LIFETIME)}


def test_expired_and_unwanted_items_are_computed_anew(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    invoke({"files": FILES})
    assert invoke({"files": FILES}, refresh=True)["cache"] == "refreshed"
    monkeypatch.setattr(work, "_now", lambda: NOW + LIFETIME)
    assert invoke({"files": FILES})["cache"] == "miss"
    (item,) = cloud.table.items.values()
    assert item["expires_at"] == {"N": str(NOW + 2 * LIFETIME)}


@pytest.mark.usefixtures("cloud")
def test_options_and_content_have_keys_of_their_own() -> None:
    keys = {
        invoke({"files": FILES})["key"],
        invoke({"files": FILES}, options={"service": "."})["key"],
        invoke({"files": {**FILES, "app.py": "x = 1\n"}})["key"],
        invoke({"files": {**FILES, "more.py": ""}})["key"],
    }
    assert len(keys) == 4


@pytest.mark.usefixtures("cloud")
def test_files_that_are_not_read_do_not_count() -> None:
    assert invoke({"files": FILES})["key"] == invoke({"files": {**FILES, "readme.md": "# Another\n"}})["key"]


def test_a_large_document_goes_through_the_bucket(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.cache.ITEM_LIMIT", 100)
    first = invoke({"files": FILES})
    assert list(cloud.bucket.objects) == [f"documents/{first['key']}.json"]
    assert invoke({"files": FILES}) == {**first, "cache": "hit"}
    cloud.bucket.objects.clear()
    assert invoke({"files": FILES})["cache"] == "miss"


@pytest.mark.parametrize("failing", [refusal("ThrottlingException"), refusal("AccessDeniedException")], ids=str)
def test_a_cache_that_fails_does_not_fail_the_request(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], failing: Exception
) -> None:
    cloud.table.error = failing
    assert invoke({"files": FILES})["cache"] == "miss"
    assert cloud.table.calls == ["get"]
    assert json.loads(capsys.readouterr().out)["cache_error"] in str(failing)


def test_it_works_without_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CACHE_TABLE", raising=False)
    monkeypatch.setattr(clients, "client", lambda _: pytest.fail("there is nothing to connect to"))
    assert invoke({"files": FILES})["cache"] == "none"


# ------------------------------------------------------------------------------------------------- repositories


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """References of repositories that were fetched; each has the files, and is at COMMIT."""
    fetched: list[str] = []

    @contextmanager
    def opened(source: Repository, seconds: float) -> Iterator[Tree]:
        assert seconds > 20
        fetched.append(f"{source.url}#{source.ref}")
        yield Tree(listing(Found(list(FILES))), content, lambda path: blob_id(content(path)), commit=COMMIT)

    monkeypatch.setattr(trees, "opened", opened)
    return fetched


@pytest.mark.usefixtures("cloud")
def test_a_commit_that_is_known_is_not_fetched(fetches: list[str]) -> None:
    first = invoke({"repository": URL, "ref": "main"})
    again = invoke({"repository": URL, "ref": COMMIT})
    assert fetches == [f"{URL}#main"]
    assert again == {**first, "cache": "hit"}


@pytest.mark.usefixtures("cloud")
def test_a_branch_may_move_so_it_is_fetched(fetches: list[str]) -> None:
    invoke({"repository": URL, "ref": "main"})
    assert invoke({"repository": URL, "ref": "main"})["cache"] == "hit"
    assert len(fetches) == 2


@pytest.mark.usefixtures("cloud")
def test_other_options_and_a_refresh_fetch_once_more(fetches: list[str]) -> None:
    source = {"repository": URL, "ref": COMMIT}
    for fields in ({}, {"options": {"service": "."}}, {"refresh": True}):
        invoke(source, **fields)
    assert len(fetches) == 3


def test_a_reference_to_a_document_that_is_gone_is_fetched(cloud: Cloud, fetches: list[str]) -> None:
    first = invoke({"repository": URL, "ref": COMMIT})
    del cloud.table.items[first["key"]]
    assert invoke({"repository": URL, "ref": COMMIT}) == first
    assert len(fetches) == 2


# ------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (None, "InvalidRequest"),
        (["version"], "InvalidRequest"),
        ({}, "UnknownAction"),
        ({"action": "drop"}, "UnknownAction"),
        ({"action": ["version"]}, "UnknownAction"),
        ({"action": "analyze"}, "InvalidRequest"),
        ({"action": "analyze", "source": {"files": {"../x": ""}}}, "InvalidRequest"),
    ],
)
def test_bad_events_are_typed_results(cloud: Cloud, event: object, code: str) -> None:
    result = handler.handler(event, context())
    assert RESPONSE.is_valid(result)
    assert result["error"]["code"] == code
    assert cloud.made == []


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"bucket": "another-bucket", "key": "sources/x.zip"}, "BucketNotAllowed"),
        ({"bucket": BUCKET, "key": "documents/x.json"}, "BucketNotAllowed"),
        ({"bucket": BUCKET, "key": "sources/absent.zip"}, "SourceNotFound"),
        ({"bucket": BUCKET, "key": "sources/junk.zip"}, "InvalidSource"),
        ({"bucket": BUCKET, "key": "sources/cut.zip"}, "InvalidSource"),
    ],
)
def test_archives_that_cannot_be_read_are_typed_results(cloud: Cloud, place: dict[str, str], code: str) -> None:
    cloud.bucket.objects = {"sources/junk.zip": b"no archive " * 200, "sources/cut.zip": zipped()[:-60]}
    assert error({"s3": place})["code"] == code


def test_an_archive_that_is_too_large_is_not_downloaded(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "HERE", replace(trees.HERE, fetched_bytes=10))
    cloud.bucket.objects = {"sources/a.zip": zipped()}
    assert error({"s3": {"bucket": BUCKET, "key": "sources/a.zip"}})["code"] == "TooLarge"


def test_s3_that_does_not_answer_is_a_typed_result(cloud: Cloud) -> None:
    cloud.bucket.error = refusal("SlowDown")
    found = error({"s3": {"bucket": BUCKET, "key": "sources/a.zip"}})
    assert (found["code"], found["remedy"]) == ("Unreachable", "try again")


@pytest.mark.usefixtures("cloud")
def test_a_service_that_is_not_there_is_a_typed_result() -> None:
    assert error({"files": FILES}, options={"service": "no/such/folder"})["remedy"]


@pytest.mark.usefixtures("cloud")
def test_a_document_beyond_lambdas_limit_is_a_typed_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "LARGEST", 100)
    assert error({"files": FILES})["code"] == "DocumentTooLarge"


@pytest.mark.usefixtures("cloud")
def test_a_mistake_of_ours_is_a_typed_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("from the source")

    monkeypatch.setattr(work, "analyze", fail)
    assert error({"files": FILES})["code"] == "InternalError"
    line = capsys.readouterr().out
    assert json.loads(line)["exception"][0] == "KeyError"
    assert "from the source" not in line


# ------------------------------------------------------------------------------------------------ version, log


def test_the_version_needs_no_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "client", lambda _: pytest.fail("a version needs no client"))
    result = handler.handler({"action": "version"}, context())
    assert result == {"request_id": "request-1", "ok": True, "version": VERSION}
    assert RESPONSE.is_valid(result)


@pytest.mark.usefixtures("cloud")
def test_each_request_leaves_one_line_without_contents(capsys: pytest.CaptureFixture[str]) -> None:
    invoke({"files": FILES})
    invoke({"files": FILES})
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first | {"duration_ms": 0} == {
        "request_id": "request-1",
        "action": "analyze",
        "ok": True,
        "error": None,
        "duration_ms": 0,
        "source": "files",
        "files": 5,
        "services": 1,
        "cache": "miss",
    }
    assert (second["cache"], second["duration_ms"] >= 0) == ("hit", True)


@pytest.mark.usefixtures("cloud")
def test_a_refused_request_is_logged_without_contents(capsys: pytest.CaptureFixture[str]) -> None:
    error({"files": {"secret name": 7}})
    line = capsys.readouterr().out
    assert json.loads(line)["error"] == "InvalidRequest"
    assert "secret" not in line


# ---------------------------------------------------------------------------------------------- language model


@pytest.mark.usefixtures("cloud")
def test_a_model_is_asked_only_where_one_is_set() -> None:
    assert error({"files": FILES}, options={"assist": True})["code"] == "AssistNotConfigured"


def test_an_assisted_analysis_has_a_key_of_its_own(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEDROCK_MODEL_ID", "maker.model-1")
    plain = invoke({"files": FILES})
    assisted = invoke({"files": FILES}, options={"assist": True})
    monkeypatch.setenv("BEDROCK_MODEL_ID", "maker.model-2")
    other = invoke({"files": FILES}, options={"assist": True})
    assert len({plain["key"], assisted["key"], other["key"]}) == len(cloud.table.items) == 3


def test_an_answer_that_failed_is_not_kept(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEDROCK_MODEL_ID", "maker.model-1")

    def failed(analysis: Any, *_: object, **__: object) -> Any:
        from analyzer.model import Caution

        return replace(analysis, warnings=(Caution("assistant_failed", "it was late"),))

    monkeypatch.setattr("analyzer.assist.assisted", failed)
    result = invoke({"files": FILES}, options={"assist": True})
    assert [row["code"] for row in json.loads(result["document"])["warnings"]] == ["assistant_failed"]
    assert cloud.table.items == {}


@pytest.mark.usefixtures("cloud")
def test_without_time_the_model_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEDROCK_MODEL_ID", "maker.model-1")
    assert error({"files": FILES}, options={"assist": True}, seconds=9)["code"] == "TimedOut"
