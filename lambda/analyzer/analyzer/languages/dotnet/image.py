"""The image of a .NET program: restored from its project files, published, on Microsoft's runtime image."""

from __future__ import annotations

import re
from posixpath import commonpath, normpath

from analyzer.languages.compiled.image import apt, needs_shell, program, variables
from analyzer.languages.dotnet.projects import DotnetProject
from analyzer.model import Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Command, Copy, Env, Expose, Recipe, Run, Stage, Step, Workdir

REGISTRY = "mcr.microsoft.com/dotnet"
PACKAGES = "/root/.nuget/packages"
SETTINGS = (
    "Directory.Build.props",
    "Directory.Build.targets",
    "Directory.Packages.props",
    "nuget.config",
    "NuGet.config",
    "NuGet.Config",
    "packages.lock.json",
    "paket.dependencies",
    "paket.lock",
)
"""Files that a restore reads beside the projects."""
NATIVE = {
    "system.drawing.common": ("libgdiplus",),
    "skiasharp.nativeassets.linux": ("libfontconfig1",),
    "skiasharp": ("libfontconfig1",),
    "microsoft.data.sqlclient.sni": (),
}
"""NuGet packages that need a library of Debian."""
QUIET = (("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"), ("NUGET_XMLDOC_MODE", "skip"))
WITHOUT_TIMES = "find /image -exec touch --no-dereference --date=@0 {} +"


def describe(project: Project, main: DotnetProject, found: list[DotnetProject]) -> None:
    """Notes for the recipe what is restored first, and which SDK is needed."""
    findings = project.findings
    by_path = {one.path: one for one in found}
    parts = _parts(main, by_path)
    outside = [path for one in parts for path in one.references if path.startswith("..")]
    context = _context(project.root, outside)
    prefix = _prefix(context, project.root)
    whole = project.whole.sub(context)
    folders = {prefix + _slash(one.folder) for one in parts} | {"", prefix}
    settings = [folder + name for folder in sorted(folders) for name in SETTINGS if whole.has(folder + name)]
    findings.details.update(
        context=context,
        project=prefix + main.path,
        assembly=main.name,
        projects=[] if outside else sorted({prefix + one.path for one in parts}),
        settings=settings,
        sdk=_sdk(project, main),
        target=main.version or "",
        locked=any(path.endswith("packages.lock.json") for path in settings),
        aspnet=main.is_web or "microsoft.aspnetcore.app" in main.packages,
    )
    for package, libraries in NATIVE.items():
        if any(package in one.packages for one in parts):
            findings.system_packages.update(libraries)


def _parts(main: DotnetProject, by_path: dict[str, DotnetProject]) -> list[DotnetProject]:
    """The project and all that it is built with."""
    seen: dict[str, DotnetProject] = {main.path: main}
    waiting = [main]
    while waiting:
        for path in waiting.pop().references:
            if path in by_path and path not in seen:
                seen[path] = by_path[path]
                waiting.append(by_path[path])
    return list(seen.values())


def _context(root: str, outside: list[str]) -> str:
    """A project that references others beside the service needs the folder above them."""
    if not outside or root == ".":
        return root
    places = [normpath(f"{root}/{path}") for path in outside]
    return commonpath([root, *places]) or "." if not any(place.startswith("..") for place in places) else root


def _prefix(context: str, root: str) -> str:
    inner = root if context == "." else root.removeprefix(context).strip("/")
    return "" if inner in (".", "") else inner + "/"


def _slash(folder: str) -> str:
    return "" if folder == "." else folder + "/"


def _sdk(project: Project, main: DotnetProject) -> str:
    """The SDK's image: that of the target, or a newer one that global.json asks for."""
    sdk = (project.json("global.json") or {}).get("sdk")
    asked = sdk.get("version") if isinstance(sdk, dict) else None
    found = re.match(r"(\d+)\.(\d+)\.", asked) if isinstance(asked, str) else None
    version = main.version or ""
    newer = found and version and int(found[1]) > int(version.partition(".")[0])
    return f"{found[1]}.{found[2]}" if found and (newer or not version) else version


