"""The image of a Python service: a stage that installs into /venv, and a slim one that has that and the source."""

from __future__ import annotations

import re
import shlex

from analyzer.languages.python.recipe import frontend
from analyzer.languages.python.recipe.install import Plan, plan
from analyzer.model import Service, Start
from analyzer.render.recipe import (
    Command,
    Comment,
    Copy,
    Env,
    Expose,
    Health,
    Recipe,
    Run,
    Stage,
    Step,
    Workdir,
)

OLDEST = (3, 7)
"""Python that uv still installs for."""
IGNORE = (
    "**/__pycache__",
    "**/*.py[cod]",
    "**/.pytest_cache",
    "**/.mypy_cache",
    "**/.ruff_cache",
    "**/.tox",
    "**/.nox",
    "**/venv",
    "**/*.egg-info",
    "**/.ipynb_checkpoints",
    "**/.coverage",
)
PROBE = "import urllib.request as r; r.urlopen('http://127.0.0.1:{port}{path}', timeout=2)"
PYTHON = "PYTHONPATH=/image/venv/lib/$(ls /image/venv/lib)/site-packages python3"
"""The environment where it lies until the image has it: its own scripts name the place where it was made."""
TIMELESS = "Without the time of the build, whoever builds it gets the same layer, which then is pushed and pulled once."


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None when the start is open, or for what is not installed by pip, uv and the like."""
    start, version = service.value("start"), str(service.value("runtime_version") or "")
    numbers = re.match(r"(\d+)\.(\d+)", version)
    installed = plan(service)
    if not isinstance(start, Start) or not numbers or installed is None:
        return None
    if (int(numbers[1]), int(numbers[2])) < OLDEST or service.value("kind") in ("library", "notebook"):
        return None
    base = f"python:{version}-slim-bookworm"
    stages = [*frontend.stages(service)]
    if installed.needed or _assembled(service):
        stages.append(Stage(base, tuple(_build(service, installed)), "build"))
    return Recipe((*stages, Stage(base, tuple(_image(service, start, installed)))), IGNORE)


def _assembled(service: Service) -> bool:
    """Whether the source in the image is more than the context's: static files collected, a front end built."""
    return bool(service.details.get("collectstatic") or service.details.get("frontend"))


def _apt(packages: tuple[str, ...]) -> Run:
    install = f"apt-get install -y -q --no-install-recommends {' '.join(packages)}"
    # No cache mount: stages that build at once would wait for apt's lock, or fail on it.
    return Run(("apt-get update -q", install, "rm -rf /var/lib/apt/lists/*"), downloads=True)


def _build(service: Service, installed: Plan) -> list[Step]:
    steps: list[Step] = []
    packages = tuple(sorted({*service.build_packages, *_libraries(service)}))
    if service.build_packages:
        steps.append(_apt(packages))
    steps += installed.steps() if installed.needed else []
    if not _assembled(service):
        return steps
    if not (installed.needed and installed.copies_source):
        steps += [Workdir("/app"), Copy((".",), "./")]
    steps += frontend.built(service)
    if collect := _collectstatic(service):
        steps.append(Run(collect))
    return steps


def _libraries(service: Service) -> tuple[str, ...]:
    """Settings are read when static files are collected, which loads what the image loads."""
    return service.system_packages if service.details.get("collectstatic") else ()


def _collectstatic(service: Service) -> tuple[str, ...]:
    """Settings may need variables to be read; those that a build has are no secrets."""
    wanted = service.details.get("collectstatic")
    if not isinstance(wanted, dict):
        return ()
    names = [name for name in wanted.get("variables", ()) if isinstance(name, str)]
    values = [f"{name}={_placeholder(name)}" for name in names]
    return (" ".join([*values, f"{PYTHON} {shlex.quote(str(wanted['manage']))} collectstatic --noinput"]),)


def _placeholder(name: str) -> str:
    if name.endswith("DATABASE_URL"):
        return "sqlite:////tmp/build.sqlite3"
    if name.endswith(("_URL", "_URI")):
        return "redis://localhost:6379/0" if "REDIS" in name or "BROKER" in name else "http://localhost"
    return "1" if name.startswith(("DEBUG", "IS_", "USE_")) or name.endswith(("_PORT", "DEBUG")) else "build"


def _image(service: Service, start: Start, installed: Plan) -> list[Step]:
    steps: list[Step] = []
    if service.system_packages:
        steps.append(_apt(service.system_packages))
    if installed.needed:
        steps += [Comment(TIMELESS), Copy(("/image",), "/", stage="build")]
    port = service.value("port")
    steps += [Env(tuple(_environment(service, start, installed, port))), Workdir("/app")]
    if _assembled(service):
        steps.append(Copy((f"/app/{installed.inside}".rstrip("/"),), "/app", stage="build", owned=True))
    else:
        steps.append(Copy((installed.inside or ".",), "./", owned=True))
    if isinstance(port, int):
        steps.append(Expose(port))
    if isinstance(port, int) and (path := service.value("health_path")) and service.value("kind") == "web":
        steps.append(Health(("python", "-c", PROBE.format(port=port, path=path))))
    return [*steps, Command(start.argv)]


def _environment(service: Service, start: Start, installed: Plan, port: object) -> list[tuple[str, str]]:
    found = [("PATH", "/venv/bin:$PATH")] if installed.needed else []
    found += [("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1")]
    if root := service.details.get("import_root"):
        found.append(("PYTHONPATH", f"/app/{root}"))
    elif start.argv[:2] == ("python", "-c"):
        found.append(("PYTHONPATH", "/app"))
    if "gunicorn" in " ".join(start.argv[:3]):
        # Its workers' heartbeat is a file: in memory it neither waits for a disk nor needs one that can be written.
        found.append(("GUNICORN_CMD_ARGS", "--worker-tmp-dir=/dev/shm"))
    pairs = service.details.get("environment")
    found += [(str(pair[0]), str(pair[1])) for pair in pairs] if isinstance(pairs, list) else []
    if service.details.get("playwright"):
        found.append(("PLAYWRIGHT_BROWSERS_PATH", "/venv/browsers"))
    return [*found, ("PORT", str(port))] if isinstance(port, int) else found
