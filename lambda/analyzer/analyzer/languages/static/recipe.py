"""The image of a static site."""

from __future__ import annotations

from analyzer.languages.compiled.image import apt
from analyzer.languages.static import site
from analyzer.model import Service
from analyzer.render.recipe import Copy, Recipe, Run, Stage, Workdir

BUILDER = "debian:bookworm-slim"


def recipe(service: Service) -> Recipe | None:
    """Files as they are, or what a generator that Debian has writes; None for one that Debian has not."""
    details = service.details.get("static")
    if not isinstance(details, dict) or service.value("start") is None:
        return None
    folder, fallback = str(details["folder"]), str(details["fallback"])
    port = int(service.value("port") or site.PORT)
    build = service.value("build_command")
    if build is None:
        return Recipe((site.stage(source=None, folder=_source(folder), fallback=fallback, port=port),))
    if details["package"] is None:
        return None
    steps = (*apt([str(details["package"])]), Workdir("/app"), Copy((".",), "./"), Run((build,)))
    last = site.stage(source="build", folder=f"/app/{folder}", fallback=fallback, port=port)
    return Recipe((Stage(BUILDER, steps, "build"), last))


def _source(folder: str) -> str:
    return "." if folder == "." else f"{folder}/"
