"""go.mod and go.work: modules, what they require, the version of Go, and the folder that a build needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import commonpath, join, normpath

from analyzer.languages.compiled.sources import is_aside
from analyzer.model import Evidence
from analyzer.project import Project
from analyzer.source.view import SourceView
from analyzer.versions import Pin

MOST = 40
"""Modules of a tree that are read."""
DIRECTIVE = re.compile(r'^\s*(?P<word>\w+)\s+"?(?P<rest>[^"\s(][^"]*)"?\s*$')
REQUIRED = re.compile(r'^\s*(?:require\s+)?"?(?P<path>[\w.~-]+(?:/[\w.~+-]+)+)"?\s+(?P<version>v\d\S*)(?P<rest>.*)')
REPLACED = re.compile(r'=>\s*"?(?P<place>\.{1,2}(?:/[^\s"]*)?)"?\s*$')
USED = re.compile(r'^\s*(?:use\s+)?"?(?P<place>\.{1,2}(?:/[^\s"]*)?|[\w-]+(?:/[\w.-]+)*)"?\s*$')
HEROKU = re.compile(r"^\s*//\s*\+heroku\s+(?P<word>\w+)\s+(?P<rest>.+?)\s*$")


@dataclass(frozen=True, slots=True)
class Required:
    """A dependency of a module."""

    version: str
    indirect: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Module:
    """A go.mod; `folder` is relative to the service."""

    path: str
    folder: str
    name: str
    said: dict[str, tuple[str, Evidence]]
    """Directives of one value (go, toolchain) and Heroku's comments (goVersion, install)."""
    requires: dict[str, Required]
    replaces: tuple[str, ...]
    """Folders of this tree that stand for modules, as written."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The modules of a service and where they are in what a build needs."""

    modules: tuple[Module, ...]
    context: str
    """Folder of the whole tree that the build needs."""
    folder: str
    """The service below the context."""
    workspace: tuple[str, ...]
    """go.mod files of the context, relative to it, that `go mod download` reads."""
    has_work: bool
    work: tuple[str, Evidence] | None
    """The version of Go that go.work names."""

    def requirement(self, *prefixes: str) -> tuple[str, Required] | None:
        """The first dependency that is one of these modules, whatever its major version; direct ones first."""
        every = [item for module in self.modules for item in module.requires.items()]
        for path, required in sorted(every, key=lambda item: item[1].indirect):
            if any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes):
                return path, required
        return None

    @property
    def name(self) -> str:
        """The last word of the main module's name, without its major version."""
        words = [word for word in (self.modules[0].name if self.modules else "").split("/") if word]
        if len(words) > 1 and re.fullmatch(r"v\d+", words[-1]):
            words.pop()
        return words[-1] if words else ""


def read(project: Project) -> Layout:
    """All modules of the service, the root's first, and the workspace around them."""
    paths = [path for path in project.view.paths if path.rpartition("/")[2] == "go.mod" and not is_aside(path)]
    paths.sort(key=lambda path: (path.count("/"), path))
    modules = tuple(_module(project.view, path) for path in paths[:MOST])
    context = _context(project, modules)
    whole = project.whole.sub(context)
    folder = "." if project.root == context else project.root.removeprefix(context + "/" if context != "." else "")
    work = whole.find("go.work", re.compile(r"^go\s+(\d\S*)"))
    return Layout(
        modules=modules,
        context=context,
        folder=folder,
        workspace=_workspace(whole, folder, modules),
        has_work=whole.has("go.work"),
        work=(work[0][1], work[1]) if work else None,
    )


def _module(view: SourceView, path: str) -> Module:
    said: dict[str, tuple[str, Evidence]] = {}
    requires: dict[str, Required] = {}
    replaces: list[str] = []
    for number, line in enumerate(view.lines(path), 1):
        if comment := HEROKU.match(line):
            said.setdefault(comment["word"], (comment["rest"], view.evidence(path, number, line)))
        code = line.partition("//")[0]
        if found := REQUIRED.match(code):
            evidence = view.evidence(path, number, line)
            requires.setdefault(found["path"], Required(found["version"], "// indirect" in line, evidence))
        elif replaced := REPLACED.search(code):
            replaces.append(replaced["place"])
        elif directive := DIRECTIVE.match(code):
            said.setdefault(directive["word"], (directive["rest"].strip(), view.evidence(path, number, line)))
    folder = path.rpartition("/")[0] or "."
    return Module(path, folder, said.get("module", ("",))[0], said, requires, tuple(replaces))


def _context(project: Project, modules: tuple[Module, ...]) -> str:
    """The nearest folder above whose go.work (or, without a go.mod here, go.mod) this service belongs to."""
    above = _above(project.root)
    for folder in above:
        if _uses(project.whole.sub(folder), project.root, folder):
            return folder
    if not modules:
        return next((folder for folder in above if project.whole.has(_joined(folder, "go.mod"))), project.root)
    outside = [place for module in modules for place in _outside(project.root, module)]
    return commonpath([project.root, *outside]) or "." if outside else project.root


def _above(root: str) -> list[str]:
    words = [] if root == "." else root.split("/")
    return ["/".join(words[:count]) or "." for count in range(len(words) - 1, -1, -1)] if words else []


def _joined(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _uses(view: SourceView, root: str, folder: str) -> bool:
    inner = root if folder == "." else root.removeprefix(folder + "/")
    return view.has("go.work") and any(place == inner or inner.startswith(place + "/") for place in used(view))


def used(view: SourceView) -> list[str]:
    """Folders that go.work names."""
    inside, places = False, []
    for line in view.lines("go.work"):
        code = line.partition("//")[0].strip()
        inside = (inside or code.startswith("use")) and code != ")"
        found = USED.match(code) if inside else None
        if found and code != "use":
            places.append(normpath(found["place"]))
    return places


def _outside(root: str, module: Module) -> list[str]:
    places = [normpath(join(root, module.folder, place)) for place in module.replaces]
    return [place for place in places if not place.startswith("..") and not (place + "/").startswith(root + "/")]


def _workspace(whole: SourceView, folder: str, modules: tuple[Module, ...]) -> tuple[str, ...]:
    """go.mod files that must be there before modules can be downloaded."""
    if whole.has("go.work"):
        folders = used(whole)
    else:
        own = [normpath(join(folder, module.folder)) for module in modules[:1]]
        folders = [*own, *(normpath(join(own[0], place)) for place in (modules[0].replaces if modules else ()))]
    paths = ["go.mod" if place == "." else f"{place}/go.mod" for place in dict.fromkeys(folders)]
    return tuple(path for path in paths if whole.has(path))


def pins(layout: Layout) -> list[Pin]:
    """What the manifests say about the version: Heroku's comment, the toolchain, then the go directive."""
    found: list[Pin] = []
    for word, pattern, says in (
        ("goVersion", r"(?:go)?(\d[\w.]*)", "asks for it in Heroku's comment"),
        ("toolchain", r"go(\d[\w.]*)", "names the toolchain"),
        ("go", r"(\d[\w.]*)", "names the version of Go"),
    ):
        for module in layout.modules[:1] if layout.modules and layout.modules[0].folder == "." else layout.modules:
            text, evidence = module.said.get(word, ("", None))
            if evidence and (version := re.fullmatch(pattern, text)):
                found.append(Pin(version[1], "go", f"{module.path} {says}", (evidence,)))
                break
    if layout.work:
        found.append(Pin(layout.work[0], "go", "go.work names the version of Go", (layout.work[1],)))
    return found
