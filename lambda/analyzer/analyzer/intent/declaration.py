"""A file in which people declare how their application runs: what it says becomes candidates, with file and line."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Any

from analyzer import confidence, start_command
from analyzer.intent import typed
from analyzer.model import Backing, Evidence, Process, Variable
from analyzer.project import Project
from analyzer.start_command import shell
from analyzer.start_command.ports import port_of

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

INSTALL = re.compile(
    r"(?:sudo )?(?:(?:npm|pnpm|bun) (?:ci|install|i)\b|yarn(?: install\b.*| --\S+)*$|corepack |apt(?:-get)? "
    r"|(?:python3? -m )?pip3? install\b|uv (?:sync|pip install)\b|go mod download|mix (?:deps\.get|local\.)"
    r"|(?:poetry|pipenv|pdm|bundle|composer) (?:install|sync|config)\b)"
)
"""Commands that only install packages."""
ADDONS = {
    "jawsdb": "mysql",
    "cleardb": "mysql",
    "rediscloud": "redis",
    "keyvalue": "redis",
    "valkey": "redis",
    "cloudamqp": "rabbitmq",
    "bonsai": "elasticsearch",
    "memcachier": "memcached",
}
"""Names of platforms' add-ons that are no engine's own -> engine."""


@dataclass(frozen=True, slots=True)
class File:
    """One such file of a project; what it declares is as sure as `sureness`."""

    project: Project
    path: str
    sureness: float = confidence.DECLARED
    whole: bool = False
    """Whether the path is relative to the whole tree."""

    def at(self, key: str = "", value: Any = None) -> Evidence:
        """Where a key stands, with this value if there is such a line."""
        view = self.project.whole if self.whole else self.project.view
        named = rf"""^.*?(?<![\w-])["']?{re.escape(key)}["']?\s*[:=]"""
        start = re.escape(str(value).split("\n")[0][:40]) if value is not None else ""
        patterns = [named + ".*" + start, named, start] if key else [start]
        found = (view.find(self.path, re.compile(pattern)) for pattern in patterns if pattern)
        return next((match[1] for match in found if match), view.evidence(self.path))

    def field(self, name: str, value: Any, key: str, *, sureness: float | None = None) -> None:
        """A value for a field, if there is one."""
        if value is not None:
            shown = value if isinstance(value, str | int) else ""
            sure = self.sureness if sureness is None else sureness
            self.project.findings.add(name, value, sure, f"{self.path} sets {key}", self.at(key, shown or None))

    def start(self, command: str | None, key: str) -> None:
        """How the main process starts; also its port when the command names one."""
        if command is None:
            return
        where = self.at(key, command)
        reason = f"{self.path} starts it so"
        self.project.findings.add("start", start_command.parse(command), self.sureness, reason, where)
        if port := port_of(command):
            self.project.findings.add("port", port, self.sureness, f"the start command in {self.path} names it", where)

    def process(self, name: str, kind: str, command: str | None, *, key: str = "", schedule: str | None = None) -> None:
        """A process beside the main one."""
        if command is not None:
            where = self.at(key or name, schedule or command)
            name = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:40]
            self.project.findings.process(Process(name, kind, command, schedule, (where,)))

    def variables(self, values: dict[str, Any], *, required: bool = False) -> None:
        """Environment variables by name; the value of PORT is the port."""
        for name in values:
            if VARIABLE.fullmatch(name):
                self.variable(name, required=required)
        self.field("port", typed.port(values.get("PORT")), "PORT")

    def variable(self, name: str, *, required: bool = False, secret: bool | None = None) -> None:
        """An environment variable; whether it is secret is told by its name unless it is known."""
        from analyzer.needs.variables import is_secret

        known = is_secret(name) if secret is None else secret
        self.project.findings.variable(Variable(name, required, known, (self.at(name),)))

    def backing(self, named: str | None, *, variables: tuple[str, ...] = (), key: str = "") -> None:
        """A backing service by the name of an image, an add-on or a type."""
        if engine := engine_of(named):
            where = self.at(key, named)
            self.project.findings.back(Backing(engine, self.sureness, variables, (where,)))

    def build(self, command: str | None, key: str) -> None:
        """The build command, without what installs packages: the package manager's part comes from the lock file."""
        self.field("build_command", without_installs(command) if command else None, key)

    def health(self, *paths: Any, key: str = "path") -> None:
        """The first of these that is a path to check."""
        found = (path for value in paths if (path := typed.text(value)) and path.startswith("/"))
        path = next(found, None)
        self.field("health_path", path.partition("?")[0].partition("#")[0] if path else None, key)

    def dockerfile(self, path: str | None) -> None:
        """The Dockerfile to build with, relative to the service's root."""
        path = path.removeprefix("./") if path else None
        if path and self.project.view.has(path):
            self.project.findings.details.setdefault("dockerfile", self.project.view.absolute(path))


def engine_of(named: str | None) -> str | None:
    """The engine that an image such as "bitnami/postgresql:16", an add-on or a type of database is of."""
    from analyzer.needs import engines

    if not named:
        return None
    name = named.lower().rpartition("/")[2].partition("@")[0].partition(":")[0].removeprefix("heroku-")
    return engines.of_image(named) or engines.of_driver(name) or ADDONS.get(name)


def tree(project: Project) -> Project:
    """The whole tree as a project with the same findings, for files that speak of several services."""
    return project if project.root == "." else Project(project.whole, ".", project.findings)


def folder(found: Any) -> str:
    """A folder as `Project.root` spells it."""
    return posixpath.normpath((typed.text(found) or ".").lstrip("/") or ".")


def without_installs(command: str) -> str | None:
    """A build command without its parts that only install packages; None when nothing is left."""
    parts = [part for part in shell.line(command).parts if not INSTALL.match(part.text)]
    if len(parts) == len(shell.line(command).parts):
        return command
    return "".join(f"{part.operator if index else ''} {part.text}" for index, part in enumerate(parts)).strip() or None


def commands(found: Any) -> str | None:
    """One shell line of a command or a list of them."""
    return " && ".join(typed.texts(found)) or None
