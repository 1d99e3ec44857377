"""Main packages: every folder with `package main` and `func main`, and which of them is the application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer import confidence
from analyzer.languages.compiled.image import program
from analyzer.languages.compiled.sources import Hit, Sources, is_aside
from analyzer.languages.go.modules import Layout
from analyzer.languages.go.serving import LISTENING, LISTENS
from analyzer.model import Evidence, Start
from analyzer.project import Project

PACKAGE = re.compile(r"^package\s+main\b", re.M)
FUNCTION = re.compile(r"^func\s+main\s*\(\s*\)", re.M)
LEFT_OUT = re.compile(r"^//\s*(?:go:build|\+build)\s+(?:ignore|tools|never)\b", re.M)
SERVER_NAMES = (
    "server",
    "api",
    "web",
    "app",
    "main",
    "service",
    "backend",
    "serve",
    "http",
    "httpserver",
    "gateway",
    "site",
)
BUILDS = re.compile(r"\bgo\s+(?:build|run|install)\s[^\n]*?(?P<place>\./[\w./-]+)(?<!\.\.\.)")
MAIN_LINE = re.compile(r"^\s*(?:-\s*)?main:\s*[\"']?(?P<place>\.?/?[\w./-]+)", re.M)
TARGETS = re.compile(r"(?:BP_GO_TARGETS|GO_INSTALL_PACKAGE_SPEC|GO_PACKAGE)\W+(?:value\W+)?(?P<place>\./[\w./-]+)")
HINTS = (
    ("project.toml", TARGETS),
    ("app.json", TARGETS),
    ("app.yaml", MAIN_LINE),
    (".goreleaser.yml", MAIN_LINE),
    (".goreleaser.yaml", MAIN_LINE),
    ("Makefile", BUILDS),
    ("Taskfile.yml", BUILDS),
    ("justfile", BUILDS),
    (".air.toml", BUILDS),
)
"""Files that name the package that is built, and how."""


@dataclass(frozen=True, slots=True)
class Main:
    """A main package; `folder` is relative to the service."""

    folder: str
    name: str
    """Of its binary."""
    evidence: Evidence
    sureness: float = confidence.PROVEN
    reason: str = ""


def is_source(path: str) -> bool:
    """Whether it is Go source of the application."""
    return path.endswith(".go") and not path.endswith("_test.go") and not is_aside(path)


def ordered(project: Project) -> Iterator[str]:
    """Go files, those that usually hold a main function first."""
    paths = [path for path in project.view.paths if is_source(path)]
    return iter(sorted(paths, key=lambda path: (not _is_usual(path), path.count("/"), path)))


def _is_usual(path: str) -> bool:
    return "/" not in path or path.rpartition("/")[2] in ("main.go", "server.go", "app.go") or path.startswith("cmd/")


def find(project: Project, sources: Sources) -> list[Main]:
    """All main packages, the root's first."""
    found: dict[str, Hit] = {}
    for hit in sources.hits(FUNCTION, ("func main",)):
        folder = hit.path.rpartition("/")[0] or "."
        raw = project.view.text(hit.path) or ""
        if folder not in found and PACKAGE.search(sources.text(hit.path)) and not LEFT_OUT.search(raw):
            found[folder] = hit
    every = [Main(folder, _name(project, folder), hit.evidence) for folder, hit in found.items()]
    return sorted(every, key=lambda main: (main.folder != ".", main.folder.count("/"), main.folder))


def _name(project: Project, folder: str) -> str:
    """The binary's name: the package's folder, for the root the module's last word."""
    if folder not in (".", "cmd"):
        return re.sub(r"[^\w.-]", "-", folder.rpartition("/")[2])
    found = project.view.find("go.mod", re.compile(r'^module\s+"?([^\s"]+)'))
    words = re.sub(r"/v\d+$", "", found[0][1]).split("/") if found else ["app"]
    return re.sub(r"[^\w.-]", "-", words[-1]) or "app"


