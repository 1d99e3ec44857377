"""pom.xml: properties, parents within the tree, modules, plugins, and which release of Java is compiled for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import join, normpath
from typing import Any

from analyzer.languages.java.build import Build, Module
from analyzer.languages.java.pom import child, filled, tag, text, texts
from analyzer.model import Evidence
from analyzer.project import Project

RELEASES = (
    "maven.compiler.release",
    "java.version",
    "maven.compiler.target",
    "maven.compiler.source",
    "jdk.version",
    "jvm.version",
    "kotlin.compiler.jvmTarget",
)
"""Properties that name the release of Java, the most exact first."""
MAIN = ("mainClass", "Main-Class", "main-class", "exec.mainClass", "start-class", "main.class")
"""Elements that name the class with main."""
MOST = 40
PARENTS = 4
"""Poms above each other that are followed."""
BOOT = "org.springframework.boot"


def has(project: Project) -> bool:
    """Whether Maven builds the service."""
    return project.view.first("pom.xml", "pom.yml") is not None


def read(project: Project) -> Build:
    """The reactor: the root's pom and its modules."""
    if not project.view.has("pom.xml"):
        return _polyglot(project)
    folders = _folders(project)
    modules = tuple(module for folder in folders if (module := _module(project, folder)))
    context = _context(project)
    prefix = "" if context == "." else context + "/"
    whole = project.whole.sub(context)
    manifests = [path for path in whole.match("pom.xml", "**/pom.xml") if "/src/" not in f"/{path}"]
    return Build(
        tool="maven",
        path="pom.xml",
        context=context,
        folder="." if project.root == context else project.root.removeprefix(prefix),
        modules=modules,
        manifests=tuple(manifests[:MOST]),
        wrapper="",
    )


def _folders(project: Project) -> list[str]:
    """Of the root's pom and the modules that it and they name."""
    found, waiting = ["."], ["."]
    while waiting and len(found) < MOST:
        folder = waiting.pop(0)
        root = project.xml(_pom(folder))
        for name in texts(root, "modules", "module"):
            inner = normpath(join(folder, name.removesuffix("/pom.xml")))
            if inner not in found and project.view.has(_pom(inner)):
                found.append(inner)
                waiting.append(inner)
    return found


def _pom(folder: str) -> str:
    return "pom.xml" if folder == "." else f"{folder}/pom.xml"


def _context(project: Project) -> str:
    """The highest folder above whose pom this one's parent is, by its relative path."""
    context, folder = project.root, project.root
    for _ in range(PARENTS):
        above = folder.rpartition("/")[0] or "."
        root = _parsed(project, folder)
        if folder == "." or child(root, "parent") is None or not project.whole.has(_pom(above)):
            return context
        if (text(child(root, "parent"), "relativePath") or "../pom.xml").rstrip("/") not in ("..", "../pom.xml"):
            return context
        context = folder = above
    return context


def _parsed(project: Project, folder: str) -> Any:
    """A pom of the whole tree; malformed ones above the service read as none."""
    return Project(project.whole, folder, project.findings).xml("pom.xml")


def _chain(project: Project, folder: str) -> list[Any]:
    """The pom and its parents within the tree, the farthest first."""
    place = normpath(join(project.root, folder))
    found: list[Any] = []
    for _ in range(PARENTS):
        root = _parsed(project, place)
        if root is None:
            break
        found.insert(0, root)
        parent = child(root, "parent")
        above = text(parent, "relativePath") or "../pom.xml"
        place = normpath(join(place, above.removesuffix("pom.xml")))
        if parent is None or place.startswith("..") or not project.whole.has(_pom(place)):
            break
    return found


def _module(project: Project, folder: str) -> Module | None:
    path = _pom(folder)
    root = project.xml(path)
    if root is None or tag(root) != "project":
        return None
    chain = _chain(project, folder) or [root]
    properties = _properties(chain)
    plugins = {key: value for one in chain for key, value in _plugins(one, properties)}
    name = filled(text(root, "artifactId"), properties) or "app"
    version = filled(text(root, "version") or text(root, "parent", "version"), properties)
    final = filled(
        next((value for one in reversed(chain) if (value := text(one, "build", "finalName"))), ""), properties
    )
    return Module(
        tool="maven",
        path=path,
        folder=folder,
        name=name,
        version=version,
        packaging=text(root, "packaging") or "jar",
        dependencies=dict(_dependencies(project, path, chain, properties)),
        plugins=plugins,
        main_class=_main_class(chain, properties),
        java=_java(project, chain, path, properties),
        boot=_boot(chain, properties, plugins),
        jar_name=_safe(final or f"{name}-{version}"),
        has_sources=any(True for _ in project.view.within(f"{folder}/src/main" if folder != "." else "src/main")),
        properties=properties,
    )


