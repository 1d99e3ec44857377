""".NET (C#, F#, Visual Basic): the project that serves among those of a solution, published beside its own host."""

from __future__ import annotations

import re

from analyzer import confidence, versions
from analyzer.languages.compiled.sources import Sources
from analyzer.languages.dotnet import choice, image, projects, serving
from analyzer.languages.dotnet.projects import DotnetProject
from analyzer.model import Candidate, Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Recipe
from analyzer.versions import Pin

SOURCES = (".cs", ".fs", ".vb")
PUBLISHED = ".runtimeconfig.json"
FRAMEWORKS = (
    ("giraffe", "giraffe"),
    ("saturn", "saturn"),
    ("suave", "suave"),
    ("falco", "falco"),
)
"""Framework and package; one that builds on another comes first."""


def detect(project: Project) -> Candidate | None:
    """A project or solution file, or a program that was published."""
    view = project.view
    top = [path for path in view.top() if path.endswith((*projects.EXTENSIONS, *projects.SOLUTIONS))]
    if top:
        return Candidate("dotnet", confidence.DECLARED, f"{top[0]} is MSBuild's", (view.evidence(top[0]),))
    if below := projects.paths(project):
        return Candidate("dotnet", confidence.DEFAULT, f"{below[0]} is MSBuild's", (view.evidence(below[0]),))
    if path := _published(project):
        reason = f"{path} is of a published .NET program"
        return Candidate("dotnet", confidence.PROVEN, reason, (view.evidence(path),))
    return None


def analyze(project: Project) -> None:
    """Adds what the project files, settings and source say."""
    found = projects.read(project)
    findings = project.findings
    if not found:
        _without_projects(project)
        return
    evidence = found[0].evidence
    findings.add("package_manager", "nuget", confidence.DECLARED, f"{found[0].path} is restored by NuGet", evidence)
    chosen = choice.choose(project, found)
    main = chosen.project if chosen else _likeliest(found)
    versions.decide(project, "dotnet", _pins(project, main))
    _framework(project, main)
    _kind(project, main, is_program=chosen is not None or bool(findings.candidates["start"]))
    if chosen and _runs_on_linux(project, main):
        _start(project, chosen)
        image.describe(project, main, found)
        if findings.value("kind") == "web":
            serving.read(project, main, _sources(project, main))


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None when no project was chosen or its kind has no program."""
    return image.recipe(service)


def _likeliest(found: list[DotnetProject]) -> DotnetProject:
    usual = [one for one in found if not one.is_test and not one.is_aside]
    return next((one for one in usual if one.is_web), (usual or found)[0])


def _published(project: Project) -> str | None:
    return next((path for path in project.view.top() if path.endswith(PUBLISHED)), None)


def _pins(project: Project, main: DotnetProject) -> list[Pin]:
    """The target framework is the runtime; global.json names the SDK that builds for it."""
    pins = []
    if main.version:
        where = project.view.find(main.path, re.compile(r"<TargetFrameworks?>"))
        evidence = (where[1] if where else main.evidence,)
        pins.append(Pin(main.version, "dotnet", f"{main.path} targets {main.target}", evidence))
    return pins


def _framework(project: Project, main: DotnetProject) -> None:
    add = project.findings.add
    for name, package in FRAMEWORKS:
        if package in main.packages:
            add("framework", name, confidence.DECLARED, f"{main.path} references {package}", main.evidence)
            return
    if main.is_browser:
        add("framework", "blazorwasm", confidence.DECLARED, f"{main.path} is of Blazor's SDK", main.evidence)
    elif main.is_web:
        add("framework", "aspnet", confidence.DECLARED, f"{main.path} is of the web SDK", main.evidence)


def _kind(project: Project, main: DotnetProject, *, is_program: bool) -> None:
    functions = ("google.cloud.functions.hosting", "microsoft.net.sdk.functions", "amazon.lambda.core")
    if main.properties.get("AzureFunctionsVersion") or any(one in main.packages for one in functions):
        kind, reason = "function", "references the package of a functions host"
    elif main.is_web:
        kind, reason = "web", "is built with ASP.NET Core"
    elif main.is_browser:
        kind, reason = "static", "is compiled for the browser"
    elif main.is_worker:
        kind, reason = "worker", "is of the worker SDK"
    elif main.is_program or is_program:
        kind, reason = "command", "is a program without a server"
    else:
        kind, reason = "library", "builds no program"
        project.findings.cannot_tell("start", "a program: a project of the web SDK, or with OutputType Exe")
    project.findings.add("kind", kind, confidence.PROVEN, f"{main.path} {reason}", main.evidence)


def _runs_on_linux(project: Project, main: DotnetProject) -> bool:
    if main.version or not (main.frameworks or main.properties.get("TargetFrameworkVersion")):
        return True
    named = ", ".join(main.frameworks) or f".NET Framework {main.properties['TargetFrameworkVersion']}"
    message = f"{main.path} targets {named}, which does not run in a Linux container"
    project.findings.warn("windows_only", message, main.evidence, remedy="target net8.0 or newer")
    project.findings.cannot_tell("start", f"a target framework that runs on Linux in {main.path}")
    return False


def _start(project: Project, chosen: choice.Chosen) -> None:
    findings, main = project.findings, chosen.project
    findings.add(
        "build_command", f"dotnet publish {main.path} -c Release -o out", confidence.DEFAULT, "the SDK publishes it"
    )
    if main.is_browser:
        findings.add("output_dir", "out/wwwroot", confidence.DEFAULT, "publishing writes it", main.evidence)
        return
    findings.add("output_dir", "out", confidence.DEFAULT, "publishing writes it", main.evidence)
    findings.add("start", choice.start_of(main), chosen.sureness, chosen.reason, main.evidence)


def _sources(project: Project, main: DotnetProject) -> Sources:
    paths = [path for path in project.view.within(main.folder) if path.endswith(SOURCES) and "/obj/" not in path]
    return Sources(project.view, sorted(paths, key=lambda path: (not _is_entry(path), path.count("/"), path)))


def _is_entry(path: str) -> bool:
    return path.rpartition("/")[2].rpartition(".")[0] in ("Program", "Startup")


def _without_projects(project: Project) -> None:
    """A solution without projects, or the output of a publish."""
    path = _published(project)
    if not path:
        project.findings.cannot_tell("start", "a project file: .csproj, .fsproj or .vbproj")
        return
    options = (project.json(path) or {}).get("runtimeOptions")
    framework = options.get("framework") if isinstance(options, dict) else None
    named = framework.get("name") if isinstance(framework, dict) else None
    version = framework.get("version") if isinstance(framework, dict) else None
    evidence = project.view.evidence(path)
    if isinstance(version, str):
        text = ".".join(version.split(".")[:2])
        versions.decide(project, "dotnet", [Pin(text, "dotnet", f"{path} names the runtime", (evidence,))])
    name = path.removesuffix(PUBLISHED)
    is_web = named == "Microsoft.AspNetCore.App"
    project.findings.add("kind", "web" if is_web else "command", confidence.PROVEN, f"{path} names {named}", evidence)
    start = Start("other", None, f"dotnet {name}.dll", ("dotnet", f"{name}.dll"))
    project.findings.add("start", start, confidence.PROVEN, f"{name}.dll is a published program", evidence)
    project.findings.details.update(published=True)
    if is_web:
        reason = "the image sets ASPNETCORE_HTTP_PORTS, which the server reads when it is told nothing else"
        project.findings.add("port", serving.DEFAULT_PORT, confidence.DEFAULT, reason, evidence)
