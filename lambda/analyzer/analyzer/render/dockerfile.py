"""Writes a recipe down as a Dockerfile, with what every image has: the unprivileged user, labels, the CA secret."""

from __future__ import annotations

import json
import re
from functools import singledispatch

from analyzer.render.recipe import (
    UID,
    Command,
    Comment,
    Copy,
    Entry,
    Env,
    Expose,
    Health,
    Recipe,
    Run,
    Stage,
    Step,
    Workdir,
)

HEADER = "# Written by `./poe analyze --write`. Edit it freely: a Dockerfile that exists is used as it is.\n"
CA_VARIABLES = {
    "PIP_CERT": re.compile(r"\b(pip|poetry|pdm|pipenv)\b"),
    "REQUESTS_CA_BUNDLE": re.compile(r"\b(poetry|pdm|pipenv)\b"),
    "HEX_CACERTS_PATH": re.compile(r"\bmix\b"),
    "NODE_EXTRA_CA_CERTS": re.compile(r"\b(npm|npx|pnpm|yarn|bun|node|corepack|deno)\b"),
}
"""Variables that tell a program of a bundle of certificate authorities, beside SSL_CERT_FILE, which most know."""
CONTINUED = " && \\\n    "


def dockerfile(recipe: Recipe, *, title: str) -> str:
    """The file's text; `title` becomes the image's OCI title (others of its labels are given when it is built)."""
    *earlier, image = recipe.stages
    parts = [_stage(stage) for stage in earlier]
    return HEADER + "\n\n".join([*parts, _image(image, title)]) + "\n"


def _stage(stage: Stage) -> str:
    name = f" AS {stage.name}" if stage.name else ""
    return "\n".join([f"FROM {stage.base}{name}", *(_written(step) for step in stage.steps)])


def _image(stage: Stage, title: str) -> str:
    """The last stage: its command comes after the user."""
    before = tuple(step for step in stage.steps if not isinstance(step, Expose | Health | Entry | Command))
    after = tuple(step for step in stage.steps if isinstance(step, Expose | Health | Entry | Command))
    lines = [f"LABEL org.opencontainers.image.title={json.dumps(title)}", f"USER {UID}:{UID}"]
    return "\n".join([_stage(Stage(stage.base, before)), *lines, *(_written(step) for step in after)])


@singledispatch
def _written(step: Step) -> str:
    raise TypeError(type(step).__name__)


@_written.register
def _comment(step: Comment) -> str:
    return f"# {step.text}"


@_written.register
def _env(step: Env) -> str:
    return "ENV " + " \\\n    ".join(f"{name}={_quoted(value)}" for name, value in step.variables)


@_written.register
def _workdir(step: Workdir) -> str:
    return f"WORKDIR {step.path}"


@_written.register
def _copy(step: Copy) -> str:
    options = [
        f"--from={step.stage}" if step.stage else "",
        f"--chown={UID}:{UID}" if step.owned else "",
        f"--chmod={step.mode}" if step.mode else "",
    ]
    places = [*step.sources, step.destination]
    plain = not any(" " in place for place in places)
    written = " ".join(places) if plain else json.dumps(places, ensure_ascii=False)
    return " ".join(["COPY", *filter(None, options), written])


@_written.register
def _run(step: Run) -> str:
    mounts = [f"--mount=type=cache,target={folder}" for folder in step.caches]
    if step.downloads:
        mounts.append("--mount=type=secret,id=ca")
    commands = CONTINUED.join(step.commands)
    if not mounts:
        return f"RUN {commands}"
    certificates = [f"    {_with_ca(commands)}; \\\n"] if step.downloads else []
    return "".join([" ".join(["RUN", *mounts]), " \\\n", *certificates, f"    {commands}"])


def _with_ca(commands: str) -> str:
    names = ["SSL_CERT_FILE", *(name for name, programs in CA_VARIABLES.items() if programs.search(commands))]
    return "if [ -s /run/secrets/ca ]; then export " + " ".join(f"{name}=/run/secrets/ca" for name in names) + "; fi"


@_written.register
def _expose(step: Expose) -> str:
    return f"EXPOSE {step.port}"


@_written.register
def _health(step: Health) -> str:
    return f"HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD {json.dumps(step.argv)}"


@_written.register
def _entry(step: Entry) -> str:
    return f"ENTRYPOINT {json.dumps(step.argv, ensure_ascii=False)}"


@_written.register
def _command(step: Command) -> str:
    return f"CMD {json.dumps(step.argv, ensure_ascii=False)}"


def _quoted(value: str) -> str:
    if value and all(char.isalnum() or char in "-_./:=,@+" for char in value.replace("$PATH", "")):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
