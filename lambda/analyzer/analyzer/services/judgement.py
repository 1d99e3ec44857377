"""Whether a folder is an application: what its own files declare, or what its language finds to start."""

from __future__ import annotations

import re

from analyzer import reading
from analyzer.findings import Findings
from analyzer.intent import typed
from analyzer.model import Field, Start
from analyzer.project import Project
from analyzer.resolve import resolve
from analyzer.services.folders import DEPLOYMENT, PROJECTS, is_aside, is_place
from analyzer.source.view import SourceView

SERVED = ("web", "static", "worker", None)
"""Kinds of services; a library, a command or a notebook is none."""
LISTS = frozenset(("render.yaml", "vercel.json", "netlify.toml", ".slipway.toml"))
"""Files of a root that speak of several folders, or only of how one of them is published."""
MULTIPLE = (
    *("pom.xml", "settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"),
    *("Cargo.toml", "go.work", "mix.exs"),
)
"""Files of a root from which one build reaches all modules."""
OWN_SOURCES = ("src/", "cmd/", "lib/", "internal/")
"""Folders of a root that hold the sources of the module in the root itself."""
SOURCES = (
    *(
        ".py",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".mts",
        ".jsx",
        ".tsx",
        ".vue",
        ".svelte",
        ".astro",
        ".go",
        ".rs",
        ".rb",
        ".ru",
    ),
    *(
        ".php",
        ".java",
        ".kt",
        ".scala",
        ".groovy",
        ".cs",
        ".fs",
        ".vb",
        ".ex",
        ".exs",
        ".gleam",
        ".dart",
        ".cpp",
        ".cc",
        ".c",
    ),
    *(".html", ".htm", ".ipynb", "start.sh"),
)
CONFIGURES = re.compile(r"^\.|\.config\.|(?i:^(?:readme|license|changelog|contributing|security|code_of_conduct)\b)")
ORCHESTRATES = re.compile(
    r"\b(?:turbo|nx|lerna|concurrently|npm-run-all|run-p|run-s|rush)\b|--(?:filter|workspaces?|prefix|cwd)\b|\bworkspace\b"
    r"|(?:^|\s)-[wCF]\s|\bcd\s"
)


class Judge:
    """Looks into folders; what it read of them is kept, since services are analyzed further."""

    def __init__(self, view: SourceView) -> None:
        self.view = view
        self.projects: dict[str, Project] = {}

    def is_application(self, folder: str, names: frozenset[str], *, sure: bool) -> bool:
        """Whether a folder is one; without a telling place only what serves or has a start script, since a library can
        often be run too."""
        if names & DEPLOYMENT:
            return True
        self.projects[folder] = reading.read(self.view, folder)
        fields = resolve(self.projects[folder].findings)
        if sure or is_place(folder):
            return _runs(fields)
        start = fields["start"].value
        scripted = isinstance(start, Start) and start.kind == "package-script"
        return _runs(fields) and (
            scripted or (fields["kind"].value is not None and not _is_package(self.projects[folder]))
        )


def root_is_application(view: SourceView, folders: list[str]) -> str | None:
    """Why the root is an application whatever is in these folders; None when it is none."""
    names = frozenset(view.top())
    if declared := sorted(names & (DEPLOYMENT - LISTS)):
        return f"{declared[0]} is in the root"
    if start_script(Project(view, ".", Findings())):
        return "package.json has a start script"
    apart = tuple(path for path in view.paths if not any(path.startswith(folder + "/") for folder in folders))
    sources = [path for path in apart if _is_source(path)]
    if builds_several(view):
        sources = [path for path in sources if "/" not in path or path.startswith(OWN_SOURCES)]
    if not sources:
        return None
    rest = SourceView(apart, view.read, truncated=view.truncated)
    return (
        "it starts without what is in the folders below" if _runs(resolve(reading.read(rest, ".").findings)) else None
    )


def _is_source(path: str) -> bool:
    """Whether it is a file of a program or a page, not of a tool's configuration."""
    name = path.rpartition("/")[2]
    return name.endswith(SOURCES) and not CONFIGURES.search(name) and not is_aside(path)


def start_script(tree: Project) -> str | None:
    """The start script of the root's package.json."""
    manifest = tree.json("package.json") if tree.view.has("package.json") else None
    return typed.text(typed.table(manifest, "scripts").get("start"))


def orchestrates(tree: Project) -> bool:
    """Whether the root's start script only starts what is in folders below."""
    return ORCHESTRATES.search(start_script(tree) or "") is not None


def builds_several(view: SourceView) -> bool:
    """Whether a file in the root builds modules in folders below it."""
    return view.first(*MULTIPLE) is not None or any(path.endswith((".sln", ".slnx", *PROJECTS)) for path in view.top())


def _runs(fields: dict[str, Field]) -> bool:
    """Whether it is known how to start or to publish it, and it is no library or command."""
    kind = fields["kind"].value
    return kind in SERVED and (fields["start"].value is not None or kind == "static")


def _is_package(project: Project) -> bool:
    """Whether its package.json says what others import from it."""
    manifest = project.json("package.json") if project.view.has("package.json") else None
    return any(key in (manifest or {}) for key in ("exports", "main", "module", "types"))
