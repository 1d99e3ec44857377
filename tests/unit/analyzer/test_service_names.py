"""What services are called: by their manifest, their folder, within what slipway.toml allows."""

from __future__ import annotations

import pytest

from analyzer import services
from analyzer.findings import Findings
from analyzer.project import Project
from analyzer.source.view import of_memory

NAMES: list[tuple[dict[str, bytes | str], str, str]] = [
    ({"package.json": '{"name": "@acme/Shop_Front.End"}'}, ".", "shop-front-end"),
    ({"pyproject.toml": '[project]\nname = "shop"'}, ".", "shop"),
    ({"pyproject.toml": '[tool.poetry]\nname = "2shop"'}, ".", "shop"),
    ({"go.mod": "module github.com/acme/shop/v2"}, ".", "shop"),
    ({"Cargo.toml": '[package]\nname = "shop_rs"'}, ".", "shop-rs"),
    ({"composer.json": '{"name": "acme/shop"}'}, ".", "shop"),
    ({"apps/My Shop!/x": ""}, "apps/My Shop!", "my-shop"),
    ({"package.json": '{"name": 5}'}, ".", "app"),
    ({"backend/pyproject.toml": '[project]\nname = "app"'}, "backend", "backend"),
    ({"shop/src/x": ""}, "shop/src", "shop"),
    ({"src/app/x": ""}, "src/app", "app"),
    ({"package.json": "[", "pyproject.toml": "x"}, ".", "app"),
    ({"package.json": '{"name": "42"}'}, ".", "app"),
    ({"package.json": '{"name": "' + "long-" * 20 + '"}'}, ".", "long-long-long-long-long"),
    ({"package.json": '{"name": "' + "a" * 40 + '"}'}, ".", "a" * 28),
    (
        {"spring-petclinic-customers-service/pom.xml": ""},
        "spring-petclinic-customers-service",
        "petclinic-customers-service",
    ),
]


@pytest.mark.parametrize(("files", "root", "name"), NAMES)
def test_names(files: dict[str, bytes | str], root: str, name: str) -> None:
    assert services.name_of(Project(of_memory(files), root, Findings())) == name
