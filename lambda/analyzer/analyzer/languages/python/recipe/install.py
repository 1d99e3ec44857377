"""Installing a service's dependencies into /venv: a table of package managers, each by its own lock file.

Everything is installed by uv where it can read the lock; Poetry, PDM and Pipenv read theirs themselves, from an
environment of their own that is not in the image.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.model import Service
from analyzer.render.recipe import Copy, Env, Run, Step, Workdir

UV = "uv==0.13.8"
CACHE = "/root/.cache"
TOOLS = "/opt/tools"
EXPORTED = "/tmp/requirements.txt"  # noqa: S108 - in a build stage, which nobody else is in
INTO = "--python /venv/bin/python"
FINISH = (
    "install -d /image/app",
    "mv /venv /image",
    "find /image -exec touch --no-dereference --date=@0 {} +",
)
"""What the image gets, in a folder of its own and without the time of the build."""
VENV = "uv venv -q --python python3 /venv"
SETTINGS = (
    ("PATH", f"{TOOLS}/bin:$PATH"),
    ("UV_PYTHON_DOWNLOADS", "never"),
    ("UV_PYTHON", "python3"),
    ("UV_PROJECT_ENVIRONMENT", "/venv"),
    ("UV_COMPILE_BYTECODE", "1"),
    ("UV_LINK_MODE", "copy"),
    ("PYC_INVALIDATION_MODE", "UNCHECKED_HASH"),
)
Lines = Callable[[Mapping[str, Any], str], list[str]]
"""Commands, from the details and the service's folder in the context ("" for the context itself)."""


@dataclass(frozen=True, slots=True)
class Manager:
    """How one package manager installs."""

    tools: tuple[str, ...]
    """Requirements of the environment that installs."""
    dependencies: Lines
    """Commands that install the dependencies, when only manifests are there."""
    project: Lines
    """Commands that install the service itself, when its source is there."""


def _uv(_: Mapping[str, Any], inside: str) -> list[str]:
    return [VENV, f"uv sync -q --frozen --no-dev --no-install-local{_member(inside)}"]


def _uv_project(_: Mapping[str, Any], inside: str) -> list[str]:
    return [f"uv sync -q --frozen --no-dev --no-editable{_member(inside)}"]


def _member(inside: str) -> str:
    """A member of a workspace is installed with its own dependencies only."""
    return f" --directory {shlex.quote(inside)}" if inside else ""


def _poetry(details: Mapping[str, Any], _: str) -> list[str]:
    lock = [] if details.get("lock") else ["poetry lock --no-ansi --no-interaction"]
    export = f"poetry export -q --only main --output {EXPORTED}"
    return [VENV, *lock, export, f"uv pip install -q {INTO} -r {EXPORTED}"]


def _pdm(_: Mapping[str, Any], __: str) -> list[str]:
    # Its locks cannot always be exported (only those with the strategy inherit_metadata), and it compiles nothing.
    sync = "VIRTUAL_ENV=/venv PDM_IGNORE_SAVED_PYTHON=1 pdm sync -q --prod --no-self --no-editable"
    compiled = "(python3 -m compileall -q --invalidation-mode unchecked-hash /venv/lib > /dev/null || true)"
    return [VENV, sync, compiled]


def _pipenv(details: Mapping[str, Any], _: str) -> list[str]:
    lock = [] if details.get("lock") else ["pipenv lock -q"]
    export = f"pipenv requirements --hash > {EXPORTED}"
    return [VENV, *lock, export, f"uv pip install -q {INTO} -r {EXPORTED}"]


def _rye(_: Mapping[str, Any], __: str) -> list[str]:
    # Rye locks the service itself as an editable install, which is no dependency.
    export = f"sed '/^-e /d' requirements.lock > {EXPORTED}"
    return [VENV, export, f"uv pip install -q {INTO} -r {EXPORTED}"]


def _pip(details: Mapping[str, Any], _: str) -> list[str]:
    if details.get("install") == "requirements":
        hashes = "--require-hashes " if details.get("hashed") else ""
        return [VENV, f"uv pip install -q {hashes}{INTO} -r {shlex.quote(str(details['requirements']))}"]
    if details.get("install") == "pyproject":
        return [VENV, f"uv pip install -q {INTO} -r pyproject.toml"]
    return [VENV]


