"""Where a Ruby server listens and what tells its health: read from its configuration, routes and source."""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzer import confidence
from analyzer.languages.ruby.app import App
from analyzer.project import Project

PUMA_FILES = ("config/puma.rb", "config/puma/production.rb", "puma.rb")
ROUTES = "config/routes.rb"
PORT = re.compile(
    r"""["'](?:(?:APP|HANAMI|HTTP|RACK|SERVER|WEB)_)?PORT["'][\s\])]*(?:,|\|\||\{)\s*["']?(\d{2,5})\b"""
    r"""|(?:\bset[\s(]*:port\s*,|\bset\s+port:|\b[Pp]ort:|:Port\s*=>|^\s*port\s*\(?)\s*["']?(\d{2,5})\b"""
    r"""|\btcp://[\w.\[\]:]*?:(\d{2,5})\b|\bTCPServer\.(?:new|open)[\s(]+(?:["'][^"']*["']\s*,\s*)?(\d{2,5})\b"""
    r"""|^\#\\.*\s-p\s*(\d{2,5})\b"""
)
LOOPBACK = re.compile(
    r"""(?:\bset[\s(]*:bind\s*,|\bbind:|:bind\s*=>|\bBindAddress:|:BindAddress\s*=>|\bTCPServer\.(?:new|open)\()"""
    r"""\s*["'](?:127\.0\.0\.1|localhost|::1)["']|\btcp://(?:127\.0\.0\.1|localhost)\b"""
)
HEALTH = re.compile(
    r"""\b(?:get|match|is|on)\b[\s(]*["']/?((?:[\w-]+/)*"""
    r"""(?:up|_?healthz?|health[-_]?check|healthcheck|livez?|readyz?|heartbeat|ping|status|alive))["']"""
)
ROOT = re.compile(r"""^\s*root\b(?!\s*=)|\b(?:get|is|on)\b[\s(]*["']/["']|\br\.root\b""")
RAILS_INDENT = 2
"""Deeper routes of Rails are below a namespace or scope, so that their path is longer than what they name."""


def port(app: App, default: int | None, reason: str) -> int | None:
    """The port: what the source says, else the default of the server if it has one; its candidates are added."""
    findings = app.project.findings
    for path in _sources(app):
        if found := app.project.view.find(path, PORT):
            value = next(int(group) for group in found[0].groups() if group)
            if 1 <= value <= 65535:
                findings.add("port", value, confidence.PROVEN, f"{path} sets the port", found[1])
                break
    if default:
        findings.add("port", default, confidence.DEFAULT, reason)
    decided: int | None = findings.value("port")
    if decided is None:
        findings.cannot_tell("port", "the port in the source, or `port` in .slipway.toml")
    return decided


def loopback(app: App) -> None:
    """Warn when the source listens on the loopback address only."""
    for path in _sources(app):
        if found := app.project.view.find(path, LOOPBACK):
            app.project.findings.warn(
                "binds_loopback",
                f"{path} listens on the loopback address, where nothing outside the container reaches it",
                found[1],
                remedy="listen on 0.0.0.0",
            )
            return


def health(app: App) -> None:
    """The path of a health check that the routes have."""
    project = app.project
    routes = ROUTES if app.is_rails else None
    for path in [ROUTES] if routes else _sources(app):
        for number, line in enumerate(project.view.lines(path), 1):
            if line.lstrip().startswith("#") or (routes and len(line) - len(line.lstrip()) > RAILS_INDENT):
                continue
            if found := HEALTH.search(line):
                where = project.view.evidence(path, number, line)
                project.findings.add("health_path", f"/{found[1]}", confidence.PROVEN, f"{path} routes it", where)
                return
    _root(project, [ROUTES] if routes else _sources(app))


def _root(project: Project, paths: Iterable[str]) -> None:
    for path in paths:
        if found := project.view.find(path, ROOT):
            reason = f"{path} routes the root, and nothing that is meant for health checks"
            project.findings.add("health_path", "/", confidence.CONVENTION, reason, found[1])
            return
    if project.findings.value("health_path") is None:
        project.findings.cannot_tell("health_path", "a route that answers 200 without a database, such as /up")


def _sources(app: App) -> list[str]:
    """Where a server's port and routes are written: Puma's file, config.ru, scripts, what they are split into."""
    view = app.project.view
    puma = view.first(*PUMA_FILES)
    split = [path for path in view.match("app/*.rb", "lib/*.rb", "routes/*.rb", "config/*.rb") if path != puma]
    named = [path for path in (puma, "config.ru") if path and view.has(path)]
    return [*named, *app.scripts, *([] if app.is_rails else split[:40])]
