"""build.gradle and build.gradle.kts, read line by line: plugins, dependencies, the release of Java, the main class.

They are programs and nothing runs them: what their usual forms declare is read, the rest is left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath
from typing import Any

from analyzer.languages.compiled.sources import LARGEST, without_comments
from analyzer.languages.java.build import Build, Module
from analyzer.model import Evidence
from analyzer.project import Project
from analyzer.source.view import SourceView

SETTINGS = ("settings.gradle", "settings.gradle.kts")
FILES = ("build.gradle", "build.gradle.kts")
MOST = 40
PLUGIN = re.compile(
    r"\bid\s*\(?\s*[\"'](?P<id>[\w.-]+)[\"']\s*\)?(?:\s*version\s*\(?\s*[\"'](?P<version>[^\"']+)[\"'])?(?P<off>[^\n]{0,80}?apply\s+false)?"
)
KOTLIN = re.compile(r"\bkotlin\(\s*\"(?P<id>[\w.-]+)\"\s*\)\s*version\b")
APPLY = re.compile(r"\bapply\s*\(?\s*plugin\s*[:=]\s*[\"'](?P<id>[\w.-]+)[\"']")
ALIAS = re.compile(
    r"\balias\s*\(?\s*(?P<catalog>\w+)\.plugins\.(?P<name>[\w.]+)\s*\)?(?P<off>[^\n]{0,80}?apply\s+false)?"
)
PLUGINS = re.compile(r"\bplugins\s*\{(?P<body>[^{}]*)\}", re.S)
BARE = re.compile(r"^[ \t]*`?(?P<id>application|java|war|java-library|groovy|scala|base)`?[ \t]*;?[ \t]*$", re.M)
DEPENDENCY = re.compile(r"[\"'](?P<group>[\w.-]+):(?P<artifact>[\w.-]+)(?::(?P<version>[^\"'@]*))?(?:@\w+)?[\"']")
NAMED = re.compile(r"group\s*[:=]\s*[\"'](?P<group>[\w.-]+)[\"']\s*,\s*name\s*[:=]\s*[\"'](?P<artifact>[\w.-]+)[\"']")
LIBRARY = re.compile(r"\blibs\.(?!plugins\.|versions\.)(?P<name>[\w.]+)")
TESTING = re.compile(r"^\s*(?:test|androidTest|integrationTest|kaptTest|classpath|developmentOnly|jmh)\w*\b")
JAVA = (
    re.compile(r"JavaLanguageVersion\.of\(\s*[\"']?(?P<java>[\w.]+)"),
    re.compile(r"\bjvmToolchain\s*\(\s*(?P<java>\d+)"),
    re.compile(r"\brelease\s*(?:=|\.set\()\s*[\"']?(?P<java>\d+)"),
    re.compile(
        r"\b(?:source|target)Compatibility\s*=?\s*\(?\s*(?:JavaVersion\.(?:VERSION_|toVersion\())?[\"']?(?P<java>[\w.]+)"
    ),
    re.compile(r"\bjvmTarget\s*(?:=|\.set\()\s*(?:JvmTarget\.JVM_)?[\"']?(?P<java>[\d._]+)"),
)
MAIN = (
    re.compile(r"\bmainClass(?:Name)?\s*(?:=|\.set\(|\s)\s*[\"'](?P<main>[\w.$]+)[\"']"),
    re.compile(r"[\"']?Main-Class[\"']?\]?\s*(?::|=|to)\s*[\"'](?P<main>[\w.$]+)[\"']"),
    re.compile(r"\bmain\s*=\s*[\"'](?P<main>[\w.$]+\.[\w$]+)[\"']"),
)
INCLUDE = re.compile(r"^[ \t]*include\b(?P<rest>[^\n]*(?:,\s*\n[^\n]*)*)", re.M)
MOVED = re.compile(
    r"project\(\s*[\"'](?P<path>[\w:.-]+)[\"']\s*\)\.projectDir\s*=[^\"'\n]*[\"'](?P<folder>[^\"'\n]+)[\"']"
)
ROOT_NAME = re.compile(r"rootProject\.name\s*=\s*[\"'](?P<name>[\w.-]+)[\"']")
VERSION = re.compile(r"^[ \t]*version\s*=?\s*\(?[\"'](?P<version>[\w.+-]+)[\"']", re.M)
PROPERTY = re.compile(r"^[ \t]*([\w.]+)[ \t]*=[ \t]*(\S+)[ \t]*$", re.M)
WRAPPER = re.compile(r"distributionUrl=.*?gradle-(?P<version>\d[\w.-]*?)-(?:bin|all)\.zip")


def has(project: Project) -> bool:
    """Whether Gradle builds the service."""
    return project.view.first(*FILES, *SETTINGS) is not None


def read(project: Project) -> Build:
    """The build: the root's project and those that its settings include."""
    context = _context(project)
    whole = project.whole.sub(context)
    prefix = "" if context == "." else context + "/"
    shared = _shared(whole) if context != project.root else _shared(project.view)
    folders = [".", *_included(project.view)]
    modules = tuple(module for folder in folders[:MOST] if (module := _module(project, folder, shared)))
    wrapper = whole.find("gradle/wrapper/gradle-wrapper.properties", WRAPPER)
    names = (*FILES, *SETTINGS, "gradle.properties", "gradle/libs.versions.toml")
    manifests = [path for name in names for path in whole.match(name, f"**/{name}")]
    return Build(
        tool="gradle",
        path=project.view.first(*FILES, *SETTINGS) or FILES[0],
        context=context,
        folder="." if project.root == context else project.root.removeprefix(prefix),
        modules=modules,
        manifests=tuple(sorted(manifests)[:MOST]),
        wrapper=wrapper[0]["version"] if wrapper else "",
    )


