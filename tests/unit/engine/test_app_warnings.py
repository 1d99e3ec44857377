"""What a person is told before an application is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.engine.declared import drift
from scripts.engine.errors import BadInput
from scripts.engine.fetching import place_of
from scripts.engine.looking import read_contexts
from scripts.engine.needs import leads_to, unmet
from scripts.engine.sources import base_of, commit_of, missing, provide
from settings import Service, load
from tests.unit.engine.trees import plant

URL = "https://example.com/shop"
COMMIT = "1" * 40
SETTINGS = f"""
[targets.local]
embedded = true
account = "000000000000"
region = "us-east-1"

[services.shop]
repository = "{URL}"
commit = "{COMMIT}"
source = "api"
path = "/shop"

[services.shop.app]
port = 8000
needs = ["postgresql"]
"""


@pytest.mark.parametrize(
    ("variable", "engine", "leads"),
    [
        ("DATABASE_URL", "postgresql", True),
        ("DATABASE_URL", "redis", False),
        ("SHOP_DATABASE_URL", "mysql", True),
        ("PGHOST", "postgresql", True),
        ("REDIS_URL", "redis", True),
        ("LEVEL", "postgresql", False),
    ],
)
def test_which_variable_leads_where(variable: str, engine: str, leads: bool) -> None:
    assert leads_to(variable, engine) is leads


def test_what_nothing_leads_to() -> None:
    service = Service("shop", ".", needs=("postgresql", "redis", "sqlite"), environment=(("REDIS_URL", "redis://x"),))
    (told,) = unmet(service)
    assert told.startswith("needs postgresql, and no variable leads to it")
    assert "[services.shop.secrets], DATABASE_URL" in told


def test_a_commit_is_built_where_it_was_put(tmp_path: Path) -> None:
    (tmp_path / "slipway.toml").write_text(SETTINGS)
    settings = load(tmp_path, environ={})
    service = settings.service("shop")
    assert missing(settings, ["shop"]) == ("shop",)
    folder = place_of(tmp_path, URL) / COMMIT
    plant(folder / "api", {"Dockerfile": "FROM a\n", "x.py": "x", ".slipway.toml": "port = 9000\n"})
    (folder.parent / f"{COMMIT}.json").write_text('{"time": 5, "warnings": ["sub: submodules are not fetched"]}')
    assert missing(settings, ["shop"]) == ()
    context = read_contexts(settings, ["shop"])["shop"]
    assert context.folder == folder / "api"
    assert [row[0] for row in context.rows] == [".slipway.toml", "Dockerfile", "x.py"]
    submodules, drifted, needed = context.warnings
    assert submodules == "sub: submodules are not fetched"
    assert drifted.startswith(".slipway.toml says otherwise than slipway.toml about port: ./poe deploy-app shop")
    assert needed.startswith("needs postgresql")
    assert commit_of(tmp_path, service) == {"id": COMMIT, "time": 5, "dirty": False}


def test_a_source_does_not_lead_out_of_its_repository(tmp_path: Path) -> None:
    (tmp_path / "slipway.toml").write_text(SETTINGS)
    folder = place_of(tmp_path, URL) / COMMIT
    folder.mkdir(parents=True)
    (folder / "api").symlink_to(tmp_path)
    with pytest.raises(BadInput, match="leads outside the repository"):
        read_contexts(load(tmp_path, environ={}), ["shop"])


def test_a_repository_without_a_commit_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        provide(tmp_path, Service("shop", ".", repository=URL))
    assert caught.value.remedy == "./poe deploy-app shop takes the newest one"


def test_where_sources_are(tmp_path: Path) -> None:
    assert base_of(tmp_path, Service("a", "x")) == tmp_path
    assert base_of(tmp_path, Service("a", ".", repository="/srv/a")) == Path("/srv/a")


def test_no_drift_for_what_deploy_app_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "slipway.toml").write_text('[services.a]\nsource = "a"\n')
    plant(tmp_path / "a", {".slipway.toml": "port = 1\n"})
    assert drift(tmp_path, Service("a", "a")) == ()
    (tmp_path / "slipway.toml").write_text("not toml")
    assert drift(tmp_path, Service("a", "a")) == ()