def _pip_project(details: Mapping[str, Any], _: str) -> list[str]:
    if not details.get("package"):
        return []
    return [f"uv pip install -q {INTO} {'' if details.get('install') == 'source' else '--no-deps '}."]


MANAGERS = {
    "uv": Manager((UV,), _uv, _uv_project),
    "pip": Manager((UV,), _pip, _pip_project),
    "rye": Manager((UV,), _rye, _pip_project),
    "poetry": Manager((UV, "poetry>=2,<3", "poetry-plugin-export>=1.9,<2"), _poetry, _pip_project),
    # Its extra holds its own dependencies to versions that it was released with.
    "pdm": Manager((UV, "pdm[locked]>=2.26,<3"), _pdm, _pip_project),
    "pipenv": Manager((UV, "pipenv>=2024,<2027"), _pipenv, _pip_project),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is installed and how."""

    manager: Manager
    details: Mapping[str, Any]
    inside: str
    """The service's folder in the build context, "" for the context itself."""

    @property
    def needed(self) -> bool:
        """Whether there is anything to install."""
        return self.details.get("install") != "nothing" or bool(self.details.get("add"))

    @property
    def copies_source(self) -> bool:
        """Whether something of the source itself is installed."""
        return bool(self.details.get("package") or self.details.get("local"))

    def steps(self) -> list[Step]:
        """The steps that make /image."""
        first = self.manager.dependencies(self.details, self.inside)
        last = [*self._added(), *_browsers(self.details), *FINISH]
        steps: list[Step] = [Env(SETTINGS), _tools(self.manager, self.details), Workdir("/app"), *self._manifests()]
        if not self.copies_source:
            return [*steps, _run([*first, *last])]
        own = self.manager.project(self.details, self.inside)
        if self._reads_source():
            return [*steps, Copy((".",), "./"), _run([*first, *own, *last])]
        return [*steps, _run(first), Copy((".",), "./"), _run([*own, *last])]

    def _added(self) -> list[str]:
        words = [str(word) for word in self.details.get("add") or ()]
        return [f"uv pip install -q {INTO} {shlex.join(words)}"] if words else []

    def _reads_source(self) -> bool:
        """Whether dependencies are folders of the tree, which only uv's lock can be installed without."""
        locked = self.details.get("lock") and self.manager is MANAGERS["uv"]
        return bool(self.details.get("local") and not locked)

    def _manifests(self) -> list[Step]:
        folders: dict[str, list[str]] = {}
        above = f"{self.inside}/" if self.inside else ""
        paths = [f"{above}{path}" for path in self.details.get("files") or () if not (above and path == "uv.lock")]
        members = [str(path) for path in self.details.get("members") or ()]
        for path in dict.fromkeys([*paths, *(["pyproject.toml", "uv.lock"] if above else []), *members]):
            folders.setdefault(path.rpartition("/")[0], []).append(path)
        return [Copy(tuple(found), f"./{folder}/" if folder else "./") for folder, found in folders.items()]


def plan(service: Service) -> Plan | None:
    """The plan; None for a package manager that no plan is known for."""
    manager = MANAGERS.get(str(service.value("package_manager") or "pip"))
    if manager and service.details.get("install") != "lock":
        # What is not locked is installed alike, whoever is to manage it.
        manager = MANAGERS["pip"]
    return Plan(manager, service.details, inside(service)) if manager else None


def inside(service: Service) -> str:
    """The service's folder in its build context."""
    if service.context == service.root:
        return ""
    return service.root if service.context == "." else service.root.removeprefix(service.context + "/")


def _tools(manager: Manager, details: Mapping[str, Any]) -> Run:
    wanted = [
        f"poetry{details['poetry']}" if tool.startswith("poetry>") and details.get("poetry") else tool
        for tool in manager.tools
    ]
    pip = f"{TOOLS}/bin/python -m pip install -q --disable-pip-version-check {shlex.join(wanted)}"
    return Run((f"python3 -m venv {TOOLS}", pip), (CACHE,), downloads=True)


def _browsers(details: Mapping[str, Any]) -> list[str]:
    """Playwright's browser is no Python package: it is put beside the environment."""
    if not details.get("playwright"):
        return []
    return ["PLAYWRIGHT_BROWSERS_PATH=/venv/browsers /venv/bin/playwright install chromium"]


def _run(commands: list[str]) -> Run:
    return Run(tuple(commands), (CACHE,), downloads=True)