def _context(project: Project) -> str:
    """The nearest folder above whose settings include this project."""
    if project.view.first(*SETTINGS):
        return project.root
    words = [] if project.root == "." else project.root.split("/")
    for count in range(len(words) - 1, -1, -1):
        above = "/".join(words[:count]) or "."
        if "/".join(words[count:]) in _included(project.whole.sub(above)):
            return above
    return project.root


def _included(view: SourceView) -> list[str]:
    """Folders of the projects that the settings include."""
    text = "\n".join(_plain(view, path) for path in SETTINGS if view.has(path))
    moved = {found["path"].strip(":"): normpath(found["folder"]) for found in MOVED.finditer(text)}
    names = [name for found in INCLUDE.finditer(text) for name in re.findall(r"[\"']([\w:./-]+)[\"']", found["rest"])]
    return list(dict.fromkeys(moved.get(name.strip(":"), name.strip(":").replace(":", "/")) for name in names))


def _plain(view: SourceView, path: str) -> str:
    """A build script without its comments, its lines where they were."""
    return without_comments(view.text(path) or "")


def _shared(view: SourceView) -> tuple[str, dict[str, str], dict[str, Any]]:
    """What all projects of a build see: the root's script, properties and version catalog."""
    path = view.first(*FILES)
    script = _plain(view, path) if path else ""
    shared = script if re.search(r"\b(?:subprojects|allprojects)\b", script) else ""
    properties = dict(PROPERTY.findall((view.text("gradle.properties") or "")[:LARGEST]))
    return shared, properties, _catalog(view)


def _catalog(view: SourceView) -> dict[str, Any]:
    from analyzer import manifests

    try:
        return manifests.toml(view.text("gradle/libs.versions.toml") or "")
    except manifests.Malformed:
        return {}


def _module(project: Project, folder: str, shared: tuple[str, dict[str, str], dict[str, Any]]) -> Module | None:
    inner = project.view.sub(folder)
    path = inner.first(*FILES)
    if path is None:
        return None
    above, properties, catalog = shared
    own = _plain(inner, path)
    script = own if folder == "." else f"{own}\n{above}"
    plugins = dict(_plugins(script, catalog, properties))
    where = path if folder == "." else f"{folder}/{path}"
    name = _name(project, inner, folder)
    version = VERSION.search(own)
    return Module(
        tool="gradle",
        path=where,
        folder=folder,
        name=name,
        version=version["version"] if version else "",
        packaging="war" if "war" in plugins else "jar",
        dependencies=dict(_dependencies(project, where, own, catalog))
        | dict(_dependencies(project, where, above, catalog)),
        plugins=plugins,
        main_class=next((found["main"] for pattern in MAIN if (found := pattern.search(script))), None),
        java=_java(project, where, script, properties),
        boot=plugins.get("org.springframework.boot", ""),
        jar_name="",
        has_sources=inner.has_folder("src") or next(inner.match("*.java", "*.kt"), None) is not None,
        properties=properties,
    )


