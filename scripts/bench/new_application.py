"""How long an application that was never seen takes from its git URL to live, and how long its second commit takes.

A small FastAPI repository, served over HTTP on loopback. Every repeat has a repository, a name and a first layer of its
own, so that neither source, nor analysis, nor layers are cached; the base image and what the package manager keeps of
downloads are on disk, unless this machine never built such an application.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from scripts.bench.deploy_report import read_report
from scripts.bench.git_server import git, serving
from scripts.bench.observer import Observer, live_at, lost
from scripts.bench.process import run
from scripts.bench.sides import await_live
from scripts.bench.site import Site
from scripts.bench.spread import spread
from scripts.engine.errors import Failed

MAIN = '''"""Orders, in memory."""

from fastapi import FastAPI

MESSAGE = "{message}"
app = FastAPI(title="Orders")


@app.get("/health")
def health() -> dict[str, str]:
    return {{"status": "ok"}}


@app.get("/")
def index() -> dict[str, str]:
    return {{"message": MESSAGE}}
'''
REQUIREMENTS = "# {unique}\nfastapi==0.115.12\nuvicorn==0.34.2\n"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Turn:
    """One `./poe deploy-app`: seconds until the new version answered everything, and of the whole command."""

    live: float
    wall: float
    lost: int


def measure(site: Site, repeats: int, say: Say) -> dict[str, Any]:
    """Facts: of the first deploy and of the second commit, seconds to live and of the whole command."""
    found: dict[str, list[Turn]] = {"first": [], "second": []}
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name, serving(Path(name)) as address:
        for number in range(repeats):
            one = Repository(Path(name) / f"orders-{number}")
            for what, turns in found.items():
                turns.append(_deploy(site, one, f"{address}/{one.name}/.git"))
                say(f"app      {what:<6} {turns[-1].live:30.2f} s to live, {turns[-1].wall:.2f} s the command")
            run([str(site.root / "poe"), "remove-app", one.name, "--yes"], cwd=site.root, env=site.environ)
    return {what: facts_of(turns) for what, turns in found.items()}


def facts_of(turns: list[Turn]) -> dict[str, Any]:
    """Spreads of several turns."""
    return {
        "live": spread([turn.live for turn in turns]).as_facts(),
        "wall": spread([turn.wall for turn in turns]).as_facts(),
    }


class Repository:
    """A git repository with one application in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, folder.name
        self._numbers = itertools.count(1)
        folder.mkdir()
        git(folder, "init", "-q", "-b", "main")
        (folder / "requirements.txt").write_text(REQUIREMENTS.format(unique=uuid4()), "utf-8")

    def commit(self) -> str:
        """One more commit, which changes one line; the text that this version answers with."""
        message = f"{self.name} {next(self._numbers)}"
        (self.folder / "main.py").write_text(MAIN.format(message=message), "utf-8")
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-qm", message)
        return message


def _deploy(site: Site, one: Repository, url: str) -> Turn:
    message = one.commit()

    def is_new(answer: Mapping[str, Any]) -> bool:
        return answer.get("message") == message

    words = [str(site.root / "poe"), "deploy-app", url, "--name", one.name, "--json"]
    with Observer(site.url(f"/{one.name}"), is_new) as observer:
        done = run(words, cwd=site.root, env=site.environ)
        await_live(observer)
    if (verdict := read_report(done.lines).verdict) != "live":
        raise Failed(f"{verdict} instead of live", where="./poe deploy-app")
    moment = live_at(observer.answers)
    assert moment is not None, "awaited"
    site.await_steady(one.name)
    return Turn(moment - done.started, done.seconds, lost(observer.answers))
