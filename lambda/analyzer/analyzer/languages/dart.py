"""Dart: servers compiled to one program, Dart Frog, Flutter for the web, packages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from analyzer import confidence, versions
from analyzer.model import Candidate, Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Command, Copy, Env, Expose, Recipe, Run, Stage, Step, Workdir

NAME = "dart"
MANIFEST = "pubspec.yaml"
LOCK = "pubspec.lock"
FRAMEWORKS = ("dart_frog", "serverpod", "angel3_framework", "conduit", "alfred", "shelf")
PORT = re.compile(
    r"""["']PORT["'][\s\])]*(?:\?\?|,)\s*["']?(\d{2,5})|\bport\s*[:=]\s*(\d{2,5})\b"""
    r"""|(?:serve|bind|listen)\([^;]{0,200}?,\s*(\d{2,5})\b|\blisten\(\s*(\d{2,5})\b"""
)
SERVES = re.compile(r"\bserve\(|HttpServer\.bind|\.listen\(|\bAlfred\(|Serverpod\(")
LOOPBACK = re.compile(r"InternetAddress\.loopback|(?:serve|bind)\([^;]{0,200}?[\"'](?:localhost|127\.0\.0\.1)[\"']")
HEALTH = re.compile(r"""["'](/(?:up|_?healthz?|health[-_]?check|livez?|readyz?|ping|status))["']""")
FROG_PORT = 8080
FLUTTER = "ghcr.io/cirruslabs/flutter:stable"
FROG_VERSION = "1.2.6"
"""Of the command line of Dart Frog, which writes the server's main file."""


def detect(project: Project) -> Candidate | None:
    """pubspec.yaml."""
    if not project.view.has(MANIFEST):
        return None
    return Candidate(NAME, confidence.DECLARED, "pubspec.yaml is there", (project.view.evidence(MANIFEST, 1),))


def analyze(project: Project) -> None:
    """Reads pubspec.yaml and the program in bin/."""
    findings, view = project.findings, project.view
    pubspec = project.yaml(MANIFEST) or {}
    deps = _mapping(pubspec.get("dependencies"))
    where = view.evidence(MANIFEST, 1)
    findings.add("package_manager", "pub", confidence.DECLARED, "pubspec.yaml is pub's", where)
    flutter = "flutter" in deps
    if framework := "flutter" if flutter else next((name for name in FRAMEWORKS if name in deps), None):
        name = framework.replace("_", "-")
        findings.add("framework", name, confidence.DECLARED, f"pubspec.yaml depends on {framework}", where)
    required = _mapping(pubspec.get("environment")).get("sdk")
    pins = [versions.Pin(required, "npm", "pubspec.yaml requires it", (where,))] if isinstance(required, str) else []
    versions.decide(project, "dart", pins)
    findings.details["lock"] = LOCK if view.has(LOCK) else None
    package = pubspec.get("name")
    entry = _entry(project, package if isinstance(package, str) else "")
    if flutter and entry is None:
        _flutter(project)
    elif "dart_frog" in deps and view.has_folder("routes"):
        _frog(project)
    elif entry:
        _program(project, entry)
    else:
        findings.cannot_tell("start", "bin/server.dart, or another program in bin/")
        findings.add("kind", "library", confidence.CONVENTION, "there is no program in bin/", where)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _entry(project: Project, name: str) -> str | None:
    programs = list(project.view.match("bin/*.dart"))
    usual = project.view.first("bin/server.dart", f"bin/{name}.dart", "bin/main.dart", f"bin/{name}_server.dart")
    return usual or (programs[0] if len(programs) == 1 else None)


def _flutter(project: Project) -> None:
    from analyzer.languages.static import site

    findings, view = project.findings, project.view
    if not view.has("web/index.html"):
        findings.cannot_tell("start", "web/index.html, which `flutter create --platforms web .` writes")
        return
    where = view.evidence("web/index.html", 1)
    findings.add("kind", "static", confidence.DEFAULT, "Flutter compiles the application to files", where)
    findings.add("build_command", "flutter build web --release", confidence.DEFAULT, "Flutter builds so", where)
    findings.add("output_dir", "build/web", confidence.DEFAULT, "Flutter writes there", where)
    start = Start("static", None, " ".join(site.ARGV), site.ARGV)
    findings.add("start", start, confidence.DEFAULT, "the files that Flutter writes are served", where)
    findings.add("port", site.PORT, confidence.DEFAULT, "the server of files listens on it")
    findings.add("health_path", "/", confidence.DEFAULT, "a site is served")


def _frog(project: Project) -> None:
    findings = project.findings
    where = project.view.evidence(MANIFEST, 1)
    start = Start("binary", "bin/server", "./bin/server", ("/app/bin/server",))
    reason = "Dart Frog writes the server of its routes"
    findings.add("start", start, confidence.DEFAULT, reason, where)
    findings.add("kind", "web", confidence.DEFAULT, reason, where)
    findings.add("build_command", "dart_frog build", confidence.DEFAULT, reason, where)
    findings.add("port", FROG_PORT, confidence.DEFAULT, "Dart Frog listens on 8080")
    findings.details["frog"] = True
    if route := project.view.first("routes/health.dart", "routes/healthz.dart", "routes/index.dart"):
        path = "/" if route.endswith("index.dart") else "/" + route[7:-5]
        sure = confidence.CONVENTION if path == "/" else confidence.PROVEN
        findings.add("health_path", path, sure, f"{route} answers it", project.view.evidence(route, 1))


def _program(project: Project, entry: str) -> None:
    findings, view = project.findings, project.view
    where = view.evidence(entry, 1)
    compiled = entry.removesuffix(".dart")
    start = Start("binary", compiled, f"./{compiled}", (f"/app/{compiled}",))
    findings.add("start", start, confidence.DEFAULT, f"{entry} is compiled to one program", where)
    build = f"dart compile exe {entry} -o {compiled}"
    findings.add("build_command", build, confidence.DEFAULT, f"{entry} is compiled to one program", where)
    findings.details["entry"] = entry
    sources = [entry, *list(view.match("lib/**/*.dart"))[:100]]
    if not any(view.find(path, SERVES) for path in sources):
        findings.add("kind", "command", confidence.CONVENTION, "nothing of it listens", where)
        return
    findings.add("kind", "web", confidence.DEFAULT, f"{entry} starts a server", where)
    _listens(project, sources)


def _listens(project: Project, sources: list[str]) -> None:
    findings, view = project.findings, project.view
    for path in sources:
        if found := view.find(path, PORT):
            port = next(int(group) for group in found[0].groups() if group)
            findings.add("port", port, confidence.PROVEN, f"{path} sets the port", found[1])
            break
    else:
        findings.cannot_tell("port", "the port that it listens on: set `port` in .slipway.toml")
    for path in sources:
        if found := view.find(path, HEALTH):
            findings.add("health_path", found[0][1], confidence.PROVEN, f"{path} routes it", found[1])
            break
    for path in sources:
        if found := view.find(path, LOOPBACK):
            findings.warn(
                "binds_loopback",
                f"{path} listens on the loopback address, where nothing outside the container reaches it",
                found[1],
                remedy="listen on InternetAddress.anyIPv4",
            )
            break


def recipe(service: Service) -> Recipe | None:
    """A compiled program on the few files of the system that Dart's image offers for it, or files that are served."""
    start, version = service.value("start"), str(service.value("runtime_version") or "")
    if not isinstance(start, Start) or not re.match(r"\d", version):
        return None
    if start.kind == "static":
        return _site(service)
    if not service.details.get("entry") and not service.details.get("frog"):
        return None
    port = service.value("port")
    listening: tuple[Step, ...] = (Env((("PORT", str(port)),)), Expose(int(port))) if port else ()
    image = Stage(
        "scratch",
        (
            Copy(("/runtime/",), "/", stage="build"),
            Copy(("/app",), "/app", stage="build"),
            Workdir("/app"),
            *listening,
            Command(start.argv),
        ),
    )
    return Recipe((Stage(f"dart:{version}", tuple(_build(service)), "build"), image), (".dart_tool", "build", "test"))


def _build(service: Service) -> list[Step]:
    files = (MANIFEST, *((LOCK,) if service.details.get("lock") else ()))
    steps: list[Step] = [
        Workdir("/app"),
        Copy(files, "./"),
        Run(("dart pub get",), ("/root/.pub-cache",), downloads=True),
        Copy((".",), "."),
    ]
    offline = "dart pub get --offline"
    if not service.details.get("frog"):
        commands: tuple[str, ...] = (offline, str(service.value("build_command")), "rm -rf .dart_tool")
        return [*steps, Run(commands, ("/root/.pub-cache",))]
    written = (
        f"dart pub global activate dart_frog_cli {FROG_VERSION}",
        "dart pub global run dart_frog_cli:dart_frog build",
        "cd build && dart pub get && mkdir -p /app/bin && dart compile exe bin/server.dart -o /app/bin/server",
        "rm -rf /app/build /app/.dart_tool",
    )
    return [*steps, Run(written, ("/root/.pub-cache",), downloads=True)]


def _site(service: Service) -> Recipe:
    from analyzer.languages.static import site

    files = (MANIFEST, *((LOCK,) if service.details.get("lock") else ()))
    steps = (
        Workdir("/app"),
        Copy(files, "./"),
        Run(("flutter pub get",), downloads=True),
        Copy((".",), "."),
        Run((str(service.value("build_command")),), downloads=True),
    )
    port = int(service.value("port") or site.PORT)
    last = site.stage(source="build", folder=f"/app/{service.value('output_dir')}", fallback="index.html", port=port)
    return Recipe((Stage(FLUTTER, steps, "build"), last), (".dart_tool", "build", "test"))
