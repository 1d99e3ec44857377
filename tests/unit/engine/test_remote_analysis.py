"""Trees on their way to the analyzer function: what travels, how, and what comes back."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from analyzer.failure import Failure
from analyzer.key import content_key
from analyzer.source.archive import archive_tree
from analyzer.source.folder import folder_tree
from scripts.engine import remote_analysis
from scripts.engine.bucket import empty
from scripts.engine.errors import Failed, Transient
from scripts.engine.remote_analysis import Wishes, analyze_remotely, archive, local_files
from tests.unit.engine.clouds import Answer, Cloud, Refusal
from tests.unit.engine.projects import project
from tests.unit.engine.trees import plant

DOCUMENT = '{"schema":1}'
GOOD = {"request_id": "r", "ok": True, "key": "k", "cache": "hit", "document": DOCUMENT}
SETTINGS = project()
BUCKET = "shop-staging-analysis-111111111111"


def answering(result: Any) -> Any:
    """An answer to each Invoke."""
    return lambda _: {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(result).encode())}


def invoked(cloud: Cloud) -> Answer:
    """The one event that the function got."""
    (asked,) = cloud.parameters("lambda:Invoke")
    assert asked["FunctionName"] == "shop-staging-analyzer"
    return dict(json.loads(asked["Payload"]))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with what is read, what is not, what is no text, and a link."""
    folder = tmp_path / "shop"
    plant(folder, {"app/main.py": "x = 'ü'\n", "app/README.md": "prose", "app/latin.py": "", ".git/config": "x"})
    (folder / "app/latin.py").write_bytes(b"# \xe9\n")
    (folder / "app/logo.png").write_bytes(b"\x89PNG")
    (folder / "app/link.py").symlink_to("main.py")
    return folder


def test_a_small_tree_travels_in_the_request(cloud: Cloud, tree: Path) -> None:
    cloud.answers = {"lambda:Invoke": answering(GOOD)}
    assert analyze_remotely(cloud.aws, SETTINGS, str(tree), Wishes(service="app", refresh=True)) == DOCUMENT
    assert invoked(cloud) == {
        "action": "analyze",
        "source": {
            "files": {
                "app/README.md": "",
                "app/latin.py": {"base64": "IyDpCg=="},
                "app/link.py": "x = 'ü'\n",
                "app/logo.png": "",
                "app/main.py": "x = 'ü'\n",
            }
        },
        "options": {"service": "app", "assist": False},
        "refresh": True,
    }


def test_a_large_tree_is_uploaded_under_the_name_of_its_content(cloud: Cloud, tree: Path) -> None:
    noise = random.Random(1).randbytes(600_000).hex()
    plant(tree, {f"data/{n}.py": noise[n:] for n in range(4)})
    cloud.answers = {"lambda:Invoke": answering(GOOD), "s3:PutObject": {}}
    analyze_remotely(cloud.aws, SETTINGS, str(tree))
    (put,) = cloud.parameters("s3:PutObject")
    assert put["Key"].startswith("sources/")
    assert put["Key"].endswith(".zip")
    assert invoked(cloud)["source"] == {"s3": {"bucket": BUCKET, "key": put["Key"]}}


def test_what_arrives_has_the_key_of_the_folder(tree: Path) -> None:
    plant(tree, {"package-lock.json": "{}" + " " * 1_100_000})
    for root in (tree, tree / "app"):
        packed = archive(local_files(str(root)))
        assert archive(local_files(str(root))) == packed
        with archive_tree(io.BytesIO(packed)) as arrived:
            assert content_key(arrived) == content_key(folder_tree(root))
            assert arrived.listing.paths == folder_tree(root).listing.paths


def test_a_tree_below_one_folder_keeps_it(tree: Path) -> None:
    """An archive's only top folder is taken off; this one belongs to the tree."""
    with archive_tree(io.BytesIO(archive(local_files(str(tree))))) as arrived:
        assert all(path.startswith("app/") for path in arrived.listing.paths)


