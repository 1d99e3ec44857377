"""C and C++ by CMake or Meson: the executable that the build file names; libraries come from Debian or vcpkg."""

from __future__ import annotations

from analyzer import confidence
from analyzer.languages.compiled import assets, serving
from analyzer.languages.compiled.sources import Sources, is_aside
from analyzer.languages.cpp import image, targets
from analyzer.languages.cpp.frameworks import FRAMEWORKS, LISTENING, LISTENS, ROOT, TABLE
from analyzer.model import Candidate, Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Recipe

SOURCES = (".cpp", ".cc", ".cxx", ".c", ".h", ".hpp")


def detect(project: Project) -> Candidate | None:
    """A build file of CMake or Meson, else a source file with main in the root."""
    view = project.view
    if path := view.first("CMakeLists.txt", "meson.build"):
        return Candidate("cpp", confidence.DECLARED, f"{path} is a build file of C or C++", (view.evidence(path),))
    if path := view.first("main.cpp", "main.cc", "main.cxx", "main.c"):
        return Candidate("cpp", confidence.CONVENTION, f"{path} is C or C++ source", (view.evidence(path),))
    return None


def analyze(project: Project) -> None:
    """Adds what the build file and the source say."""
    findings = project.findings
    tool = targets.tool(project)
    if not tool:
        findings.cannot_tell("start", "a build file: CMakeLists.txt or meson.build")
        return
    _manager(project, tool)
    found = targets.read(project, tool)
    main = targets.choose(project, found)
    sources = Sources(
        project.view, [path for path in project.view.paths if path.endswith(SOURCES) and not is_aside(path)]
    )
    if not found:
        findings.add("kind", "library", confidence.DEFAULT, f"{tool.path} builds no executable")
        findings.cannot_tell("start", f"an executable in {tool.path}")
        return
    _serving(project, sources)
    assets.find(project, sources)
    if main:
        start = Start("binary", None, f"./build/{main.place}", (f"./build/{main.place}",))
        findings.add("start", start, main.sureness, main.reason, main.evidence)
        findings.add("build_command", tool.build, confidence.DEFAULT, f"{tool.name} builds it so", main.evidence)
        findings.add("output_dir", "build", confidence.DEFAULT, "the build command writes it")
        image.describe(project, tool, main)


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None when no executable was chosen."""
    return image.recipe(service)


def _manager(project: Project, tool: targets.Tool) -> None:
    view, add = project.view, project.findings.add
    for path, name in (("vcpkg.json", "vcpkg"), ("conanfile.txt", "conan"), ("conanfile.py", "conan")):
        if view.has(path):
            add("package_manager", name, confidence.DECLARED, f"{path} is {name}'s manifest", view.evidence(path))
            return
    add(
        "package_manager",
        tool.name,
        confidence.DEFAULT,
        f"{tool.path} finds libraries itself",
        view.evidence(tool.path),
    )


def _serving(project: Project, sources: Sources) -> None:
    findings, sources = project.findings, sources.serving()
    for name, pattern in FRAMEWORKS:
        if found := sources.search(pattern, ("#include",)):
            reason = f"{found.path} includes it"
            if name == "functions-framework":
                findings.add("kind", "function", confidence.PROVEN, reason, found.evidence)
                return
            findings.add("framework", name, confidence.PROVEN, reason, found.evidence)
            break
    listening = sources.search(LISTENS, LISTENING)
    if not listening and findings.value("framework") is None:
        findings.add("kind", "command", confidence.CONVENTION, "nothing in its source listens for requests")
        return
    reason = f"{listening.path} listens for requests" if listening else "it is built with a web framework"
    findings.add("kind", "web", confidence.PROVEN, reason, *([listening.evidence] if listening else []))
    serving.find_port(project, sources, TABLE)
    serving.warn_of_loopback(project, sources, TABLE)
    serving.find_health(project, sources, ROOT)
    serving.no_port(project)
