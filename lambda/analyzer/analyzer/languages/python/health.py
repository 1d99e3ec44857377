"""The path that tells whether the application is up: a route for it, else the root, else what the framework answers."""

from __future__ import annotations

import re

from analyzer import confidence
from analyzer.languages.python.code import Code
from analyzer.languages.python.routes import Route, routes
from analyzer.model import Evidence
from analyzer.project import Project

NAMES = ("healthz", "health", "healthcheck", "health-check", "health_check", "livez", "live", "readyz", "ready")
LATER = ("up", "ping", "heartbeat", "status", "alive", "_health", "__health")
WANTED = re.compile(rf"/(?:[\w-]+/){{0,3}}(?:{'|'.join((*NAMES, *LATER))})(?:/(?:live|liveness|ready|readiness))?/?")
VARIABLE = re.compile(r"[<{(\[*:]")
MISSING = "add a route that answers GET with 200 without a login, such as /health, or name one in .slipway.toml"


def decide(project: Project, code: Code, path: str | None, framework: str) -> None:
    """Adds candidates for `health_path` from the routes of the file that the application is in."""
    found = [route for route in routes(code, path) if not VARIABLE.search(route.path)] if path else []
    checks = sorted((route for route in found if WANTED.fullmatch(route.path)), key=_order)
    for number, route in enumerate(checks[:3]):
        surely = confidence.HINT if number else confidence.PROVEN
        project.findings.add(
            "health_path", route.path, surely, f"{route.file} answers {route.path}", _evidence(project, route)
        )
    if root := next((route for route in found if route.path == "/"), None):
        reason = f"{root.file} answers / and there is no route for a health check"
        project.findings.add("health_path", "/", confidence.DEFAULT, reason, _evidence(project, root))
    elif framework == "fastapi" and path and not _without_docs(code, path):
        reason = "FastAPI answers /docs unless it is told not to, and neither / nor a health check is a route"
        project.findings.add("health_path", "/docs", confidence.CONVENTION, reason)
    project.findings.cannot_tell("health_path", MISSING)


def _order(route: Route) -> tuple[int, int, str]:
    name = next((part for part in reversed(route.path.strip("/").split("/")) if part in (*NAMES, *LATER)), "")
    return ((*NAMES, *LATER).index(name) if name else 99, route.path.count("/"), route.path)


def _evidence(project: Project, route: Route) -> Evidence:
    return project.view.evidence(route.file, route.line)


def _without_docs(code: Code, path: str) -> bool:
    source = code.source(path)
    calls = source.calls if source else []
    return any(call.argument("docs_url", "openapi_url", "root_path") is not None for call in calls)