def test_many_small_files_are_uploaded_too(cloud: Cloud, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_analysis, "INLINE_FILES", 2)
    cloud.answers = {"lambda:Invoke": answering(GOOD), "s3:PutObject": {}}
    analyze_remotely(cloud.aws, SETTINGS, str(tree))
    assert "s3" in invoked(cloud)["source"]


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("https://git.example/a/b", {"repository": "https://git.example/a/b", "ref": None}),
        ("https://user:secret@git.example/a/b#v1", {"repository": "https://git.example/a/b", "ref": "v1"}),
        ("owner/repository#main", {"repository": "https://github.com/owner/repository", "ref": "main"}),
    ],
)
def test_a_repository_is_fetched_by_the_function(cloud: Cloud, source: str, sent: Answer) -> None:
    cloud.answers = {"lambda:Invoke": answering(GOOD)}
    analyze_remotely(cloud.aws, SETTINGS, source, Wishes(assist=True))
    assert (invoked(cloud)["source"], invoked(cloud)["options"]) == (sent, {"service": None, "assist": True})


def test_the_functions_errors_are_the_analyzers(cloud: Cloud, tree: Path) -> None:
    error = {"code": "TooLarge", "message": "it is large", "remedy": "make it small"}
    cloud.answers = {"lambda:Invoke": answering({"request_id": "r", "ok": False, "error": error})}
    with pytest.raises(Failure) as caught:
        analyze_remotely(cloud.aws, SETTINGS, str(tree))
    assert (caught.value.code, caught.value.message, caught.value.remedy) == tuple(error.values())


@pytest.mark.parametrize("payload", [{"errorMessage": "Task timed out"}, None, [], {"ok": False}], ids=str)
def test_a_function_that_breaks_off_is_told(cloud: Cloud, tree: Path, payload: Any) -> None:
    cloud.answers = {"lambda:Invoke": answering(payload)}
    with pytest.raises(Failed, match="ended without a result") as caught:
        analyze_remotely(cloud.aws, SETTINGS, str(tree))
    assert "/slipway/shop-staging/analyzer" in caught.value.remedy


def test_a_target_without_the_function_says_what_to_do(cloud: Cloud, tree: Path) -> None:
    cloud.answers = {"lambda:Invoke": Refusal("ResourceNotFoundException", "Function not found", 404)}
    with pytest.raises(Failed) as caught:
        analyze_remotely(cloud.aws, SETTINGS, str(tree))
    assert caught.value.remedy == "./poe deploy --target staging"


def test_throttling_is_transient(cloud: Cloud, tree: Path) -> None:
    cloud.answers = {"lambda:Invoke": Refusal("TooManyRequestsException", "slow", 429)}
    with pytest.raises(Transient):
        analyze_remotely(cloud.aws, SETTINGS, str(tree))


def test_an_absent_source_is_not_sent(cloud: Cloud) -> None:
    with pytest.raises(Failure, match="there is no"):
        analyze_remotely(cloud.aws, SETTINGS, "./no/such/folder")
    assert cloud.asked == []


def test_a_bucket_is_emptied_page_by_page(cloud: Cloud) -> None:
    cloud.answers = {
        "s3:ListObjectsV2": [
            {"Contents": [{"Key": "a"}, {"Key": "b"}], "IsTruncated": True, "NextContinuationToken": "t"},
            {"Contents": [{"Key": "c"}], "IsTruncated": False},
        ],
        "s3:DeleteObjects": {},
    }
    assert empty(cloud.aws, BUCKET, "111111111111") == 3
    asked = cloud.parameters("s3:DeleteObjects")
    assert [[row["Key"] for row in each["Delete"]["Objects"]] for each in asked] == [["a", "b"], ["c"]]
    assert {each["ExpectedBucketOwner"] for each in asked} == {"111111111111"}


def test_a_bucket_that_is_empty_or_not_there_is_left(cloud: Cloud) -> None:
    cloud.answers = {"s3:ListObjectsV2": {"IsTruncated": False}}
    assert empty(cloud.aws, BUCKET, "111111111111") == 0
    cloud.answers = {"s3:ListObjectsV2": Refusal("NoSuchBucket", "no", 404)}
    assert empty(cloud.aws, BUCKET, "111111111111") == 0
    cloud.answers = {"s3:ListObjectsV2": Refusal("AccessDenied", "not yours", 403)}
    with pytest.raises(Failed, match="AccessDenied"):
        empty(cloud.aws, BUCKET, "111111111111")
