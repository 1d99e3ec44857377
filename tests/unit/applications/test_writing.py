"""A section is written when all of it is right, and never changes what it is not about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.applications.findings import Findings
from scripts.applications.reading import Read
from scripts.applications.settings_file import rows
from scripts.applications.wishes import Place, Wish
from scripts.applications.writing import Application, propose, record, take_back
from scripts.engine.errors import BadInput, Refused
from scripts.engine.fetching import Checkout, Origin

TEXT = """
[targets.local]
embedded = true
account = "000000000000"
region = "us-east-1"

[services.web]
source = "web"
"""
URL = "https://example.com/shop.git"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "slipway.toml").write_text(TEXT)
    return tmp_path


def application(root: Path, *, commit: str = "1", row: dict[str, Any] | None = None, **words: Any) -> Application:
    return Application(
        wish=Wish(URL, **words),
        place=Place(Origin(URL, "main")),
        source=Read(root, Checkout(commit * 40, root)),
        found=Findings(".", row or {"port": 8000}),
        suggestions=("shop", "app"),
    )


def services(root: Path) -> dict[str, Any]:
    return rows((root / "slipway.toml").read_text())


def test_recorded(root: Path) -> None:
    made = record(root, application(root), None)
    assert services(root)["shop"] == {
        "repository": URL,
        "ref": "main",
        "commit": "1" * 40,
        "path": "/shop",
        "app": {"port": 8000},
    }
    assert made.settings.service("shop").port == 8000


GATEWAY = '\n[services.gateway]\nsource = "envoy"\n'


def test_behind_a_gateway_a_new_application_is_public(root: Path) -> None:
    (root / "slipway.toml").write_text(TEXT + GATEWAY)
    made = record(root, application(root), None)
    assert (services(root)["shop"]["public"], made.is_newly_public) == (True, True)
    assert not record(root, application(root, commit="2"), None).is_newly_public
    record(root, application(root, private=True), None)
    assert "public" not in services(root)["shop"]
    assert not record(root, application(root, commit="3"), None).settings.service("shop").public


def test_a_private_one_is_left_to_the_policies(root: Path) -> None:
    (root / "slipway.toml").write_text(TEXT + GATEWAY)
    made = record(root, application(root, private=True), None)
    assert ("public" in services(root)["shop"], made.is_newly_public) == (False, False)


def test_proposed_is_not_written(root: Path) -> None:
    assert propose(root, application(root), None).name == "shop"
    assert (root / "slipway.toml").read_text() == TEXT


def test_the_same_place_is_the_same_service(root: Path) -> None:
    record(root, application(root, name="store"), None)
    assert record(root, application(root, commit="2"), None).name == "store"
    assert services(root)["store"]["commit"] == "2" * 40
    assert services(root).keys() == {"web", "store"}
    assert record(root, application(root, name="second"), None).name == "second"


def test_what_the_operator_set_wins_and_stays(root: Path) -> None:
    record(root, application(root), None)
    text = (root / "slipway.toml").read_text().replace('path = "/shop"', 'path = "/shop"\nport = 9000')
    (root / "slipway.toml").write_text(text)
    made = record(root, application(root, commit="2", row={"port": 8001}), None)
    assert made.settings.service("shop").port == 9000
    assert services(root)["shop"]["app"] == {"port": 8001}


def test_a_host_instead_of_the_path_and_back(root: Path) -> None:
    record(root, application(root), None)
    record(root, application(root, host="shop.example.com"), None)
    assert services(root)["shop"].get("host") == "shop.example.com"
    assert "path" not in services(root)["shop"]
    record(root, application(root), None)
    assert services(root)["shop"]["host"] == "shop.example.com"
    record(root, application(root, path="/store"), None)
    assert "host" not in services(root)["shop"]


def test_taken_back(root: Path) -> None:
    first = record(root, application(root), None)
    kept = (root / "slipway.toml").read_text()
    take_back(root, record(root, application(root, commit="2"), None))
    assert (root / "slipway.toml").read_text() == kept
    take_back(root, first)
    assert (root / "slipway.toml").read_text() == TEXT


@pytest.mark.parametrize(
    ("words", "row", "why"),
    [
        ({"name": "web"}, {}, "there is a service web already"),
        ({"path": "/"}, {}, "/ leads to web already"),
        ({}, {"cpu": 256, "memory": 8192}, "do not go with cpu"),
        ({}, {"secrets": {"A": "not-a-reference"}}, "not allowed"),
    ],
)
def test_refused_before_anything_is_written(root: Path, words: dict[str, Any], row: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        record(root, application(root, row={"port": 8000, **row}, **words), None)
    assert (root / "slipway.toml").read_text() == TEXT


def test_what_the_application_says_is_refused_in_its_own_words(root: Path) -> None:
    with pytest.raises(BadInput) as caught:
        record(root, application(root, row={"secrets": {"A": "b"}}), None)
    assert caught.value.where == ".slipway.toml of shop.git: secrets"


def test_another_ones_secret_is_allowed_once(root: Path) -> None:
    row = {"secrets": {"OWN": "ssm:/shop/a", "OTHER": "ssm:/billing/a"}}
    with pytest.raises(Refused, match="OTHER"):
        record(root, application(root, row=row), None)
    assert (root / "slipway.toml").read_text() == TEXT
    asked = application(root, row=row)
    record(root, replace(asked, wish=replace(asked.wish, allowed=("OTHER",))), None)
    assert services(root)["shop"]["secrets"] == {"OTHER": "ssm:/billing/a"}
    made = record(root, application(root, commit="2", row=row), None)
    assert dict(made.settings.service("shop").secrets) == row["secrets"]


def test_the_one_hundred_and_first(root: Path) -> None:
    text = TEXT + "".join(f'[services.s{at}]\nsource = "s"\npath = "/s{at}"\n' for at in range(99))
    (root / "slipway.toml").write_text(text)
    with pytest.raises(BadInput, match="101 services") as caught:
        record(root, application(root), None)
    assert "100" in caught.value.remedy
    assert (root / "slipway.toml").read_text() == text


def test_a_folder_of_this_project(root: Path) -> None:
    inside = replace(application(root), place=Place(None, "apps/a"), source=Read(root))
    record(root, inside, None)
    assert services(root)["shop"] == {"source": "apps/a", "path": "/shop", "app": {"port": 8000}}
