"""Which target, profile, tag and registry come out of the file, the command line and the environment together."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import SettingsError
from tests.unit.settings.conftest import SERVICE, TARGET, Loader, refusal

STAGING = '[targets.staging]\naccount = "111111111111"\nregion = "eu-central-1"\nprofile = "team"\n'
CHINA = '[targets.china]\naccount = "222222222222"\nregion = "cn-north-1"\n'
ALL = TARGET + STAGING + CHINA + SERVICE
KNOWN = "targets: local, staging, china"
TAG_RULE = "use letters, digits, '_', '.' and '-', at most 128 characters, not starting with '.' or '-'"


@pytest.mark.parametrize(
    ("default", "variable", "choice"),
    [
        (None, None, (None, "local")),
        ("staging", None, (None, "staging")),
        ("staging", "china", (None, "china")),
        ("staging", "china", ("local", "local")),
        ("staging", "", (None, "staging")),
        (None, "staging", ("china", "china")),
    ],
)
def test_the_nearest_choice_of_a_target_wins(
    load_text: Loader, default: str | None, variable: str | None, choice: tuple[str | None, str]
) -> None:
    option, chosen = choice
    text = f'default_target = "{default}"\n{ALL}' if default else ALL
    environ = {} if variable is None else {"SLIPWAY_TARGET": variable}
    settings = load_text(text, target=option, environ=environ)
    assert settings.target.name == chosen
    assert settings.targets == ("local", "staging", "china")


def test_every_choice_of_an_unknown_target_says_where_it_was_made(load_text: Loader) -> None:
    cases: tuple[tuple[str, str | None, dict[str, str], str], ...] = (
        ("--target", "prod", {}, ALL),
        ("SLIPWAY_TARGET", None, {"SLIPWAY_TARGET": "prod"}, ALL),
        ("slipway.toml: default_target", None, {}, 'default_target = "prod"\n' + ALL),
    )
    for where, option, environ, text in cases:
        with pytest.raises(SettingsError) as caught:
            load_text(text, target=option, environ=environ)
        assert refusal(caught.value) == (where, "there is no target 'prod'", KNOWN)


def test_an_empty_option_is_a_mistake_and_not_the_default(load_text: Loader) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(ALL, target="", environ={"SLIPWAY_TARGET": "staging"})
    assert refusal(caught.value) == ("--target", "there is no target ''", KNOWN)


def test_no_default_and_no_local_target(load_text: Loader) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(STAGING + SERVICE)
    assert refusal(caught.value) == (
        "slipway.toml: default_target",
        "there is no target 'local'",
        "targets: staging",
    )


def test_a_target_name_from_outside_is_shortened_in_the_message(load_text: Loader) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(ALL, target="x" * 5000)
    assert caught.value.what == "there is no target '" + "x" * 56 + "..."


@pytest.mark.parametrize(
    ("target", "variable", "profile"),
    [
        ("staging", None, "team"),
        ("staging", "mine", "mine"),
        ("staging", "", "team"),
        ("china", None, None),
        ("china", "mine", "mine"),
        ("local", "mine", None),
    ],
)
def test_profile(load_text: Loader, target: str, variable: str | None, profile: str | None) -> None:
    environ = {} if variable is None else {"AWS_PROFILE": variable}
    assert load_text(ALL, target=target, environ=environ).target.profile == profile


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("local", "localhost:4566"),
        ("staging", "111111111111.dkr.ecr.eu-central-1.amazonaws.com"),
        ("china", "222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_images_are_named_after_the_targets_registry(load_text: Loader, target: str, host: str) -> None:
    settings = load_text(ALL, target=target)
    assert settings.target.registry_host == host
    assert settings.image("hello", "src-1") == f"{host}/slipway-{target}/hello:src-1"


@pytest.mark.parametrize(("written", "port"), [("41234", 41234), ("41234\n", 41234), ("soon", 4566), ("", 4566)])
def test_the_embedded_cloud_tells_its_port_in_a_file(
    load_text: Loader, tmp_path: Path, written: str, port: int
) -> None:
    (tmp_path / ".slipway" / "local").mkdir(parents=True)
    (tmp_path / ".slipway" / "local" / "port").write_text(written, "ascii")
    assert load_text(ALL).target.registry_host == f"localhost:{port}"


@pytest.mark.parametrize(
    ("tag", "kept"), [("v1.2_3-4", "v1.2_3-4"), ("_", "_"), ("a" * 128, "a" * 128), ("", None), (None, None)]
)
def test_image_tag(load_text: Loader, tag: str | None, kept: str | None) -> None:
    assert load_text(ALL, environ={} if tag is None else {"IMAGE_TAG": tag}).image_tag == kept


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("x;rm -rf /", "'x;rm -rf /'"),
        ("$(id)", "'$(id)'"),
        ("../x", "'../x'"),
        ("-x", "'-x'"),
        (".x", "'.x'"),
        ("v1\n", "'v1\\n'"),
        ("größe", "'größe'"),
        ("a" * 129, "'" + "a" * 56 + "..."),
    ],
)
def test_bad_image_tag(load_text: Loader, tag: str, shown: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(ALL, environ={"IMAGE_TAG": tag})
    assert refusal(caught.value) == ("IMAGE_TAG", f"{shown} is not an image tag", TAG_RULE)


def test_names_derive_from_project_and_target(load_text: Loader) -> None:
    settings = load_text('name = "shop"\n' + ALL, target="staging")
    assert settings.stack_keys == ("registry", "platform", "ledger", "analysis", "service-hello")
    assert settings.stack_name("service-hello") == "shop-staging-service-hello"
    assert settings.repository("hello") == "shop-staging/hello"
    assert (settings.cluster, settings.ledger_table) == ("shop-staging", "shop-staging-ledger")


def test_tables_are_kept_sorted_so_that_their_order_means_nothing(load_text: Loader) -> None:
    settings = load_text(ALL + 'environment = { B = "2", A = "1" }\nbuild_args = { D = "4", C = "3" }\n')
    assert settings.service("hello").environment == (("A", "1"), ("B", "2"))
    assert settings.service("hello").build_args == (("C", "3"), ("D", "4"))
