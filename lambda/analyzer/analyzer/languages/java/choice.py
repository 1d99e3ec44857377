"""Which module of a build is the application, and the jar that is started."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.compiled.sources import Hit, Sources
from analyzer.languages.java.build import Build, Module
from analyzer.model import Evidence, Start
from analyzer.project import Project

SERVER_NAMES = (
    "server",
    "api",
    "web",
    "app",
    "application",
    "backend",
    "service",
    "boot",
    "main",
    "webapp",
    "bootstrap",
)
JAVA_MAIN = re.compile(r"\b(?:public\s+)?static\s+(?:public\s+)?(?:final\s+)?void\s+main\s*\(")
KOTLIN_MAIN = re.compile(r"^(?:suspend\s+)?fun\s+main\s*\(", re.M)
PACKAGE = re.compile(r"^[ \t]*package\s+([\w.]+)", re.M)
SOURCES = (".java", ".kt", ".groovy", ".scala")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The module, why, and the class with main where the build names or the source shows one."""

    module: Module
    main_class: str | None
    sureness: float
    reason: str
    evidence: tuple[Evidence, ...]


def choose(project: Project, build: Build, sources: Sources) -> Chosen | None:
    """The only module that is started; among several what a start command names, the root's, or one by its name."""
    mains = main_classes(build, sources)
    starting = [module for module in build.modules if module.has_sources and module.packaging != "pom"]
    starting = [module for module in starting if module.starts or module.folder in mains]
    starting = [module for module in starting if module.starts or not any(one.starts for one in starting)]
    if not starting:
        return None
    chosen = _only(starting) or _started(project, starting) or _root(starting) or _named(starting)
    if chosen is None:
        names = ", ".join(module.folder for module in starting)
        project.findings.cannot_tell(
            "start", f"which of the modules {names} is the application: a Procfile with its jar"
        )
        return None
    module, sureness, reason = chosen
    main, places = mains.get(module.folder, (None, ()))
    return Chosen(module, module.main_class or main, sureness, reason, (project.view.evidence(module.path), *places))


def _only(starting: list[Module]) -> tuple[Module, float, str] | None:
    module = starting[0]
    return (module, confidence.PROVEN, f"{module.path} builds a program") if len(starting) == 1 else None


def _started(project: Project, starting: list[Module]) -> tuple[Module, float, str] | None:
    start = project.findings.value("start")
    command = start.command if isinstance(start, Start) else ""
    for module in starting:
        folder = module.folder if module.folder != "." else "target"
        if command and (f"{folder}/" in command or re.search(rf"\b{re.escape(module.name)}[-.]", command)):
            return module, confidence.DECLARED, f"the start command {command} names it"
    return None


def _root(starting: list[Module]) -> tuple[Module, float, str] | None:
    root = next((module for module in starting if module.folder == "."), None)
    return (root, confidence.DEFAULT, f"{root.path} is in the root") if root else None


def _named(starting: list[Module]) -> tuple[Module, float, str] | None:
    names = ", ".join(module.folder for module in starting)
    for name in SERVER_NAMES:
        found = [module for module in starting if re.search(rf"(?:^|[-_]){name}$", module.name)]
        if len(found) == 1:
            return found[0], confidence.CONVENTION, f"of {names} it has the usual name of an application"
    return None


def main_classes(build: Build, sources: Sources) -> dict[str, tuple[str, tuple[Evidence, ...]]]:
    """The first class with a main method of each module's folder."""
    found: dict[str, tuple[str, tuple[Evidence, ...]]] = {}
    folders = sorted((module.folder for module in build.modules), key=len, reverse=True)
    for pattern in (JAVA_MAIN, KOTLIN_MAIN):
        for hit in sources.hits(pattern, (" main(", " main (")):
            if hit.path.endswith(".kt") == (pattern is KOTLIN_MAIN):
                folder = next((one for one in folders if one == "." or hit.path.startswith(one + "/")), ".")
                found.setdefault(folder, (_class(sources, hit), (hit.evidence,)))
    return found


def _class(sources: Sources, hit: Hit) -> str:
    stem = hit.path.rpartition("/")[2].rpartition(".")[0]
    package = PACKAGE.search(sources.text(hit.path))
    name = f"{stem[:1].upper()}{stem[1:]}Kt" if hit.path.endswith(".kt") else stem
    return f"{package[1]}.{name}" if package else name


def start_of(chosen: Chosen) -> tuple[Start | None, str]:
    """How a built module is started in the source tree, None without a main class; and what the build makes of it."""
    module = chosen.module
    folder = "" if module.folder == "." else module.folder + "/"
    built = f"{folder}target" if module.tool == "maven" else f"{folder}build/libs"
    name = module.jar_name or "*"
    if module.is_quarkus:
        return _quarkus(module, folder)
    if module.is_boot:
        return _jar(f"{built}/{name}.{module.packaging if module.packaging == 'war' else 'jar'}"), "boot"
    if module.packaging == "war":
        return Start("other", None, "catalina.sh run", ("catalina.sh", "run")), "war"
    if module.is_fat:
        fat = name if module.tool == "maven" and not module.plugin("maven-assembly-plugin") else "*-all"
        return _jar(
            f"{built}/{'*-jar-with-dependencies' if module.plugin('maven-assembly-plugin') else fat}.jar"
        ), "fat"
    if module.is_application or (module.tool == "maven" and module.dependencies and chosen.main_class):
        return _class_path(module, folder, chosen.main_class), "path"
    if not chosen.main_class:
        return None, "plain"
    return _plain(f"{built}/{name}.jar", module, chosen.main_class), "plain"


def _plain(path: str, module: Module, main_class: str) -> Start:
    """A jar whose manifest may name no class: the image names it on the command line."""
    every = f'"{path.removesuffix(".jar")}"' if "*" in path else path
    typed = f"java -jar {path}" if module.main_class else f"java -cp {every} {main_class}"
    return Start("jar", None, typed, (*MEMORY, "-cp", "app.jar", main_class))


def _jar(path: str) -> Start:
    return Start("jar", None, f"java -jar {path}", ARGV)


MEMORY = ("java", "-XX:MaxRAMPercentage=75")
"""Java by itself takes a quarter of a container's memory for its heap."""
ARGV = (*MEMORY, "-jar", "app.jar")


def _quarkus(module: Module, folder: str) -> tuple[Start, str]:
    """The runner of the fast jar, which is the default since Quarkus 1.12."""
    built = f"{folder}{'target' if module.tool == 'maven' else 'build'}"
    versions = [
        value
        for key, value in module.properties.items()
        if re.fullmatch(r"quarkus[\w.-]*version|quarkus\w*Version", key)
    ]
    old = any(re.match(r"0\.|1\.(?:\d|1[01])\.", value) for value in versions)
    return (
        (_jar(f"{built}/*-runner.jar"), "runner") if old else (_jar(f"{built}/quarkus-app/quarkus-run.jar"), "quarkus")
    )


def _class_path(module: Module, folder: str, main_class: str | None) -> Start | None:
    """The launcher itself expands the star: no shell is needed."""
    if not main_class:
        return None
    libraries = f"{folder}build/install/{module.name}/lib/*" if module.tool == "gradle" else f"{folder}target/lib/*"
    if module.tool == "maven":
        libraries = f"{folder}target/{module.jar_name or '*'}.jar:{libraries}"
    return Start("jar", None, f'java -cp "{libraries}" {main_class}', (*MEMORY, "-cp", "lib/*", main_class))
