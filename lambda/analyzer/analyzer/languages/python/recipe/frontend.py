"""The stage that builds the front end with Node, and how the Python stage gets what it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.languages.assets import CACHES, INSTALL
from analyzer.model import Service
from analyzer.render.recipe import Copy, Run, Stage, Step, Workdir

STAGE = "frontend"


def stages(service: Service) -> tuple[Stage, ...]:
    """One stage, or none."""
    assets = _assets(service)
    if assets is None:
        return ()
    folder = str(assets["folder"])
    place = f"/app/{folder}" if folder else "/app"
    steps: list[Step] = [Workdir(place), *_program(assets)]
    steps.append(Copy(tuple(f"{folder}/{name}".lstrip("/") for name in assets["files"]), "./"))
    install = INSTALL[assets["manager"]][0 if assets["locked"] else 1]
    steps.append(Run((install,), (CACHES[assets["manager"]],), downloads=True))
    # What the build writes outside its folder is only kept when everything is there.
    source = ((".",), "/app/") if assets["whole"] else ((folder,), "./")
    steps += [Copy(*source), Run((str(assets["build"]), "rm -rf node_modules"))]
    return (Stage(f"node:{assets['node']}-bookworm-slim", tuple(steps), STAGE),)


def built(service: Service) -> list[Step]:
    """The step that brings what was built to the source."""
    assets = _assets(service)
    if assets is None:
        return []
    place = "/app" if assets["whole"] else f"/app/{assets['folder']}"
    return [Copy((place,), place, stage=STAGE)]


def _assets(service: Service) -> Mapping[str, Any] | None:
    found = service.details.get("frontend")
    return found if isinstance(found, Mapping) else None


def _program(assets: Mapping[str, Any]) -> list[Step]:
    """A package manager that Node does not come with."""
    manager = str(assets["manager"])
    if manager == "npm":
        return []
    version = assets.get("manager_version")
    return [
        Run(
            (f"npm install -g {manager}@{version}" if version else f"npm install -g {manager}",),
            ("/root/.npm",),
            downloads=True,
        )
    ]
