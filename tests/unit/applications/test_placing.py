"""Names and routes that collide with nothing."""

from __future__ import annotations

import pytest

from scripts.applications.placing import chosen_name, placed, valid_name
from scripts.engine.errors import BadInput
from settings import rules

ROWS = {"web": {"path": "/"}, "shop": {"source": "shop", "path": "/shop"}, "api": {"host": "api.example.com"}}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("My_Shop.git", "my-shop"), ("42-things", "things"), ("a" * 40, "a" * 28), ("日本", "")],
)
def test_valid_names(text: str, wanted: str) -> None:
    name = valid_name(text)
    assert name.startswith(wanted)
    assert not name or rules.is_name(28)(name)


def test_the_first_that_can_be_made() -> None:
    assert chosen_name(None, ["日本", "shop"]) == "shop"
    assert chosen_name(None, ["日本"]) == "app"
    assert chosen_name("mine", ["shop"]) == "mine"
    with pytest.raises(BadInput, match="not a service's name"):
        chosen_name("Mine!", [])


def test_nobody_else_is_the_gateway() -> None:
    assert chosen_name(None, ["gateway", "api"]) == "api"
    with pytest.raises(BadInput, match="name of the gateway"):
        chosen_name("gateway", [])


def test_the_gateway_leaves_the_root_to_others() -> None:
    rows = {"gateway": {"source": "envoy", "path": "/"}}
    assert placed("site", rows, path="/", host=None) == {"path": "/", "host": None}


def test_routes() -> None:
    assert placed("new", ROWS, path=None, host=None) == {"path": "/new"}
    assert placed("new", ROWS, path="/a/b", host=None) == {"path": "/a/b", "host": None}
    assert placed("new", ROWS, path=None, host="a.example.com") == {"host": "a.example.com", "path": None}
    assert placed("api", ROWS, path=None, host=None) == {}
    assert placed("shop", ROWS, path="/shop", host=None) == {"path": "/shop", "host": None}


@pytest.mark.parametrize(
    ("path", "host", "why"),
    [
        ("/shop", None, "/shop leads to shop already"),
        ("/", None, "leads to web already"),
        (None, "api.example.com", "api.example.com leads to api already"),
        ("/x", "x.example.com", "a path or a host"),
    ],
)
def test_collisions(path: str | None, host: str | None, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        placed("new", ROWS, path=path, host=host)
