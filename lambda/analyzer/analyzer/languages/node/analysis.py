"""Reads a Node.js service into findings."""

from __future__ import annotations

from analyzer import confidence, versions
from analyzer.languages.node import app as apps
from analyzer.languages.node import (
    building,
    installing,
    listening,
    managers,
    members,
    natives,
    pins,
    ports,
    processes,
    starting,
)
from analyzer.languages.node.app import App
from analyzer.languages.node.managers import Manager
from analyzer.languages.node.starting import Outcome
from analyzer.project import Project


def analyze(project: Project) -> None:
    """Adds what is known of a Node.js service to `project.findings`."""
    app = apps.read(project)
    manager = _manager(app)
    version = versions.decide(project, "node", pins.pins(app))
    outcome = starting.decide(app, manager, version)
    outcome = members.application(app, outcome, manager, version)
    _framework(app, outcome)
    _start(app, outcome)
    build = building.command(app, outcome, manager)
    if build:
        project.findings.add("build_command", build.value, build.confidence, build.reason, *build.evidence)
    _output(app, outcome)
    heard = listening.listen(project.view, outcome.entry, fastify=bool(app.manifest.requires("fastify")))
    ports.add(project.findings, outcome, heard)
    _kind(app, outcome, heard)
    _nothing_listens(app, outcome, heard)
    processes.find(app, manager)
    if not outcome.static:
        natives.find(app)
    installing.describe(app, manager, outcome)


def _manager(app: App) -> Manager | None:
    if app.above:
        app.project.findings.details["context"] = app.above.folder
        if app.declared and app.manifest.text("packageManager"):
            return managers.decide(app.outer, app.manifest)
        return managers.decide(app.outer, app.above.root)
    return managers.decide(app.project, app.manifest if app.declared else None)


def _framework(app: App, outcome: Outcome) -> None:
    row = outcome.framework
    if row is None:
        return
    package = app.depends(*row.packages)
    evidence = (app.manifest.dependency_evidence(package),) if package else ()
    reason = f"{package} is a dependency" if package else "it is there"
    app.project.findings.add("framework", row.name, confidence.PROVEN, reason, *evidence)


def _start(app: App, outcome: Outcome) -> None:
    findings = app.project.findings
    if outcome.start:
        start = outcome.start
        findings.add("start", start.value, start.confidence, start.reason, *start.evidence)
    if outcome.missing:
        findings.cannot_tell("start", f"add {outcome.missing}")
    if outcome.serving and outcome.serving.start == ("node", "build") and app.depends("@sveltejs/adapter-auto"):
        findings.warn(
            "adapter_auto",
            "adapter-auto downloads the adapter for a container while it builds",
            app.manifest.dependency_evidence("@sveltejs/adapter-auto"),
            remedy="install @sveltejs/adapter-node and use it in svelte.config.js",
        )
    _development_server(app, outcome)


def _nothing_listens(app: App, outcome: Outcome, heard: listening.Heard) -> None:
    """A handler that another platform's server would call has none here."""
    own_start = outcome.start and outcome.start.value.kind == "node-file"
    if (
        own_start
        and outcome.framework
        and outcome.framework.kind == "web"
        and not outcome.serving
        and not heard.listens
    ):
        app.project.findings.warn(
            "nothing_listens",
            f"{outcome.entry} uses {outcome.framework.name} and nothing was seen that listens on a port",
            remedy="start a server where the variable PORT says",
        )


def _development_server(app: App, outcome: Outcome) -> None:
    """A start script that is only for developers is said to be so, and what runs instead."""
    from analyzer.languages.node.scripts import develops, watches

    found = app.command("start")
    if not found.text or not (develops(found) or watches(found)) or outcome.start is None:
        return
    start = outcome.start.value
    if start.kind == "static":
        return
    app.project.findings.warn(
        "development_server",
        f"the start script runs {found.program}, which is for developers: {' '.join(start.argv)} runs instead",
        app.manifest.evidence("scripts", "start"),
        remedy="give it a start script for production",
    )


def _output(app: App, outcome: Outcome) -> None:
    serving = outcome.serving
    if serving and serving.output and serving.output != "." and (outcome.static or serving.start):
        sureness = confidence.PROVEN if serving.evidence else confidence.DEFAULT
        app.project.findings.add("output_dir", serving.output, sureness, serving.reason, *serving.evidence)


def _kind(app: App, outcome: Outcome, heard: listening.Heard) -> None:
    findings = app.project.findings
    row = outcome.framework
    if outcome.static:
        findings.add("kind", "static", confidence.PROVEN, "a build of files is served")
    elif outcome.start is None and _is_library(app, outcome):
        findings.add("kind", "library", confidence.CONVENTION, f"{app.manifest.path} exports a library")
    elif row and row.kind == "worker" and heard.listens is None:
        findings.add("kind", "worker", confidence.DEFAULT, f"{row.name} connects to its service and does not listen")
    elif row or heard.listens:
        evidence = (heard.listens,) if heard.listens else ()
        findings.add("kind", "web", confidence.PROVEN, f"{row.name} serves it" if row else "it listens", *evidence)
    elif _is_library(app, outcome):
        findings.add(
            "kind", "library", confidence.CONVENTION, f"{app.manifest.path} exports a library and starts nothing"
        )
        findings.doubt("start")
    elif heard.reads_port:
        findings.add("kind", "web", confidence.CONVENTION, "it reads PORT", heard.reads_port)
    else:
        findings.add("kind", "web", confidence.HINT, "most applications are")
        findings.add("kind", "worker", confidence.HINT, "nothing was seen that listens")
        findings.cannot_tell("kind", "add a health path or a port to .slipway.toml when it is a web service")


def _is_library(app: App, outcome: Outcome) -> bool:
    """Published for others to import: no start script, not private, with files or exports."""
    data = app.manifest.data
    published = any(
        key in data for key in ("exports", "files", "publishConfig", "peerDependencies", "types", "typings")
    )
    return outcome.script is None and published and data.get("private") is not True
