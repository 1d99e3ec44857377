"""The image of an Elixir service: a release, on the image that it was made on, so that its C libraries are there."""

from __future__ import annotations

import re

from analyzer.languages import assets
from analyzer.languages.compiled.image import apt
from analyzer.model import Service, Start
from analyzer.render.recipe import Command, Copy, Env, Expose, Recipe, Run, Stage, Step, Workdir

IGNORE = ("_build", "deps", "**/*.beam", "cover", "doc", "test", "priv/static/assets", "erl_crash.dump")
OTP = {
    "1.13": (22, 25),
    "1.14": (23, 26),
    "1.15": (24, 26),
    "1.16": (24, 26),
    "1.17": (25, 27),
    "1.18": (25, 28),
    "1.19": (26, 28),
}
"""Series of Elixir -> the oldest and newest OTP that its official images come with."""
WITHOUT_TIMES = "find /release -exec touch --no-dereference --date=@0 {} +"
HEX = "mix local.hex --force --if-missing && mix local.rebar --force --if-missing"


def recipe(service: Service) -> Recipe | None:
    """The stages; None without a release."""
    start, version = service.value("start"), str(service.value("runtime_version") or "")
    name = service.details.get("release")
    if not isinstance(start, Start) or start.kind != "beam-release" or not name or not re.match(r"\d", version):
        return None
    node = service.details.get("assets")
    base = f"elixir:{version}{_otp(service, version)}-slim"
    stages = [
        *([assets.stage(node)] if node else []),
        Stage(base, tuple(_build(service, name)), "build"),
        Stage(base, tuple(_final(service, name))),
    ]
    return Recipe(tuple(stages), IGNORE)


def _otp(service: Service, version: str) -> str:
    """The part of the image's tag that names Erlang/OTP: the pinned one where an image was published with it."""
    otp, parts = service.details.get("otp"), re.findall(r"\d+", version)[:2]
    first, last = OTP.get(".".join(parts), (0, 0))
    return f"-otp-{otp}" if otp and first <= int(otp) <= last else ""


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
    steps.append(
        Run((f"mix release {name}", f"mv _build/prod/rel/{name} /release", "chmod -R a+rX /release", WITHOUT_TIMES))
    )
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
    places = [("HOME", "/tmp"), ("RELEASE_TMP", "/tmp")]  # noqa: S108 - what a release writes when it starts
    variables = [("LANG", "C.UTF-8"), *places]
    if port:
        variables.append(("PORT", str(port)))
    if service.value("framework") == "phoenix":
        variables.append(("PHX_SERVER", "true"))
    return [
        *apt(service.system_packages),
        Workdir("/app"),
        Copy(("/release",), "/app", stage="build"),
        Env(tuple(variables)),
        *([Expose(int(port))] if port else []),
        Command((f"/app/bin/{name}", "start")),
    ]
