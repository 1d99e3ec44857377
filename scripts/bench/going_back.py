"""How long the way back to the version before takes, for `./poe rollback` and for `cdk deploy` of the older tag.

Before each measurement a newer version is deployed, not measured. Then one command, and the observer outside of both
says when the older version answers everything again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from scripts.bench import commands, workspace
from scripts.bench.deploy_report import read_report
from scripts.bench.observer import Observer, live_at, lost
from scripts.bench.process import run
from scripts.bench.sides import Change, Done, Side, Timing, await_live, converge, plain_commands
from scripts.bench.site import Site
from scripts.engine.errors import Failed
from settings.model import service_key

CDK = "npx cdk deploy STACK, older tag"


class GoingBack:
    """Both sides, and what they go back to."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._messages: dict[str, str] = {}
        """Tag -> what that version answers with."""
        self._before = ""
        """The tag that the plain side is told."""

    def start(self) -> None:
        """Two versions, so that there is one to go back to."""
        self._deploy("before the first")

    def slipway(self, site: Site, change: Change, number: int) -> Done:
        """`./poe rollback`, shim included."""
        words = [str(site.root / "poe"), "rollback", workspace.SERVICE, "--json"]
        finished = run(words, cwd=site.root, env=site.environ)
        return Done(finished.started, finished.seconds, {}, read_report(finished.lines))

    def plain(self, site: Site, change: Change, number: int) -> Done:
        """What a careful person would type who has noted the tag: no drift, the template stays."""
        (command,) = plain_commands(site, commands.PLAIN, change, self._before)
        finished = run(command.argv, cwd=site.root, env=site.plain_environment())
        return Done(finished.started, finished.seconds, {command.step: finished.seconds})

    def measure(self, site: Site, side: Side, change: Change, number: int) -> Timing:
        """Deploy a newer version, go back, and observe until the older one answers everything."""
        self._before = self._tag()
        self._deploy(f"back {number}")
        wanted = self._messages[self._chosen() if side == self.slipway else self._before]
        newer = {task.id for task in site.watcher().look().tasks}

        def is_back(answer: Mapping[str, Any]) -> bool:
            return answer["task"] not in newer and answer["message"] == wanted

        with Observer(site.url(), is_back) as observer:
            done = side(site, change, number)
            await_live(observer)
            site.await_steady()
        moment = live_at(observer.answers)
        if moment is None:
            raise Failed("the newer version answered again", where="bench")
        return Timing(done, moment - done.started, lost(observer.answers))

    def _deploy(self, message: str) -> None:
        message = f"{message} at {time.time():.0f}"
        workspace.edit_source(self.site.root, message)
        converge(self.site)
        self._messages[self._tag()] = message

    def _tag(self) -> str:
        """The tag that the stack holds."""
        tag = self.site.stack(service_key(workspace.SERVICE)).image_tag
        assert tag is not None, "deployed with a tag"
        return tag

    def _chosen(self) -> str:
        """The tag that `./poe rollback` takes: the ledger's version before, whatever the plain side did meanwhile."""
        words = [str(self.site.root / "poe"), "rollback", workspace.SERVICE, "--dry-run", "--json"]
        plan = json.loads(run(words, cwd=self.site.root, env=self.site.environ).lines[-1])
        return str(plan["services"][workspace.SERVICE]["image_tag"])
