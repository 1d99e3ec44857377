"""Where what people wrote down and what the source says differ: warnings, once the language has spoken."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from analyzer import confidence
from analyzer.intent import dockerfile
from analyzer.intent.instructions import final_stage
from analyzer.model import Candidate, Start
from analyzer.project import Project
from analyzer.start_command import shell, wrappers
from analyzer.start_command.ports import binds_loopback

DEVELOPMENT = re.compile(
    r"\brunserver\b|\bflask\b.*\srun\b|--reload\b|\bnodemon\b"
    r"|\b(?:next|nuxt|nuxi|vite|astro|fastapi|run|npm|yarn|pnpm|bun) dev\b"
)
BUILT = re.compile(r"(?:^|/)(?:dist|build|out|output|\.\w+|lib|target|bin|server)/")
"""Folders that a build writes: a file there need not be in the source."""
RUN_BY_NEWER = ("java", "go", "rust")
"""Languages whose manifests name the oldest version that is enough."""
MANAGERS = ("npm", "pnpm", "yarn", "bun")
FOLDERS = ("", "src/", "app/", "backend/", "server/")


def check(project: Project) -> None:
    """Add the warnings."""
    _versions(project)
    for name in ("port", "health_path"):
        _values(project, name)
    start = project.findings.best("start")
    if start is not None and isinstance(start.value, Start):
        _start(project, start, start.value)


def _values(project: Project, name: str) -> None:
    """Two places that are both sure, and differ; one that reads the variable PORT follows the other."""
    best = project.findings.best(name)
    others = project.findings.candidates[name] if best else []
    sure = (row for row in others if row.confidence >= confidence.PROVEN and not _follows(row))
    other = next((row for row in sure if best and row.value != best.value), None)
    if best is None or other is None:
        return
    what = name.replace("_", " ")
    message = f"{best.reason}: {best.value}, but {other.reason}: {other.value}; the {what} {best.value} is used"
    evidence = (*best.evidence[:1], *other.evidence[:1])
    remedy = f"make both say the same, or state {name} in .slipway.toml"
    project.findings.warn(f"{name}_disagreement", message, *evidence, remedy=remedy)


def _follows(candidate: Candidate) -> bool:
    return any(re.search(r"\bPORT\b.*\d", place.text) for place in candidate.evidence)


def _versions(project: Project) -> None:
    """The version that a Dockerfile is based on: a candidate where nothing pins one, a warning where it differs."""
    path = dockerfile.located(project)
    stage = final_stage(project.view.text(path) or "") if path else None
    if path is None or stage is None:
        return
    findings, version = project.findings, dockerfile.version_of(stage.image)
    language = dockerfile.language_of(stage.image)
    if version is None or language is None or language != findings.value("language"):
        return
    where = project.view.evidence(path, stage.line)
    pinned = findings.best("runtime_version")
    if pinned and pinned.confidence >= confidence.DECLARED and not _agree(str(pinned.value), version, language):
        message = f"{path} is based on {stage.image}, but {pinned.reason}: {pinned.value}"
        findings.warn("version_disagreement", message, where, *pinned.evidence[:1], remedy="make both say the same")
    findings.add("runtime_version", version, confidence.PROVEN, f"{path} is based on {stage.image}", where)


def _agree(pinned: str, version: str, language: str) -> bool:
    """Whether an image of that version will do: a newer one does where what is pinned is the oldest that does."""
    wanted, given = pinned.split("."), version.split(".")
    if language in RUN_BY_NEWER and wanted[0].isdigit():
        return int(given[0]) >= int(wanted[0]) if language == "java" else _numbers(given) >= _numbers(wanted)
    return all(mine == theirs for mine, theirs in zip(wanted, given, strict=False))


def _numbers(parts: list[str]) -> list[int]:
    return [int(part) for part in parts if part.isdigit()]


def _start(project: Project, candidate: Candidate, start: Start) -> None:
    for code, message, remedy in _complaints(project, start):
        project.findings.warn(code, message, *candidate.evidence[:1], remedy=remedy)


def _complaints(project: Project, start: Start) -> Iterator[tuple[str, str, str]]:
    if missing := _missing(project, start):
        yield "start_names_missing", f"the start command names {missing}, which is not there", "correct the command"
    if binds_loopback(start.command):
        message = "the start command listens on 127.0.0.1, where nothing outside the container reaches it"
        yield "binds_loopback", message, "listen on 0.0.0.0"
    if DEVELOPMENT.search(start.command):
        yield "development_server", f'"{start.command}" starts a development server', "start a production server"
    if manager := _other_manager(project, start):
        message = f"the start command uses {manager[0]}, the lock file is of {manager[1]}"
        yield "other_package_manager", message, f"start it with {manager[1]}"


def _other_manager(project: Project, start: Start) -> tuple[str, str] | None:
    words = wrappers.unwrapped(shell.line(start.command).main.words)
    used, decided = (words or [""])[0], project.findings.value("package_manager")
    differs = start.kind == "package-script" and used in MANAGERS and decided in MANAGERS and used != decided
    return (used, str(decided)) if differs else None


def _missing(project: Project, start: Start) -> str | None:
    """The module, file or script that a start command names and the tree does not have."""
    moved = re.search(
        r"\bcd |--chdir|--app-dir|--pythonpath|--prefix|--cwd|-C |--filter|--workspace|-w |turbo|lerna", start.command
    )
    if start.target is None or moved:
        return None
    if start.kind in ("asgi", "wsgi", "python-module"):
        return _missing_module(project, start)
    if start.kind == "package-script":
        return _missing_script(project, start.target)
    if start.kind in ("python-file", "ruby-file", "shell-script", "deno-file", "streamlit", "node-file"):
        return _missing_file(project, posixpath.normpath(start.target))
    return None


def _missing_module(project: Project, start: Start) -> str | None:
    """A module that is not here; `python -m` also runs installed ones, told apart by a first name in the tree."""
    module = str(start.target).partition(":")[0]
    first = module.partition(".")[0]
    if start.kind == "python-module" and not _has_module(project, first):
        return None
    python = next(project.view.match("*.py", "*/*.py", "src/**/*.py"), None)
    return None if _has_module(project, module) or python is None else f"the module {module}"


def _has_module(project: Project, module: str) -> bool:
    paths = [folder + module.replace(".", "/") for folder in FOLDERS]
    return any(project.view.has(f"{path}.py") or project.view.has_folder(path) for path in paths)


def _missing_script(project: Project, script: str) -> str | None:
    manifest = project.json("package.json")
    scripts = manifest.get("scripts") if manifest else None
    if not isinstance(scripts, dict) or script in scripts or (script == "start" and project.view.has("server.js")):
        return None
    return f'the script "{script}" of package.json'


def _missing_file(project: Project, path: str) -> str | None:
    if path.startswith(("/", "..")) or BUILT.search(path) or project.view.has(path):
        return None
    found = any(project.view.has(path + end) for end in (".js", ".mjs", ".cjs", "/index.js"))
    return None if found or "." not in posixpath.basename(path) else path
