"""The gateway and what is behind it, in slipway.toml."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from settings import SettingsError
from settings.fingerprint import fingerprints
from settings.issuer import parameter
from tests.unit.settings.conftest import TARGET, Loader, refusal

GATEWAY = '[services.gateway]\nsource = "envoy"\npath = "/"\n'
SITE = '[services.site]\nsource = "site"\n'
SHOP = '[services.shop]\nsource = "shop"\npath = "/shop"\n'
ISSUER = 'jwt_issuer = "https://login.example.com/"\njwt_audiences = ["shop"]\n'
REMOTE = TARGET + ISSUER + 'jwt_jwks = "https://login.example.com/keys"\n' + GATEWAY
INLINE = TARGET + ISSUER + 'jwt_jwks = "keys.json"\n' + GATEWAY
KEY = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}


def test_the_gateway_and_one_other_service_may_be_at_the_root(load_text: Loader) -> None:
    settings = load_text(TARGET + GATEWAY + SITE + SHOP)
    assert settings.gateway == settings.service("gateway")
    assert [settings.service(name).route for name in ("gateway", "site", "shop")] == ["/", "/", "/shop"]


def test_priorities_do_not_depend_on_the_gateway(load_text: Loader) -> None:
    without = load_text(TARGET + SITE + SHOP + "priority = 7\n")
    beside = load_text(TARGET + GATEWAY + SITE + SHOP + "priority = 7\n")
    for name in ("site", "shop"):
        assert without.service(name).priority == beside.service(name).priority


def test_what_a_service_may_say_about_its_place_behind_the_gateway(load_text: Loader) -> None:
    rows = 'public = true\nrequest_timeout = 5\nrate_limit = 10\nmax_body = 1024\nsticky = "header:X-User"\n'
    shop = load_text(TARGET + GATEWAY + SHOP + rows).service("shop")
    said = (shop.public, shop.request_timeout, shop.rate_limit, shop.max_body, shop.sticky)
    assert said == (True, 5, 10, 1024, "header:X-User")
    assert not load_text(TARGET + GATEWAY + SHOP).service("shop").public


@pytest.mark.parametrize("row", ["public = true", 'sticky = "cookie"'])
def test_what_a_repository_may_not_say_of_itself(load_text: Loader, row: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(TARGET + GATEWAY + SHOP + "[services.shop.app]\n" + row)
    assert refusal(caught.value)[1] == "unknown key"


def test_an_issuer_with_keys_on_the_web(load_text: Loader) -> None:
    text = parameter(load_text(REMOTE))
    assert text is not None
    keys = {"jwks_uri": "https://login.example.com/keys"}
    assert json.loads(text) == {"issuer": "https://login.example.com/", "audiences": ["shop"], **keys}
    assert parameter(load_text(TARGET + GATEWAY)) is None


def test_an_issuer_with_keys_in_a_file(load_text: Loader, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [KEY], "published": "today"}), "utf-8")
    text = parameter(load_text(INLINE))
    assert text is not None
    assert json.loads(text)["jwks"] == {"keys": [KEY]}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "cannot be read: No such file or directory"),
        ("keys", "not a key set"),
        ("[]", "not a key set"),
        ('{"keys": ["a"]}', "not a key set"),
        (json.dumps({"keys": [{**KEY, "d": "secret"}]}), "it holds a private key"),
        (json.dumps({"keys": [{"kty": "oct", "k": "secret"}]}), "it holds a private key"),
    ],
)
def test_a_file_that_holds_no_public_keys(load_text: Loader, tmp_path: Path, text: str | None, what: str) -> None:
    if text is not None:
        (tmp_path / "keys.json").write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        parameter(load_text(INLINE))
    assert refusal(caught.value)[:2] == ("keys.json", what)


def test_more_keys_than_a_parameter_holds(load_text: Loader, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [{**KEY, "x": "x" * 400}] * 10}), "utf-8")
    with pytest.raises(SettingsError) as caught:
        parameter(load_text(INLINE))
    assert refusal(caught.value)[0] == "slipway.toml: targets.local.jwt_jwks"


def test_an_issuer_changes_the_gateways_own_stack_alone(load_text: Loader, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [KEY]}), "utf-8")
    settings = load_text(INLINE + SHOP)
    before = fingerprints(settings)
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [KEY, KEY]}), "utf-8")
    after = fingerprints(settings)
    assert {key for key in before if before[key] != after[key]} == {"gateway"}
    other = fingerprints(replace(settings, target=replace(settings.target, jwt_audiences=())))
    assert {key for key in before if after[key] != other[key]} == {"gateway"}


def test_services_without_a_gateway_are_routed_otherwise(load_text: Loader) -> None:
    with_gateway, without = fingerprints(load_text(TARGET + GATEWAY + SHOP)), fingerprints(load_text(TARGET + SHOP))
    assert with_gateway["service-shop"] != without["service-shop"]
    assert with_gateway["platform"] != without["platform"]


def test_ecs_shifts_only_what_the_load_balancer_sends_by_itself(load_text: Loader) -> None:
    aws = TARGET.replace("embedded = true\n", 'ecs_deployment = "canary"\n')
    without, behind = load_text(aws + SHOP), load_text(aws + GATEWAY + SHOP)
    assert without.is_shifted_by_ecs(without.service("shop"))
    assert behind.is_shifted_by_ecs(behind.service("gateway"))
    assert not behind.is_shifted_by_ecs(behind.service("shop"))
    rolling = load_text(TARGET + GATEWAY + SHOP)
    assert not any(map(rolling.is_shifted_by_ecs, rolling.services))


@pytest.mark.parametrize("strategy", ["blue-green", "canary"])
def test_an_embedded_target_cannot_shift_as_ecs_does(load_text: Loader, strategy: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(TARGET + f'ecs_deployment = "{strategy}"\n' + SHOP)
    where, what, remedy = refusal(caught.value)
    assert where == "slipway.toml: targets.local.ecs_deployment"
    assert "only rolls" in what
    assert "--canary" in remedy
    load_text(TARGET + 'ecs_deployment = "rolling"\n' + SHOP)