def recipe(service: Service) -> Recipe | None:
    """Two stages: the SDK publishes, the runtime's image runs; one stage for what was published already."""
    start, details = service.value("start"), service.details
    if not isinstance(start, Start) or service.value("kind") in ("library", "static", "function"):
        return None
    if details.get("published"):
        return Recipe((_runtime(service, start, (Copy((".",), "."),)),))
    if not details.get("project"):
        return None
    published = Copy(("/image",), "/", stage="build")
    stages = (_build(service, start), _runtime(service, start, (published,)))
    return Recipe(stages, ("**/bin", "**/obj", "out", "**/*.user", *_global(service)))


def _global(service: Service) -> tuple[str, ...]:
    """global.json asks for one patch of an SDK; the image's tag decides instead."""
    return ("global.json",) if service.details.get("sdk") else ()


def _runtime(service: Service, start: Start, content: tuple[Step, ...]) -> Stage:
    port = service.value("port")
    name = "aspnet" if service.value("kind") == "web" or service.details.get("aspnet") else "runtime"
    version = _target(service)
    env = (("DOTNET_EnableDiagnostics", "0"), *_address(version, port))
    steps: list[Step] = [*apt(service.system_packages), Workdir("/app"), *content, *variables(service, *env)]
    steps += [Expose(int(port))] if port else []
    return Stage(f"{REGISTRY}/{name}:{version or 'latest'}", (*steps, Command(_argv(service, start))))


def _address(version: str, port: int | None) -> tuple[tuple[str, str], ...]:
    """Where the server listens when its code does not say; the newer variable exists since .NET 8."""
    if not port:
        return ()
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < 8:
        return (("ASPNETCORE_URLS", f"http://+:{port}"),)
    return (("ASPNETCORE_HTTP_PORTS", str(port)),)


def _target(service: Service) -> str:
    """The runtime's major and minor: those of the target framework, whatever SDK builds for it."""
    version = str(service.details.get("target") or service.value("runtime_version") or "")
    return ".".join(version.split(".")[:2])


def _argv(service: Service, start: Start) -> tuple[str, ...]:
    """What a person starts in a source tree, as it lies in the image."""
    name = str(service.details.get("assembly") or "")
    if start.argv[:2] == ("dotnet", "run") or (needs_shell(start) and "dotnet run" in start.command):
        return (f"./{name}",)
    words = [program(start).rpartition("/")[2], *(word.rpartition("/")[2] for word in start.argv[1:2])]
    if not needs_shell(start) and name in words:
        return (f"./{name}", *start.argv[1:])
    if not needs_shell(start) and f"{name}.dll" in words:
        return ("dotnet", f"{name}.dll", *start.argv[2:])
    return start.argv


def _build(service: Service, start: Start) -> Stage:
    details = service.details
    target = details["project"]
    locked = " --locked-mode" if details.get("locked") else ""
    restore = Run((f"dotnet restore {_quoted(target)}{locked}",), (PACKAGES,), downloads=True)
    publish = f"dotnet publish {_quoted(target)} --configuration Release --output {_place(service, start)}"
    steps: list[Step] = [*apt(service.build_packages), Env(QUIET), Workdir("/src")]
    if details.get("projects"):
        steps += [*_manifests(service), restore]
    steps += [Copy((".",), "."), Run((publish, WITHOUT_TIMES), (PACKAGES,), downloads=True)]
    return Stage(f"{REGISTRY}/sdk:{details.get('sdk') or _target(service)}", tuple(steps), "build")


def _place(service: Service, start: Start) -> str:
    """The folder of the published program, where a start command that keeps its path looks for it."""
    kept = needs_shell(start) and "/" in program(start) and _argv(service, start) == start.argv
    folder = program(start).removeprefix("./").rpartition("/")[0] if kept else ""
    return f"/image/app/{folder}".rstrip("/")


def _manifests(service: Service) -> list[Copy]:
    folders: dict[str, list[str]] = {}
    for path in (*service.details["projects"], *service.details["settings"]):
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    return [Copy(tuple(paths), f"./{folder}/" if folder else "./") for folder, paths in sorted(folders.items())]


def _quoted(path: str) -> str:
    return f"'{path}'" if " " in path else path
