"""References as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.applications.wishes import Place, Wish, place_of
from scripts.engine.errors import BadInput, Refused, SlipwayError
from scripts.engine.fetching import Origin

ROWS: dict[str, Any] = {
    "hello": {"source": "examples/hello"},
    "stock": {"repository": "https://example.com/stock", "ref": "main", "commit": "1" * 40, "source": "api"},
    "mono": {"source": "mono", "app": {"folder": "apps/web"}},
    "beside": {"repository": "/srv/beside"},
}


def place(root: Path, source: str, **words: Any) -> Place:
    return place_of(root, Wish(source, **words), ROWS)


@pytest.mark.parametrize(
    ("source", "words", "wanted"),
    [
        ("https://git.example.com/a/b.git", {}, Place(Origin("https://git.example.com/a/b.git"))),
        ("https://git.example.com/a/b#v2", {}, Place(Origin("https://git.example.com/a/b", "v2"))),
        ("https://git.example.com/a/b#v2", {"ref": "v3"}, Place(Origin("https://git.example.com/a/b", "v3"))),
        ("acme/shop", {"folder": "./web/"}, Place(Origin("https://github.com/acme/shop"), "web")),
        ("acme/shop#dev", {}, Place(Origin("https://github.com/acme/shop", "dev"))),
        (
            "https://github.com/acme/shop/tree/main/services/api",
            {},
            Place(Origin("https://github.com/acme/shop", "main"), "services/api"),
        ),
        (
            "https://gitlab.com/acme/shop/-/tree/main/services/api",
            {},
            Place(Origin("https://gitlab.com/acme/shop", "main"), "services/api"),
        ),
        (
            "https://github.com/acme/shop/tree/fix/me/api",
            {"ref": "fix/me"},
            Place(Origin("https://github.com/acme/shop", "fix/me"), "api"),
        ),
        ("https://github.com/acme/shop/tree/main", {}, Place(Origin("https://github.com/acme/shop", "main"))),
        ("http://127.0.0.1:8080/r.git", {}, Place(Origin("http://127.0.0.1:8080/r.git"))),
        ("stock", {}, Place(Origin("https://example.com/stock", "main"), "api", ".", "stock")),
        ("stock", {"ref": "v9"}, Place(Origin("https://example.com/stock", "v9"), "api", ".", "stock")),
        ("mono", {}, Place(None, "mono", "apps/web", "mono")),
        ("beside", {}, Place(Origin("/srv/beside"), ".", ".", "beside")),
        ("acme/shop", {"service": "web"}, Place(Origin("https://github.com/acme/shop"), ".", "web")),
    ],
)
def test_what_is_meant(tmp_path: Path, source: str, words: dict[str, str], wanted: Place) -> None:
    assert place(tmp_path, source, **words) == wanted


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, beside, bare = tmp_path / "project", tmp_path / "beside", tmp_path / "bare.git"
    for folder in (root / "apps/a", beside, bare / "objects", bare / "refs"):
        folder.mkdir(parents=True)
    (bare / "HEAD").touch()
    monkeypatch.chdir(root)
    assert place(root, "apps/a") == Place(None, "apps/a")
    assert place(root, "apps", folder="a") == Place(None, "apps/a")
    assert place(root, str(beside)) == Place(Origin(str(beside)))
    assert place(root, "../beside#main") == Place(Origin(str(beside), "main"))
    assert place(root, str(bare)) == Place(Origin(str(bare)))


@pytest.mark.parametrize(
    ("source", "words", "kind", "why"),
    [
        ("hello", {}, Refused, "is a service of this project"),
        ("https://u:t0ken@git.example.com/a/b", {}, BadInput, "password"),
        ("git@github.com:a/b.git", {}, BadInput, "ssh"),
        ("http://git.example.com/a/b", {}, BadInput, "not allowed"),
        ("https://git.example.com/a/b?x=1", {}, BadInput, "query"),
        ("nowhere", {}, BadInput, "there is no"),
        ("", {}, BadInput, "empty"),
        ("acme/shop", {"folder": "../../etc"}, BadInput, "leads elsewhere"),
        ("acme/shop", {"ref": "a..b"}, BadInput, "not allowed"),
        ("acme/shop", {"ref": "--upload-pack=x"}, BadInput, "not allowed"),
        ("acme/shop", {"path": "shop"}, BadInput, "not allowed"),
        ("acme/shop", {"host": "a b"}, BadInput, "not allowed"),
        ("mono", {"ref": "main"}, BadInput, "no branches"),
        ("https://example.com", {}, BadInput, "names no repository"),
        ("file:///etc", {}, BadInput, "not an http"),
    ],
)
def test_refused(source: str, words: dict[str, str], kind: type[SlipwayError], why: str) -> None:
    with pytest.raises(kind, match=why) as caught:
        place(Path("/nowhere"), source, **words)
    assert caught.value.remedy
    assert "t0ken" not in str(caught.value) + caught.value.remedy
