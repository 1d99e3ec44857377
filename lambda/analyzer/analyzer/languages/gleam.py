"""Gleam: applications for the BEAM, run as an Erlang shipment; packages."""

from __future__ import annotations

import re

from analyzer import confidence, versions
from analyzer.languages.compiled.image import apt
from analyzer.model import Candidate, Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Command, Copy, Env, Expose, Recipe, Run, Stage, Workdir

NAME = "gleam"
MANIFEST = "gleam.toml"
FRAMEWORKS = ("wisp", "lustre", "glen", "mist")
SERVERS = ("mist", "wisp", "elli", "gleam_cowboy", "ewe", "glen")
PORT = re.compile(r"""\|>\s*mist\.port\(\s*(\d{2,5})|\bport\s*[:=(]+\s*(\d{2,5})\b|unwrap\(\s*"?(\d{4,5})""")
BINDS = re.compile(r"mist\.(?:bind|with_ipv6)\(|\.bind\(")
HEALTH = re.compile(r"""\[\s*"((?:up|_?healthz?|health[-_]?check|livez?|readyz?|ping|status))"\s*\]""")
MAIN = re.compile(r"^\s*pub\s+fn\s+main\b")
SHIPPED = "build/erlang-shipment"
FALLBACK = "1.13"
"""The image's version where none is known."""


def detect(project: Project) -> Candidate | None:
    """gleam.toml."""
    if not project.view.has(MANIFEST):
        return None
    return Candidate(NAME, confidence.DECLARED, "gleam.toml is there", (project.view.evidence(MANIFEST, 1),))


def analyze(project: Project) -> None:
    """Reads gleam.toml and the modules."""
    view, findings = project.view, project.findings
    manifest = project.toml(MANIFEST) or {}
    where = view.evidence(MANIFEST, 1)
    findings.add("package_manager", "gleam", confidence.DECLARED, "gleam.toml is Gleam's", where)
    required = manifest.get("gleam")
    pins = [versions.Pin(required, "gem", "gleam.toml requires it", (where,))] if isinstance(required, str) else []
    versions.decide(project, "gleam", pins)
    listed = manifest.get("dependencies")
    deps = listed if isinstance(listed, dict) else {}
    if framework := next((name for name in FRAMEWORKS if name in deps), None):
        findings.add("framework", framework, confidence.DECLARED, f"gleam.toml depends on {framework}", where)
    findings.details["lock"] = "manifest.toml" if view.has("manifest.toml") else None
    name = manifest.get("name")
    main = f"src/{name}.gleam"
    if not isinstance(name, str) or not view.has(main) or not view.find(main, MAIN):
        findings.cannot_tell("start", "a `pub fn main` in the module that is named like the package")
        findings.add("kind", "library", confidence.CONVENTION, "no module of its name has a main function", where)
        return
    _start(project, main, serves=any(server in deps for server in SERVERS))


def _start(project: Project, main: str, *, serves: bool) -> None:
    found = project.view.find(main, MAIN)
    where = (found[1],) if found else ()
    start = Start("binary", None, f"./{SHIPPED}/entrypoint.sh run", (f"/app/{SHIPPED}/entrypoint.sh", "run"))
    findings, reason = project.findings, f"{main} has the main function that a shipment runs"
    findings.add("start", start, confidence.DEFAULT, reason, *where)
    findings.add("build_command", "gleam export erlang-shipment", confidence.DEFAULT, reason, *where)
    findings.add("output_dir", SHIPPED, confidence.DEFAULT, reason, *where)
    if not serves:
        findings.add("kind", "command", confidence.CONVENTION, "nothing of it listens", *where)
        return
    findings.add("kind", "web", confidence.DEFAULT, "a dependency of it is a web server", *where)
    _listens(project)


def _listens(project: Project) -> None:
    sources = list(project.view.match("src/**/*.gleam"))[:100]
    findings = project.findings
    for path in sources:
        if found := project.view.find(path, PORT):
            port = next(int(group) for group in found[0].groups() if group)
            findings.add("port", port, confidence.PROVEN, f"{path} sets the port", found[1])
            break
    for path in sources:
        if found := project.view.find(path, HEALTH):
            route = f"/{found[0][1]}"
            findings.add("health_path", route, confidence.PROVEN, f"{path} routes {route}", found[1])
            break
    if findings.value("port") is None:
        findings.cannot_tell("port", "the port that it listens on: set `port` in .slipway.toml")
    listening = next((path for path in sources if project.view.find(path, re.compile(r"mist\.new\("))), None)
    if listening and not any(project.view.find(path, BINDS) for path in sources):
        findings.warn(
            "binds_loopback",
            f"{listening} starts Mist, which listens on localhost unless it is told otherwise",
            project.view.evidence(listening),
            remedy='add |> mist.bind("0.0.0.0")',
        )


def recipe(service: Service) -> Recipe | None:
    """A shipment has no runtime in it, so the image that made it also runs it."""
    start, version = service.value("start"), str(service.value("runtime_version") or FALLBACK)
    if not isinstance(start, Start) or not re.match(r"\d", version):
        return None
    base = f"ghcr.io/gleam-lang/gleam:v{_full(version)}-erlang-slim"
    files = ("gleam.toml", *(("manifest.toml",) if service.details.get("lock") else ()))
    build = Stage(
        base,
        (
            *apt(service.build_packages),
            Workdir("/src"),
            Copy(files, "./"),
            Run(("gleam deps download",), downloads=True),
            Copy((".",), "."),
            Run(("gleam export erlang-shipment", f"mv {SHIPPED} /shipment"), downloads=True),
        ),
        "build",
    )
    port = service.value("port")
    listening = (Env((("PORT", str(port)),)), Expose(int(port))) if port else ()
    final = Stage(
        base, (Workdir("/app"), Copy(("/shipment",), SHIPPED, stage="build"), *listening, Command(start.argv))
    )
    return Recipe((build, final), ("build", "test"))


def _full(version: str) -> str:
    """Images carry all three numbers."""
    return ".".join([*version.split("."), "0", "0"][:3])
