"""deploy-app, apps and remove-app up to the session, and what they make of how it ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts import deploy_app, remove_app, session
from scripts.apps import source_of
from scripts.engine.errors import Failed, RolledBack, SlipwayError
from scripts.engine.events import Events
from scripts.engine.model import Path as DeployPath
from scripts.engine.model import Plan, Verdict
from scripts.engine.outcome import Outcome
from settings import Settings
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.trees import plant
from tests.unit.engine.worlds import session as world_of
from tests.unit.verbs.conftest import Run

TEXT = """# ours
[targets.local]
embedded = true
account = "000000000000"
region = "us-east-1"

[services.web]
source = "web"
"""
APP = {
    "apps/shop/main.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef h(): return 1\n",
    "apps/shop/requirements.txt": "fastapi\nuvicorn\n",
}
PLAN = Plan("local", DeployPath.FAST, "changed", ())


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (session, deploy_app, remove_app):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slipway.toml").write_text(TEXT)
    return plant(tmp_path, APP)


Ends = Callable[..., None]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Ends:
    """Let the deploy end in a way."""

    def how(error: SlipwayError | None, *, raised: bool = False, updating: bool = False) -> None:
        def in_session(settings: Settings, events: Events, shell: Any, act: Any) -> Outcome:
            world = world_of(Cloud(), settings=settings)
            world.events, world.updating = events, updating
            monkeypatch.setattr(deploy_app, "deploy", lambda world, names: None)
            act(world)
            if error and raised:
                raise error
            verdict = Verdict.ROLLED_BACK if error else Verdict.LIVE
            return Outcome(verdict, PLAN, {"shop": error} if error else {})

        monkeypatch.setattr(deploy_app, "in_session", in_session)

    return how


def written(root: Path) -> bool:
    return "[services.shop]" in (root / "slipway.toml").read_text()


def test_live_stays_in_the_file(root: Path, run: Run, ends: Ends) -> None:
    ends(None)
    assert run("deploy_app", "apps/shop").code == 0
    assert (root / "slipway.toml").read_text().startswith(TEXT)
    assert 'source = "apps/shop"' in (root / "slipway.toml").read_text()


@pytest.mark.parametrize("raised", [True, False])
@pytest.mark.parametrize("updating", [True, False])
def test_only_what_changed_the_target_stays(root: Path, run: Run, ends: Ends, *, raised: bool, updating: bool) -> None:
    ends(Failed("no") if raised else RolledBack("no"), raised=raised, updating=updating)
    ended = run("deploy_app", "apps/shop")
    assert ended.code in (4, 5)
    assert written(root) is updating
    if not updating:
        assert (root / "slipway.toml").read_text() == TEXT
        assert "in slipway.toml is as it was" in ended.out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "SOURCE is missing"),
        (("./apps/nowhere",), "apps/nowhere"),
        (("web",), "is a service of this project"),
        (("apps/shop", "--name", "Bad Name"), "is not a service's name"),
        (("apps/shop", "--path", "shop"), "not allowed"),
        (("apps/shop", "--path", "/"), "leads to web already"),
        (("apps/shop", "--path", "/a", "--host", "a.example.com"), "a path or a host"),
        (("apps/shop", "--folder", "nothing"), "there is no folder"),
        (("apps/shop", "--service", "nothing"), "no service in nothing"),
        (("apps/shop", "--target", "mars"), "there is no target"),
    ],
)
def test_refused_before_anything_is_written(root: Path, run: Run, words: tuple[str, ...], why: str) -> None:
    ended = run("deploy_app", *words)
    assert ended.code in (2, 3)
    assert why in ended.err
    assert (root / "slipway.toml").read_text() == TEXT


def test_an_image_that_is_there_is_no_source(root: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_TAG", "src-1")
    assert "builds from source" in run("deploy_app", "apps/shop").err


def test_a_word_behind_wait_is_the_source(root: Path, run: Run, ends: Ends) -> None:
    ends(None)
    assert run("deploy_app", "--wait", "apps/shop").code == 0
    assert written(root)


def test_where_a_service_comes_from_on_one_line() -> None:
    row = {"repository": "https://example.com/a", "source": "api", "ref": "main", "commit": "1" * 40}
    assert source_of(row) == "https://example.com/a/api#main at 111111111111"
    assert source_of({**row, "source": ".", "ref": None, "commit": None}) == "https://example.com/a"
    assert source_of({**row, "repository": None}) == "api"
