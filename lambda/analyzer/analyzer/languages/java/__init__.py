"""Java and its kin: Maven and Gradle builds of Java and Kotlin; Scala's and Clojure's tools as far as detection."""

from __future__ import annotations

from analyzer import confidence, versions
from analyzer.languages.compiled.sources import Sources, is_aside
from analyzer.languages.java import choice, gradle, image, maven, others, packing, serving
from analyzer.languages.java.build import Build, Module
from analyzer.model import Candidate, Service
from analyzer.project import Project
from analyzer.render.recipe import Recipe
from analyzer.versions import Pin

BUILD_FILES = ("pom.xml", "pom.yml", *gradle.FILES, *gradle.SETTINGS)
BELOW = tuple(f"{folder}/{name}" for folder in ("*", "*/*") for name in ("pom.xml", *gradle.FILES))


def detect(project: Project) -> Candidate | None:
    """A build file, a wrapper, source in the root, an unpacked jar, or build files below."""
    view = project.view
    if path := view.first(*BUILD_FILES):
        return Candidate("java", confidence.DECLARED, f"{path} is a build file of Java", (view.evidence(path),))
    if of := others.tool(project):
        reason = f"{of.path} is read by {of.manager}"
        return Candidate(of.language, confidence.DECLARED, reason, (view.evidence(of.path),))
    if path := view.first("META-INF/MANIFEST.MF"):
        return Candidate("java", confidence.PROVEN, "it is an unpacked jar", (view.evidence(path),))
    if path := next((path for path in view.top() if path.endswith((".java", ".jar", ".war"))), None):
        return Candidate("java", confidence.PROVEN, f"{path} is Java", (view.evidence(path),))
    if path := next((path for path in view.match(*BELOW) if not is_aside(path) and "android" not in path), None):
        return Candidate("java", confidence.CONVENTION, f"{path} is a build file of Java", (view.evidence(path),))
    return None


def analyze(project: Project) -> None:
    """Adds what the build files, settings and source say."""
    build = _build(project)
    if build is None:
        others.analyze(project)
        return
    findings = project.findings
    evidence = project.view.evidence(build.path)
    findings.add("package_manager", build.tool, confidence.DECLARED, f"{build.path} is read by {build.tool}", evidence)
    findings.details.update(context=build.context, folder=build.folder)
    sources = _sources(project)
    chosen = choice.choose(project, build, sources)
    module = chosen.module if chosen else _likeliest(build)
    versions.decide(project, "java", _pins(build, module))
    if module is None:
        findings.cannot_tell("start", f"a module that builds a program in {build.path}")
        return
    framework = serving.framework(project, module)
    serving.read(project, module, framework, sources.near(module.folder))
    if chosen is None:
        _library(project, build, framework)
        return
    packing.describe(project, build, chosen)


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None where no program was chosen or the tool has no recipe."""
    return image.recipe(service)


def _build(project: Project) -> Build | None:
    if maven.has(project):
        return maven.read(project)
    return gradle.read(project) if gradle.has(project) else None


def _sources(project: Project) -> Sources:
    """Source files of programs, those in the conventional folder and with usual names first."""
    paths = [path for path in project.view.paths if path.endswith(choice.SOURCES) and not _is_test(path)]
    usual = ("Application", "Main", "App", "Server")
    ordered = sorted(paths, key=lambda path: (not path.rpartition("/")[2].rpartition(".")[0].endswith(usual), path))
    return Sources(project.view, ordered)


def _is_test(path: str) -> bool:
    return "src/test/" in path or "/build/" in path or path.endswith(("Test.java", "Tests.java", "Test.kt"))


def _likeliest(build: Build) -> Module | None:
    with_sources = [module for module in build.modules if module.has_sources]
    return next(iter(with_sources or build.modules), None)


def _pins(build: Build, module: Module | None) -> list[Pin]:
    """The release that the module, or else any other, is compiled for."""
    rows = [*([module] if module else []), *build.modules]
    found = next((row for row in rows if row.java), None)
    if found is None or found.java is None:
        return []
    version, evidence = found.java
    return [Pin(version, "exact", f"{found.path} compiles for it", (evidence,))]


def _library(project: Project, build: Build, framework: str | None) -> None:
    findings = project.findings
    if findings.value("kind") == "command" and framework is None and "start" not in findings.missing:
        findings.candidates["kind"].clear()
        findings.add("kind", "library", confidence.DEFAULT, f"{build.path} builds no program, and no class has main")
    findings.cannot_tell("start", "a main class: a plugin that packs a program, or a class with main")
