"""Rust: Cargo packages and workspaces, the binary that serves, and an image with nothing but it and its libraries."""

from __future__ import annotations

import re

from analyzer import confidence, versions
from analyzer.languages.compiled import assets
from analyzer.languages.compiled.sources import Sources, is_aside
from analyzer.languages.rust import binaries, cargo, image, serving
from analyzer.languages.rust.cargo import Package, Workspace, table, text
from analyzer.model import Candidate, Service
from analyzer.project import Project
from analyzer.render.recipe import Recipe
from analyzer.versions import Pin

CHANNEL = re.compile(r"\d+\.\d+(?:\.\d+)?")
READ_AT_RUN = ("Rocket.toml", "templates", "static", "public", "assets", "migrations", "config", "locales")
"""Usual names of what a server reads when it runs, under names that no literal need mention."""


def detect(project: Project) -> Candidate | None:
    """A Cargo.toml, or a main.rs without one."""
    view = project.view
    path = cargo.manifest_of(project)
    if path == "Cargo.toml" and _builds_programs(project):
        return Candidate("rust", confidence.DECLARED, "Cargo.toml is Cargo's manifest", (view.evidence(path),))
    if path == "Cargo.toml":
        reason = "Cargo.toml is the manifest of a library, which another language may be built with"
        return Candidate("rust", confidence.DEFAULT, reason, (view.evidence(path),))
    if path:
        return Candidate("rust", confidence.CONVENTION, f"{path} is Cargo's manifest", (view.evidence(path),))
    if main := view.first("main.rs", "src/main.rs"):
        return Candidate("rust", confidence.PROVEN, f"{main} is Rust source", (view.evidence(main),))
    return None


def analyze(project: Project) -> None:
    """Adds what Cargo's manifests and source say."""
    workspace = cargo.read(project)
    findings = project.findings
    findings.details.update(context=workspace.context, folder=workspace.folder, base=workspace.base)
    _manager(project, workspace)
    chosen = binaries.choose(project, workspace)
    package = workspace.package(chosen.bin.package) if chosen else None
    versions.decide(project, "rust", _pins(project, workspace, package))
    serving.framework(project, workspace, package)
    if _is_for_browser(project, workspace):
        return
    if not any(one.bins for one in workspace.packages):
        _library(project)
        return
    sources = _sources(project, workspace, package)
    serving.read(project, workspace, package, sources)
    image.describe(project, workspace, chosen)
    assets.find(project, sources, base=workspace.base, always=READ_AT_RUN)
    if chosen:
        _start(project, workspace, chosen)


def _builds_programs(project: Project) -> bool:
    manifest = project.toml("Cargo.toml") or {}
    lies = any(True for _ in project.view.match("src/main.rs", "src/bin/*.rs", "src/bin/*/main.rs"))
    return lies or "bin" in manifest or "workspace" in manifest


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None when there is no binary or no start command."""
    return image.recipe(service)


def _manager(project: Project, workspace: Workspace) -> None:
    path = cargo.manifest_of(project)
    if path:
        evidence = project.view.evidence(path)
        project.findings.add("package_manager", "cargo", confidence.DECLARED, f"{path} is Cargo's manifest", evidence)
    whole = project.whole.sub(workspace.context)
    lock = "Cargo.lock" if workspace.base == "." else f"{workspace.base}/Cargo.lock"
    if whole.has(lock):
        project.findings.details["lock"] = lock


def _sources(project: Project, workspace: Workspace, package: Package | None) -> Sources:
    """Rust files, the application's package first."""
    paths = sorted(path for path in project.view.paths if path.endswith(".rs") and not is_aside(path))
    ordered = sorted(paths, key=lambda path: (not path.endswith("main.rs"), path.count("/"), path))
    return Sources(project.view, ordered).near(package.folder if package else workspace.base)


def _pins(project: Project, workspace: Workspace, package: Package | None) -> list[Pin]:
    """rust-toolchain, then the smallest version that the manifests allow."""
    return [*_toolchain(project, workspace), *_smallest(project, workspace, package)]


def _toolchain(project: Project, workspace: Workspace) -> list[Pin]:
    view = project.whole.sub(workspace.context)
    for path in ("rust-toolchain.toml", "rust-toolchain"):
        found = view.find(path, re.compile(r"^\s*(?:channel\s*=\s*)?[\"']?([\w.-]+)[\"']?\s*(?:#.*)?$"))
        if found and (version := CHANNEL.match(found[0][1])):
            return [Pin(version[0], "exact", f"{path} names the toolchain", (found[1],))]
        if found and found[0][1].startswith("nightly"):
            image.note_nightly(project, found[1])
            return []
    return []


def _smallest(project: Project, workspace: Workspace, package: Package | None) -> list[Pin]:
    for one in workspace.beginning_with(package):
        version = text(table(one.manifest, "package").get("rust-version"))
        if version and CHANNEL.fullmatch(version):
            found = project.view.find(one.path, re.compile(r"^\s*rust-version\s*="))
            return [Pin(version, "cargo", f"{one.path} requires it at least", tuple(found[1:]) if found else ())]
    return []


def _is_for_browser(project: Project, workspace: Workspace) -> bool:
    """Whether Trunk builds it into files that a browser runs."""
    page = project.view.find("index.html", re.compile(r"data-trunk"))
    if not page and not project.view.has("Trunk.toml"):
        return False
    evidence = [page[1]] if page else [project.view.evidence("Trunk.toml")]
    findings = project.findings
    findings.add(
        "kind", "static", confidence.PROVEN, f"{evidence[0].path} is built by Trunk for the browser", *evidence
    )
    findings.add("build_command", "trunk build --release", confidence.DEFAULT, "Trunk builds it", *evidence)
    findings.add("output_dir", "dist", confidence.DEFAULT, "Trunk writes it", *evidence)
    crates = [crate for one in workspace.packages for crate in serving.BROWSER if crate in one.dependencies]
    for crate in crates[:1]:
        findings.add(
            "framework", serving.BROWSER[crate], confidence.PROVEN, f"a manifest depends on {crate}", *evidence
        )
    return True


def _library(project: Project) -> None:
    project.findings.add("kind", "library", confidence.DEFAULT, "no package has a binary")
    project.findings.cannot_tell("start", "a binary: src/main.rs, or a [[bin]] table in Cargo.toml")


def _start(project: Project, workspace: Workspace, chosen: binaries.Chosen) -> None:
    findings = project.findings
    start = binaries.start_of(chosen.bin)
    findings.add("start", start, chosen.sureness, chosen.reason, *chosen.evidence)
    locked = " --locked" if "lock" in findings.details else ""
    command = f"cargo build --release{locked} --package {chosen.bin.package} --bin {chosen.bin.name}"
    findings.add("build_command", command, confidence.DEFAULT, "Cargo builds the binary", chosen.bin.evidence)
    findings.add("output_dir", "target/release", confidence.DEFAULT, "Cargo writes it")
