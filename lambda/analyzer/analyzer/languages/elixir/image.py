"""The image of an Elixir service: a release, on the image that it was made on, so that its C libraries are there."""

from __future__ import annotations

import re

from analyzer.languages import assets
from analyzer.languages.compiled.image import apt
from analyzer.model import Service, Start
from analyzer.render.recipe import Command, Copy, Env, Expose, Recipe, Run, Stage, Step, Workdir

IGNORE = ("_build", "deps", "**/*.beam", "cover", "doc", "test", "priv/static/assets", "erl_crash.dump")
HEX = "mix local.hex --force --if-missing && mix local.rebar --force --if-missing"


def recipe(service: Service) -> Recipe | None:
    """The stages; None without a release."""
    start, version = service.value("start"), str(service.value("runtime_version") or "")
    name = service.details.get("release")
    if not isinstance(start, Start) or start.kind != "beam-release" or not name or not re.match(r"\d", version):
        return None
    node = service.details.get("assets")
    otp = service.details.get("otp")
    base = f"elixir:{version}-otp-{otp}-slim" if otp else f"elixir:{version}-slim"
    stages = [
        *([assets.stage(node)] if node else []),
        Stage(base, tuple(_build(service, name)), "build"),
        Stage(base, tuple(_final(service, name))),
    ]
    return Recipe(tuple(stages), IGNORE)


def _build(service: Service, name: str) -> list[Step]:
    details, node = service.details, service.details.get("assets")
    manifests = [str(path) for path in details.get("manifests") or ()]
    top = ["mix.exs", *(["mix.lock"] if details.get("lock") else [])]
    nested = [Copy((path,), path.rpartition("/")[0] + "/") for path in manifests if "/" in path]
    steps: list[Step] = [
        *apt(service.build_packages),
        Workdir("/app"),
        Env((("MIX_ENV", "prod"), ("LANG", "C.UTF-8"))),
        Copy(tuple(top), "./"),
        *nested,
        Run((*HEX.split(" && "), "mix deps.get --only prod"), downloads=True),
        *([Copy(("config",), "config")] if details.get("configured") else []),
        Run(("mix deps.compile",)),
        *(assets.steps(node) if node else ()),
        Copy((".",), "."),
        Run(("mix compile",)),
    ]
    if command := _assets(service):
        steps.append(Run((command,), downloads=True))
    steps.append(Run((f"mix release {name}", f"mv _build/prod/rel/{name} /release")))
    return steps


def _assets(service: Service) -> str | None:
    details, node = service.details, service.details.get("assets")
    if details.get("deploy_assets"):
        return "mix assets.deploy"
    if node and node["build"]:
        return f"(cd assets && {node['build']}) && mix phx.digest"
    return "mix phx.digest" if details.get("digest") else None


def _final(service: Service, name: str) -> list[Step]:
    port = service.value("port")
    variables = [("LANG", "C.UTF-8"), ("HOME", "/tmp")]  # noqa: S108 - the runtime writes its cookie and history there
    if port:
        variables.append(("PORT", str(port)))
    if service.value("framework") == "phoenix":
        variables.append(("PHX_SERVER", "true"))
    return [
        *apt(service.system_packages),
        Workdir("/app"),
        Copy(("/release",), "/app", stage="build"),
        Run(("chmod -R a+rX /app",)),
        Env(tuple(variables)),
        *([Expose(int(port))] if port else []),
        Command((f"/app/bin/{name}", "start")),
    ]