def _safe(name: str) -> str:
    return name if re.fullmatch(r"[\w.+-]+", name) else ""


def _properties(chain: list[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for root in chain:
        found |= {tag(item): (item.text or "").strip() for item in child(root, "properties") or ()}
    last = chain[-1]
    found["project.version"] = text(last, "version") or text(last, "parent", "version")
    found["project.artifactId"] = text(last, "artifactId")
    found["project.groupId"] = text(last, "groupId") or text(last, "parent", "groupId")
    return found


def _plugins(root: Any, properties: dict[str, str]) -> Iterator[tuple[str, str]]:
    for plugin in child(child(root, "build"), "plugins") or ():
        group = text(plugin, "groupId") or "org.apache.maven.plugins"
        yield f"{group}:{text(plugin, 'artifactId')}", filled(text(plugin, "version"), properties)


def _dependencies(
    project: Project, path: str, chain: list[Any], properties: dict[str, str]
) -> Iterator[tuple[str, Evidence]]:
    """What is needed to run, with the line of this pom that names it."""
    lines = project.view.lines(path)
    places = {line.strip(): number for number, line in reversed(list(enumerate(lines, 1)))}
    for root in chain:
        for dependency in child(root, "dependencies") or ():
            if text(dependency, "scope") == "test":
                continue
            artifact = text(dependency, "artifactId")
            number = places.get(f"<artifactId>{artifact}</artifactId>")
            evidence = project.view.evidence(path, number, lines[number - 1] if number else "")
            yield f"{filled(text(dependency, 'groupId'), properties)}:{artifact}", evidence


def _main_class(chain: list[Any], properties: dict[str, str]) -> str | None:
    """Of a manifest, a plugin's configuration or a property."""
    for root in reversed(chain):
        for element in root.iter():
            value = filled((element.text or "").strip(), properties)
            if tag(element) in MAIN and re.fullmatch(r"[A-Za-z_][\w.$]*", value):
                return value
    return None


def _java(project: Project, chain: list[Any], path: str, properties: dict[str, str]) -> tuple[str, Evidence] | None:
    name = next((name for name in RELEASES if properties.get(name)), None)
    value = filled(properties[name], properties) if name else ""
    if not name:
        name, value = _compiler(chain, properties)
    if not re.fullmatch(r"\d[\d.]*", value):
        return None
    place = project.view.find(path, re.compile(rf"<{re.escape(name)}>"))
    return value, place[1] if place else project.view.evidence(path)


def _compiler(chain: list[Any], properties: dict[str, str]) -> tuple[str, str]:
    """The release in the configuration of the compiler's plugin."""
    for root in reversed(chain):
        build = child(root, "build")
        every = [*(child(build, "plugins") or ()), *(child(child(build, "pluginManagement"), "plugins") or ())]
        for plugin in every:
            if text(plugin, "artifactId") in ("maven-compiler-plugin", "kotlin-maven-plugin"):
                for name in ("release", "target", "source", "jvmTarget"):
                    if value := filled(text(plugin, "configuration", name), properties):
                        return name, value
    return "", ""


def _boot(chain: list[Any], properties: dict[str, str], plugins: dict[str, str]) -> str:
    """The version of Spring Boot: of the parent, the plugin or the bill of materials."""
    for root in reversed(chain):
        parent = child(root, "parent")
        if text(parent, "groupId") == BOOT:
            return filled(text(parent, "version"), properties)
        for managed in child(child(root, "dependencyManagement"), "dependencies") or ():
            if text(managed, "groupId") == BOOT:
                return filled(text(managed, "version"), properties)
    return plugins.get(f"{BOOT}:spring-boot-maven-plugin", "")


def _polyglot(project: Project) -> Build:
    """A pom in YAML: its properties and its main class."""
    pom = project.yaml("pom.yml") or {}
    given = pom.get("properties")
    properties = {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
    main = project.view.find("pom.yml", re.compile(r"^\s*mainClass:\s*[\"']?([\w.$]+)"))
    name, version = str(pom.get("artifactId") or "app"), str(pom.get("version") or "")
    key = next((key for key in RELEASES if properties.get(key)), None)
    place = project.view.find("pom.yml", re.compile(rf"^\s*{re.escape(key)}:")) if key else None
    java = (properties[key], place[1]) if key and place and re.fullmatch(r"\d[\d.]*", properties[key]) else None
    module = Module(
        tool="maven",
        path="pom.yml",
        folder=".",
        name=name,
        version=version,
        packaging=str(pom.get("packaging") or "jar"),
        dependencies={},
        plugins={},
        main_class=main[0][1] if main else None,
        java=java,
        boot="",
        jar_name=_safe(f"{name}-{version}"),
        has_sources=project.view.has_folder("src/main"),
        properties=properties,
    )
    return Build("maven", "pom.yml", project.root, ".", (module,), ("pom.yml",), "")
