"""Executables of CMakeLists.txt and meson.build, and which of several is the application."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from analyzer import confidence
from analyzer.languages.compiled.image import program
from analyzer.languages.compiled.sources import LARGEST, is_aside
from analyzer.model import Evidence, Start
from analyzer.project import Project

CMAKE = re.compile(
    r"^[ \t]*add_executable\s*\(\s*\"?(?P<name>[\w${}.+-]+)\"?(?P<rest>\s+(?:IMPORTED|ALIAS))?", re.I | re.M
)
CMAKE_PROJECT = re.compile(r"^[ \t]*project\s*\(\s*\"?(?P<name>[\w.+-]+)", re.I | re.M)
CMAKE_SET = re.compile(r"^[ \t]*set\s*\(\s*(?P<name>\w+)\s+\"?(?P<value>[\w.+-]+)\"?\s*\)", re.I | re.M)
MESON = re.compile(r"\bexecutable\s*\(\s*(?P<name>'[^'\n]+'|meson\.project_name\(\))", re.M)
MESON_PROJECT = re.compile(r"\bproject\s*\(\s*'(?P<name>[^'\n]+)'")
TESTS = re.compile(r"(?:^|[-_])(?:unit)?tests?(?:$|[-_])|bench|example", re.I)
MOST = 40


@dataclass(frozen=True, slots=True)
class Tool:
    """A build system; paths are relative to the service."""

    name: str
    path: str
    build: str


@dataclass(frozen=True, slots=True)
class Target:
    """An executable."""

    name: str
    place: str
    """Its file below the build folder."""
    evidence: Evidence
    sureness: float = confidence.PROVEN
    reason: str = ""


TOOLS = (
    Tool("cmake", "CMakeLists.txt", "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build --parallel"),
    Tool("meson", "meson.build", "meson setup build --buildtype=release && meson compile -C build"),
)


def tool(project: Project) -> Tool | None:
    """The build system whose file is in the root."""
    return next((one for one in TOOLS if project.view.has(one.path)), None)


def read(project: Project, of: Tool) -> list[Target]:
    """Every executable that the build files name, tests and examples left out."""
    name = of.path
    paths = [path for path in project.view.match(name, f"**/{name}") if not is_aside(path)][:MOST]
    found: dict[str, Target] = {}
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        for target in _in_file(project, of, path):
            if not TESTS.search(target.name):
                found.setdefault(target.name, target)
    return list(found.values())


def _in_file(project: Project, of: Tool, path: str) -> list[Target]:
    text = _text(project, path)
    folder = path.rpartition("/")[0]
    known = _names(project, of, text)
    targets = []
    for match in (CMAKE if of.name == "cmake" else MESON).finditer(text):
        name = _resolved(match["name"].strip("'"), known)
        if name and not match.groupdict().get("rest"):
            line = text.count("\n", 0, match.start("name")) + 1
            place = f"{folder}/{name}" if folder else name
            targets.append(Target(name, place, project.view.evidence(path, line)))
    return targets


def _text(project: Project, path: str) -> str:
    """A build file without its comments."""
    return re.sub(r"#[^\n]*", "", (project.view.text(path) or "")[:LARGEST])


def _names(project: Project, of: Tool, text: str) -> dict[str, str]:
    """What variables of the file stand for; the project's name is of the root's file."""
    root = text if of.name == "meson" else text + _text(project, of.path)
    pattern = CMAKE_PROJECT if of.name == "cmake" else MESON_PROJECT
    named = pattern.search(root) or pattern.search(_text(project, of.path))
    names = {match["name"]: match["value"] for match in CMAKE_SET.finditer(text)} if of.name == "cmake" else {}
    if named:
        names |= dict.fromkeys(("PROJECT_NAME", "CMAKE_PROJECT_NAME", "meson.project_name()"), named["name"])
    return names


def _resolved(name: str, known: dict[str, str]) -> str | None:
    name = known.get(name, re.sub(r"\$\{(\w+)\}", lambda found: known.get(found[1], found[0]), name))
    return name if re.fullmatch(r"[\w.+-]+", name) else None


def choose(project: Project, found: list[Target]) -> Target | None:
    """The only executable, the one that a start command names, or the one with the project's name."""
    if not found:
        return None
    start = project.findings.value("start")
    named = program(start).rpartition("/")[2] if isinstance(start, Start) else ""
    of = tool(project)
    for target in found:
        if target.name == named:
            return replace(target, sureness=confidence.DECLARED, reason="the start command names it")
    if len(found) == 1:
        return replace(found[0], reason=f"{found[0].evidence.path} builds only this executable")
    pattern = CMAKE_PROJECT if of and of.name == "cmake" else MESON_PROJECT
    own = pattern.search(_text(project, of.path)) if of else None
    for target in found:
        if own and target.name == own["name"]:
            return replace(
                target, sureness=confidence.DEFAULT, reason="of several executables it has the project's name"
            )
    names = ", ".join(target.name for target in found)
    project.findings.cannot_tell("start", f"which of {names} is the application: a Procfile with `web: ./build/<name>`")
    return None