def choose(project: Project, layout: Layout, found: list[Main], sources: Sources) -> Main | None:
    """The application's main package: named by a person, in the root, the only one, or told by name or listening."""
    if not found:
        return None
    if stated := _stated(project, layout, found):
        return stated
    if found[0].folder == ".":
        return replace(found[0], reason=f"{found[0].evidence.path} in the root has the main function")
    if len(found) == 1:
        return replace(found[0], reason=f"{found[0].evidence.path} has the only main function")
    if chosen := _by_name(layout, found) or _by_listening(found, sources):
        return chosen
    _name_them(project, found)
    return None


def _stated(project: Project, layout: Layout, found: list[Main]) -> Main | None:
    """The package that a start command or a build file names."""
    start = project.findings.value("start")
    if isinstance(start, Start) and (named := _named_by(start, found)):
        return replace(named, sureness=confidence.DECLARED, reason=f"the start command {start.command} names it")
    for place, evidence in _hints(project, layout):
        folder = place.strip("/").removeprefix("./").removesuffix("/main.go").strip("/") or "."
        if named := next((main for main in found if main.folder == folder), None):
            return replace(named, sureness=confidence.DECLARED, reason=f"{evidence.path} builds {place}")
    return None


def _named_by(start: Start, found: list[Main]) -> Main | None:
    package = re.search(r"\bgo\s+run\s+(?:-\S+\s+)*(\S+)", start.command)
    folder = package[1].removeprefix("./").strip("/") if package else ""
    folder = folder.rpartition("/")[0] if folder.endswith(".go") else folder
    name = program(start).rpartition("/")[2]
    return next((main for main in found if main.folder == (folder or "?") or main.name == name), None)


def _hints(project: Project, layout: Layout) -> Iterator[tuple[str, Evidence]]:
    for module in layout.modules[:1]:
        if "install" in module.said:
            text, evidence = module.said["install"]
            yield text.split()[0], evidence
    for path, pattern in HINTS:
        if found := project.view.find(path, pattern):
            yield found[0]["place"], found[1]


def _by_name(layout: Layout, found: list[Main]) -> Main | None:
    others = ", ".join(main.folder for main in found)
    if layout.name and (named := next((main for main in found if main.name == layout.name), None)):
        reason = f"of {others} it has the module's name"
        return replace(named, sureness=confidence.DEFAULT, reason=reason)
    for name in SERVER_NAMES:
        usual = [main for main in found if main.name == name]
        if len(usual) == 1:
            reason = f"of {others} it has the usual name of a server"
            return replace(usual[0], sureness=confidence.CONVENTION, reason=reason)
    return None


def _by_listening(found: list[Main], sources: Sources) -> Main | None:
    folders = {hit.path.rpartition("/")[0] or "." for hit in sources.hits(LISTENS, LISTENING)}
    listening = [main for main in found if main.folder in folders]
    if len(listening) != 1:
        return None
    reason = "of " + ", ".join(main.folder for main in found) + " it is the only one that listens"
    return replace(listening[0], sureness=confidence.DEFAULT, reason=reason)


def _name_them(project: Project, found: list[Main]) -> None:
    findings = project.findings
    for main in found:
        start = Start("binary", None, f"./bin/{main.name}", (f"./bin/{main.name}",))
        findings.add("start", start, confidence.HINT, f"{main.evidence.path} has a main function", main.evidence)
    names = ", ".join(main.folder for main in found)
    findings.cannot_tell(
        "start", f"which of the main packages {names} is the application: a Procfile with `web: bin/<name>`"
    )


def built(project: Project, found: list[Main], chosen: Main | None) -> list[Main]:
    """The packages that the image holds: the application's, and those that other processes run."""
    words = {
        word.rpartition("/")[2] for process in project.findings.processes.values() for word in process.command.split()
    }
    others = [
        main for main in found if main != chosen and main.name in words and main.folder != (chosen or main).folder
    ]
    return [*([chosen] if chosen else []), *others]
