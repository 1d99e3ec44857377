"""An existing Dockerfile: it is used as it is, so what its last stage exposes, checks and runs is what happens."""

from __future__ import annotations

import re
import shlex

from analyzer import confidence, start_command
from analyzer.intent import typed
from analyzer.intent.declaration import File
from analyzer.intent.instructions import Stage, exec_form, final_stage, replaced
from analyzer.model import Evidence, Start
from analyzer.project import Project
from analyzer.start_command.ports import port_of

NAMES = ("Dockerfile", "dockerfile", "Containerfile", "Dockerfile.production", "Dockerfile.prod")
CHECKED = re.compile(r"https?://[^/\s\"'$]*(?:\$\{?\w+[^/\s\"']*)?(/[^\s\"'|)]*)")
IMAGES = {
    "python": "python",
    "node": "node",
    "golang": "go",
    "ruby": "ruby",
    "php": "php",
    "openjdk": "java",
    "eclipse-temurin": "java",
    "amazoncorretto": "java",
    "maven": "java",
    "gradle": "java",
    "rust": "rust",
    "elixir": "elixir",
    "bun": "node",
    "deno": "deno",
    "aspnet": "dotnet",
    "sdk": "dotnet",
    "dart": "dart",
    "uvicorn-gunicorn-fastapi": "python",
    "uvicorn-gunicorn-starlette": "python",
    "uvicorn-gunicorn": "python",
    "meinheld-gunicorn-flask": "python",
    "uwsgi-nginx-flask": "python",
    "nginx": "static",
}
"""Official images -> language; `sdk` and `aspnet` are those of .NET."""


PORTS = {
    "nginx": 80,
    "nginx-unprivileged": 8080,
    "httpd": 80,
    "caddy": 80,
    "tomcat": 8080,
    "uvicorn-gunicorn-fastapi": 80,
    "uvicorn-gunicorn-starlette": 80,
    "uvicorn-gunicorn": 80,
    "meinheld-gunicorn-flask": 80,
    "uwsgi-nginx-flask": 80,
}
"""Images that start a server themselves -> the port that they listen on (description of each on Docker Hub)."""
CONFIGURATIONS = (
    "nginx.conf",
    "default.conf",
    "*.conf",
    "nginx/*.conf",
    "conf/*.conf",
    "docker/*.conf",
    "config/*.conf",
)
LISTENS = re.compile(r"^\s*listen\s+(?:\S+:)?(\d+)")


def read(project: Project) -> None:
    """The Dockerfile that another file named, or the one in the service's root."""
    path = located(project)
    stage = final_stage(project.view.text(path) or "") if path else None
    if path is None or stage is None:
        return
    file = File(project, path)
    file.dockerfile(path)
    _start(file, stage)
    _ports(file, stage)
    _health(file, stage)
    if language := language_of(stage.image):
        reason = f"{path} is based on {stage.image}"
        project.findings.add("language", language, confidence.CHOSEN, reason, _at(file, stage.line))


def located(project: Project) -> str | None:
    """The Dockerfile, relative to the service's root."""
    named = project.findings.details.get("dockerfile")
    if isinstance(named, str):
        return named if project.root == "." else named.removeprefix(project.root + "/")
    return project.view.first(*NAMES)


def language_of(image: str) -> str | None:
    """The language that an official image is for."""
    return IMAGES.get(name_of(image))


def name_of(image: str) -> str:
    """An image's name without registry, tag and digest."""
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]


def version_of(image: str) -> str | None:
    """The version in an image's tag, such as 3.11 in python:3.11-slim."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", image.rpartition("/")[2].partition("@")[0].partition(":")[2])
    return found[1] if found else None


def _start(file: File, stage: Stage) -> None:
    start = _command(stage)
    found = stage.command or stage.entry
    if start is None or found is None:
        return
    where = _at(file, found.line)
    # What a script of the manifest runs is its language's to say: templates leave CMD ["npm", "start"] behind.
    sureness = confidence.DEFAULT if start.kind == "package-script" else file.sureness
    file.project.findings.add("start", start, sureness, f"{file.path} runs it", where)
    if port := port_of(start.command):
        file.project.findings.add("port", port, file.sureness, f"the command in {file.path} names it", where)


def _command(stage: Stage) -> Start | None:
    """ENTRYPOINT and CMD together, as Docker joins them: a shell-form ENTRYPOINT ignores CMD."""
    command = replaced_command(stage.command.rest if stage.command else "", stage)
    if stage.entry is None:
        words = exec_form(command)
        return start_command.of_argv(words) if words else start_command.parse(command) if command else None
    entry = exec_form(stage.entry.rest)
    if entry is None:
        return start_command.parse(stage.entry.rest)
    words = exec_form(command) if command else []
    joined = [*entry, *(words if words is not None else ["/bin/sh", "-c", command])]
    return _behind_script(joined, len(entry)) if joined else None


def replaced_command(rest: str, stage: Stage) -> str:
    """The command with the image's own variables; PORT stays, since the platform sets it."""
    known = {name: value for name, value in stage.variables.items() if name != "PORT"}
    return re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda found: known.get(found[1] or found[2], found[0]), rest)


def _behind_script(words: list[str], own: int) -> Start:
    """An entry script that ends in `exec "$@"` is a wrapper: what it is given is what starts."""
    start = start_command.of_argv(words)
    given = words[own:]
    if given and re.search(r"entrypoint|entry\.sh|docker-|init", words[0]):
        inner = start_command.parse(shlex.join(given))
        return Start(inner.kind, inner.target, start.command, start.argv)
    return start


def _ports(file: File, stage: Stage) -> None:
    """What is exposed; of several the first that is not for TLS, less surely."""
    ports = [(port, line) for text, line in stage.ports if (port := typed.port(text.partition("/")[0]))]
    plain = [row for row in ports if row[0] != 443] or ports
    if plain:
        port, line = plain[0]
        sureness = file.sureness if len(plain) == 1 else confidence.CONVENTION
        file.project.findings.add("port", port, sureness, f"{file.path} exposes it", _at(file, line))
    if port_variable := typed.port(stage.variables.get("PORT")):
        file.field("port", port_variable, "PORT")
    if not plain:
        _port_of_image(file, stage)


def _port_of_image(file: File, stage: Stage) -> None:
    """What the image listens on by itself, or by the configuration of nginx that lies beside the Dockerfile."""
    name = name_of(stage.image)
    if name not in PORTS or (stage.command and name not in ("nginx", "nginx-unprivileged")):
        return
    view = file.project.view
    if name.startswith("nginx"):
        for path in view.match(*CONFIGURATIONS):
            if found := view.find(path, LISTENS):
                reason = f"nginx in {file.path} is configured by {path}"
                file.project.findings.add("port", typed.port(found[0][1]), confidence.PROVEN, reason, found[1])
                return
    reason = f"{file.path} is based on {stage.image}, which listens on it"
    file.project.findings.add("port", PORTS[name], confidence.PROVEN, reason, _at(file, stage.line))


def _health(file: File, stage: Stage) -> None:
    found = CHECKED.search(replaced(stage.health.rest, stage.variables)) if stage.health else None
    if found and stage.health:
        where = _at(file, stage.health.line)
        file.project.findings.add("health_path", found[1], file.sureness, f"{file.path} checks it", where)


def _at(file: File, line: int) -> Evidence:
    return file.project.view.evidence(file.path, line)
