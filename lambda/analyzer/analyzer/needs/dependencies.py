"""Production dependencies by name, read from manifests with their lines; only names matter here, not versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from analyzer.model import Evidence
from analyzer.project import Project
from analyzer.source.view import SourceView

PER_KIND = 20
"""Manifests of a kind that are read, such as the project files of a .NET solution."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A library that the application is installed with."""

    name: str
    extras: tuple[str, ...]
    """Extras (Python) or features (Rust) that are asked for."""
    path: str
    place: int | str
    """The line in that file, or text by which the line is found."""

    def evidence(self, view: SourceView) -> Evidence:
        """Where it is listed; looked up only for the few that matter."""
        if isinstance(self.place, int):
            return view.evidence(self.path, self.place)
        word = self.place[:1].isalnum()
        pattern = re.escape(self.place)
        found = view.find(self.path, re.compile(rf"(?<![\w-]){pattern}(?![\w-])" if word else pattern))
        return found[1] if found else view.evidence(self.path)


Named = Iterator[tuple[str, tuple[str, ...], int | str]]
"""Name, extras, place."""


def production(project: Project) -> Iterator[Dependency]:
    """What the manifests in the service's folder list, without groups for development and tests; once a manifest."""
    for patterns, reader in READERS:
        for path in sorted(project.view.match(*patterns))[:PER_KIND]:
            first = {(name, extras): place for name, extras, place in reversed(list(reader(project, path)))}
            for (name, extras), place in reversed(first.items()):
                yield Dependency(name, extras, path, place)


DEVELOPMENT = re.compile(r"development|\b(?:dev|local|docs|lint)\b|test")
REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?")


def _requirements(project: Project, path: str) -> Named:
    if DEVELOPMENT.search(path):
        return
    for number, line in enumerate(project.view.lines(path), 1):
        if found := REQUIREMENT.match(line):
            yield _normalized(found[1]), _split(found[2]), number


def _pyproject(project: Project, path: str) -> Named:
    document = project.toml(path) or {}
    listed = _at(document, "project", "dependencies")
    for text in listed if isinstance(listed, list) else ():
        if isinstance(text, str) and (found := REQUIREMENT.match(text)):
            yield _normalized(found[1]), _split(found[2]), text
    yield from _toml_table(_at(document, "tool", "poetry", "dependencies"))


def _pipfile(project: Project, path: str) -> Named:
    yield from _toml_table(_at(project.toml(path), "packages"))


def _cargo(project: Project, path: str) -> Named:
    yield from _toml_table(_at(project.toml(path), "dependencies"))


def _toml_table(table: Any) -> Named:
    """`name = "version"` or `name = {extras = [...], features = [...]}`."""
    for name, value in table.items() if isinstance(table, dict) else ():
        asked = [*_list(_at(value, "extras")), *_list(_at(value, "features"))]
        yield _normalized(str(name)), tuple(str(word).lower() for word in asked), str(name)


def _package_json(project: Project, path: str) -> Named:
    yield from _json_names(project, path, "dependencies")


def _composer(project: Project, path: str) -> Named:
    yield from _json_names(project, path, "require")


def _json_names(project: Project, path: str, key: str) -> Named:
    table = _at(project.json(path), key)
    for name in table if isinstance(table, dict) else ():
        yield name.lower(), (), f'"{name}"'


def _deno(project: Project, path: str) -> Named:
    table = _at(project.json(path), "imports")
    for value in table.values() if isinstance(table, dict) else ():
        if isinstance(value, str) and (found := re.match(r"(?:npm|jsr):/?(@?[^@]+)", value)):
            yield found[1].strip("/").lower(), (), f'"{value}"'


def _pubspec(project: Project, path: str) -> Named:
    table = _at(project.yaml(path), "dependencies")
    for name in table if isinstance(table, dict) else ():
        yield str(name).lower(), (), str(name)


GEM_GROUP = re.compile(r"^\s*group\b(.*)\bdo\b")
GEM = re.compile(r"""^\s*gem\s*\(?\s*["']([\w.-]+)["'](.*)""")


def _gemfile(project: Project, path: str) -> Named:
    skipping = False
    for number, line in enumerate(project.view.lines(path), 1):
        if group := GEM_GROUP.match(line):
            skipping = bool(DEVELOPMENT.search(group[1])) and "production" not in group[1]
        elif line.strip() == "end":
            skipping = False
        elif not skipping and (found := GEM.match(line)) and not re.search(r"group.*(?:development|test)", found[2]):
            yield found[1].lower(), (), number


def _matched(pattern: str, *, without: str = r"(?!)") -> Callable[[Project, str], Named]:
    """A reader of lines of one form; the first group is the name."""
    wanted, unwanted = re.compile(pattern), re.compile(without)

    def found(project: Project, path: str) -> Named:
        for number, line in enumerate(project.view.lines(path), 1):
            match = wanted.search(line)
            if match and not unwanted.search(line):
                yield match[1].lower(), (), number

    return found


def _pom(project: Project, path: str) -> Named:
    root = project.xml(path)
    for element in root.iter() if root is not None else ():
        if not str(element.tag).endswith("dependency"):
            continue
        parts = {str(child.tag).rpartition("}")[2]: (child.text or "").strip() for child in element}
        if (name := parts.get("artifactId")) and parts.get("scope") != "test":
            yield name.lower(), (), f"<artifactId>{name}</artifactId>"


READERS: tuple[tuple[tuple[str, ...], Callable[[Project, str], Named]], ...] = (
    (
        ("requirements.txt", "requirements.in", "requirements-prod*.txt", "requirements/*.txt"),
        _requirements,
    ),
    (("pyproject.toml",), _pyproject),
    (("Pipfile",), _pipfile),
    (("package.json",), _package_json),
    (("Gemfile",), _gemfile),
    (("go.mod",), _matched(r"^\s*(?:require\s+)?([\w.-]+\.[a-z]+/[\w./-]+)\s+v\d", without=r"//\s*indirect|=>")),
    (("composer.json",), _composer),
    (("pom.xml", "*/pom.xml"), _pom),
    (
        ("build.gradle", "build.gradle.kts", "*/build.gradle", "*/build.gradle.kts"),
        _matched(
            r"""^\s*(?:implementation|api|compile|runtimeOnly|runtime)[\s(]+["'][\w.-]+:([\w.-]+)""",
        ),
    ),
    (("gradle/libs.versions.toml",), _matched(r"""(?:module\s*=\s*|=\s*)["'][\w.-]+:([\w.-]+)""", without=r"\btest")),
    (("Cargo.toml",), _cargo),
    (
        ("*.csproj", "*.fsproj", "*.vbproj", "*/*.csproj", "*/*.fsproj", "*/*.vbproj"),
        _matched(r"""<PackageReference\s[^>]*Include\s*=\s*["']([\w.-]+)["']"""),
    ),
    (("mix.exs",), _matched(r"\{\s*:(\w+)\s*,", without=r"only:.*:(?:dev|test)")),
    (("deno.json", "deno.jsonc"), _deno),
    (("pubspec.yaml",), _pubspec),
)


def _at(value: Any, *keys: str) -> Any:
    """What is found along the keys; None where there is no such mapping."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _split(extras: str | None) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in (extras or "").split(",") if word.strip())


def _normalized(name: str) -> str:
    """As PyPI compares names (PEP 503), except that an underscore of a crate stays readable."""
    return re.sub(r"[-_.]+", "-", name).lower()