def _name(project: Project, inner: SourceView, folder: str) -> str:
    if folder != ".":
        return folder.rpartition("/")[2]
    texts = (_plain(inner, path) for path in SETTINGS if inner.has(path))
    named = next((found["name"] for text in texts if (found := ROOT_NAME.search(text))), None)
    return named or (project.root.rpartition("/")[2] if project.root != "." else "app")


def _plugins(script: str, catalog: dict[str, Any], properties: dict[str, str]) -> Iterator[tuple[str, str]]:
    for found in PLUGIN.finditer(script):
        if not found["off"]:
            yield found["id"], _value(found["version"] or "", properties)
    for found in KOTLIN.finditer(script):
        yield f"org.jetbrains.kotlin.{found['id']}", ""
    for found in APPLY.finditer(script):
        yield found["id"], ""
    for block in PLUGINS.finditer(script):
        for bare in BARE.finditer(block["body"]):
            yield bare["id"], ""
    for found in ALIAS.finditer(script):
        if not found["off"] and (entry := _entry(catalog, "plugins", found["name"])):
            yield _identity(entry, "id"), _catalog_version(catalog, entry)


def _value(text: str, properties: dict[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda found: properties.get(found[1], found[0]), text)


def _entry(catalog: dict[str, Any], table: str, accessor: str) -> Any:
    """An entry of the version catalog by its accessor, in which every separator is a point."""
    rows = catalog.get(table)
    if not isinstance(rows, dict):
        return None
    wanted = accessor.removesuffix(".get")
    return next((row for name, row in rows.items() if re.sub(r"[-_]", ".", name) == wanted), None)


def _identity(entry: Any, key: str) -> str:
    if isinstance(entry, str):
        return ":".join(entry.split(":")[: 1 if key == "id" else 2])
    if not isinstance(entry, dict):
        return ""
    group, name = entry.get("group"), entry.get("name")
    joined = f"{group}:{name}" if isinstance(group, str) and isinstance(name, str) else ""
    named = entry.get(key)
    return named if isinstance(named, str) else joined


def _catalog_version(catalog: dict[str, Any], entry: Any) -> str:
    version = entry.get("version") if isinstance(entry, dict) else str(entry).rpartition(":")[2]
    if isinstance(version, dict):
        versions = catalog.get("versions")
        version = versions.get(version.get("ref")) if isinstance(versions, dict) else None
    return version if isinstance(version, str) else ""


def _dependencies(project: Project, path: str, script: str, catalog: dict[str, Any]) -> Iterator[tuple[str, Evidence]]:
    """What is needed to run; lines of tests are left out."""
    for number, line in enumerate(script.split("\n"), 1):
        if TESTING.match(line) or "testImplementation" in line:
            continue
        names = [
            f"{found['group']}:{found['artifact']}"
            for pattern in (DEPENDENCY, NAMED)
            for found in pattern.finditer(line)
        ]
        names += [_identity(_entry(catalog, "libraries", found["name"]), "module") for found in LIBRARY.finditer(line)]
        for name in filter(None, names):
            yield name, project.view.evidence(path, number, line)


def _java(project: Project, path: str, script: str, properties: dict[str, str]) -> tuple[str, Evidence] | None:
    for pattern in JAVA:
        for found in pattern.finditer(script):
            value = properties.get(found["java"], found["java"]).replace("_", ".").strip(".")
            if re.fullmatch(r"\d[\d.]*", value):
                number = script.count("\n", 0, found.start()) + 1
                own = number <= len(project.view.lines(path))
                return value, project.view.evidence(path, number if own else None)
    return None
