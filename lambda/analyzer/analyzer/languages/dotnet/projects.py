"""MSBuild projects (.csproj, .fsproj, .vbproj): what they build, for which .NET, and whether it is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Any

from analyzer.languages.compiled.sources import ASIDE
from analyzer.model import Evidence
from analyzer.project import Project

EXTENSIONS = (".csproj", ".fsproj", ".vbproj")
SOLUTIONS = (".sln", ".slnx")
MOST = 80
"""Projects of a tree that are read."""
TARGET = re.compile(r"net(?:coreapp)?(?P<version>\d+\.\d+)$")
REFERENCE = re.compile(r"\$\((\w+)\)")
TESTING = ("microsoft.net.test.sdk", "xunit", "nunit", "mstest.testframework", "tunit", "coverlet.collector")


@dataclass(frozen=True, slots=True)
class DotnetProject:
    """A project file; paths are relative to the service."""

    path: str
    folder: str
    sdk: str
    properties: dict[str, str]
    """Of the file and of Directory.Build.props above it; the last value of a name."""
    packages: frozenset[str] = frozenset()
    """Package and framework references, in lower case."""
    references: tuple[str, ...] = ()
    """Paths of the projects that it is built with."""
    evidence: Evidence = field(default_factory=lambda: Evidence(""))

    @property
    def name(self) -> str:
        """Of the assembly: the program's name."""
        stem = self.path.rpartition("/")[2].rpartition(".")[0]
        name = self.properties.get("AssemblyName", "").replace("$(MSBuildProjectName)", stem)
        return name if re.fullmatch(r"[\w.-]+", name) else stem

    @property
    def frameworks(self) -> list[str]:
        """Target frameworks as written, such as net8.0."""
        text = self.properties.get("TargetFramework") or self.properties.get("TargetFrameworks") or ""
        return [word.strip() for word in text.split(";") if word.strip()]

    @property
    def target(self) -> str | None:
        """The newest target framework that runs on Linux."""
        found = [word for word in self.frameworks if TARGET.match(word)]
        return max(found, key=_number, default=None)

    @property
    def version(self) -> str | None:
        """Of .NET, such as 8.0."""
        match = TARGET.match(self.target or "")
        return match["version"] if match else None

    def says(self, name: str, value: str) -> bool:
        """Whether a property has a value, whatever its case."""
        return self.properties.get(name, "").strip().lower() == value

    @property
    def is_web(self) -> bool:
        """Whether it serves HTTP by what it is built with."""
        if self.sdk.startswith("microsoft.net.sdk.web"):
            return not self.says("OutputType", "library")
        servers = ("microsoft.aspnetcore.app", "giraffe", "saturn", "suave", "falco", "embedio", "oxpecker")
        return self.is_program and any(server in self.packages for server in servers)

    @property
    def is_worker(self) -> bool:
        """Whether it is a service without HTTP."""
        return self.sdk.startswith("microsoft.net.sdk.worker")

    @property
    def is_browser(self) -> bool:
        """Whether a browser runs it."""
        return self.sdk.startswith("microsoft.net.sdk.blazorwebassembly")

    @property
    def is_program(self) -> bool:
        """Whether it builds something that is started."""
        return self.properties.get("OutputType", "").strip().lower() in ("exe", "winexe")

    @property
    def is_test(self) -> bool:
        """Whether it is a test project by its references or its name."""
        named = re.search(r"(?:^|[._-])(?:unit|integration)?tests?$|tests$", self.name.lower()) is not None
        return self.says("IsTestProject", "true") or named or any(one in self.packages for one in TESTING)

    @property
    def is_aside(self) -> bool:
        """Whether it orchestrates a developer's machine, or lies among samples."""
        hosts = (
            self.says("IsAspireHost", "true")
            or "aspire.appsdk" in self.sdk
            or "aspire.hosting.apphost" in self.packages
        )
        return hosts or any(part.lower() in ASIDE - {"target"} for part in self.folder.split("/"))


def _number(target: str) -> tuple[int, ...]:
    match = TARGET.match(target)
    return tuple(int(part) for part in match["version"].split(".")) if match else ()


def paths(project: Project) -> list[str]:
    """Project files, those nearest to the root first."""
    found = [path for path in project.view.paths if path.endswith(EXTENSIONS) and not _is_output(path)]
    return sorted(found, key=lambda path: (path.count("/"), path))[:MOST]


def _is_output(path: str) -> bool:
    return any(part in ("bin", "obj", "node_modules") for part in path.split("/")[:-1])


def read(project: Project) -> list[DotnetProject]:
    """Every project of the service that could be read."""
    return [found for path in paths(project) if (found := _project(project, path))]


def _project(project: Project, path: str) -> DotnetProject | None:
    root = project.xml(path)
    if root is None or _tag(root) != "Project":
        return None
    folder = path.rpartition("/")[0] or "."
    properties = _resolved({**_inherited(project, folder), **_properties(root)})
    return DotnetProject(
        path=path,
        folder=folder,
        sdk=_sdk(root),
        properties=properties,
        packages=frozenset(_includes(root, "PackageReference", "FrameworkReference")),
        references=tuple(_references(root, folder)),
        evidence=project.view.evidence(path),
    )


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _sdk(root: Any) -> str:
    """The SDK in lower case: an attribute of the project, or an element."""
    named = [
        str(element.get("Name") or element.get("Sdk") or "") for element in root if _tag(element) in ("Sdk", "Import")
    ]
    return next((sdk for sdk in [str(root.get("Sdk") or ""), *named] if sdk), "").partition("/")[0].strip().lower()


def _properties(root: Any) -> dict[str, str]:
    groups = (
        group for group in root if _tag(group) == "PropertyGroup" and "Debug" not in str(group.get("Condition") or "")
    )
    return {_tag(item): (item.text or "").strip() for group in groups for item in group if (item.text or "").strip()}


def _inherited(project: Project, folder: str) -> dict[str, str]:
    """Properties of the nearest Directory.Build.props above."""
    words = [] if folder == "." else folder.split("/")
    for count in range(len(words), -1, -1):
        path = "/".join([*words[:count], "Directory.Build.props"])
        root = project.xml(path) if project.view.has(path) else None
        if root is not None:
            return _properties(root)
    return {}


def _resolved(properties: dict[str, str]) -> dict[str, str]:
    """Values with the properties that they name; one step, which is what people write."""
    return {
        name: REFERENCE.sub(lambda found: properties.get(found[1], found[0]), value)
        for name, value in properties.items()
    }


def _includes(root: Any, *tags: str) -> Iterator[str]:
    for element in root.iter():
        if _tag(element) in tags and (name := element.get("Include")):
            yield str(name).strip().lower()


def _references(root: Any, folder: str) -> Iterator[str]:
    for element in root.iter():
        if _tag(element) == "ProjectReference" and (name := element.get("Include")):
            yield normpath(join(folder, str(name).replace("\\", "/")))
