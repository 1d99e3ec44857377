"""What a Rust program serves: its framework, port and health path."""

from __future__ import annotations

import re
from typing import Any

from analyzer import confidence
from analyzer.languages.compiled import serving
from analyzer.languages.compiled.serving import listen
from analyzer.languages.compiled.sources import Sources
from analyzer.languages.rust.cargo import Package, Workspace, table, text
from analyzer.project import Project

FRAMEWORKS = {
    "loco-rs": "loco",
    "leptos": "leptos",
    "dioxus": "dioxus",
    "rocket": "rocket",
    "actix-web": "actix-web",
    "axum": "axum",
    "warp": "warp",
    "poem": "poem",
    "salvo": "salvo",
    "tide": "tide",
    "ntex": "ntex",
    "gotham": "gotham",
    "trillium": "trillium",
    "viz": "viz",
    "rouille": "rouille",
    "tiny-http": "tiny-http",
    "tonic": "tonic",
    "iron": "iron",
    "nickel": "nickel",
    "hyper": "hyper",
}
"""Crate -> framework; one that builds on another comes first."""
BROWSER = {"yew": "yew", "sycamore": "sycamore", "leptos": "leptos", "dioxus": "dioxus"}
"""Frameworks of programs that run in the browser."""
DEFAULT_PORTS = {"rocket": 8000, "loco": 5150, "leptos": 3000, "dioxus": 8080}
"""Where the framework listens when it is told nothing, by its documentation."""
HOST = r"(?P<host>[\w.]*|\[[\w:]*\])"
TABLE = (
    listen(rf'\b(?:bind\w*|listen|new|run|serve|try_bind)\(\s*&?"{HOST}:(?P<port>\d+)"'),
    listen(r'bind\w*\(\s*\(\s*"?(?P<host>[\w.:]*)"?,\s*(?P<port>\d+)(?:_?u16)?\s*\)'),
    listen(rf'"{HOST}:(?P<port>\d+)"\s*(?:\.to_string\(\)\s*)?\.\s*parse'),
    listen(r"\[\s*(?P<host>\d+\s*,\s*\d+\s*,\s*\d+\s*,\s*\d+)\s*\]\s*,\s*(?P<port>[\d_]+)\s*\)"),
    listen(r"IpAddr(?:::\w+)*\([^)]*\)+\s*,\s*(?P<port>\d+)\s*\)"),
    listen(r'\(\s*"(?:\w+\.)?port"\s*,\s*(?P<port>\d+)', "sets the port"),
    listen(r"^[ \t]*port:\s*(?P<port>\d{2,5})\s*,", "sets the port"),
    listen(
        rf"\b(?:let|const|static)\s+(?:mut\s+)?(?i:\w*(?:port|addr|address|bind|listen)\w*)\s*(?::\s*[&\'\w]+)?\s*=\s*"
        rf'"?(?:{HOST}:)?(?P<port>\d{{2,5}})(?:_?u16)?"?\s*;',
        "holds the port",
        confidence.DEFAULT,
    ),
    listen(
        r'default_value(?:_t)?\s*=\s*"?(?:(?P<host>[\w.]*):)?(?P<port>\d{2,5})"?[^\n]{0,120}\]\s{0,40}(?:pub\s+)?\w*(?:port|addr|bind|listen)',
        "has an argument whose default is port",
    ),
    listen(rf'unwrap_or(?:_else)?\([^"\n]{{0,40}}"{HOST}:(?P<port>\d+)"', "falls back to port", confidence.DEFAULT),
)
LOOPBACK = (
    listen(
        r'\b(?:bind\w*|listen|new|run|serve|format!|SocketAddr)\b[^\n]{0,120}?"(?P<host>127\.0\.0\.1|localhost)[:"](?P<port>)',
        needles=('"127.0.0.1', '"localhost'),
    ),
    listen(r"\[\s*(?P<host>127\s*,\s*0\s*,\s*0\s*,\s*1)\s*\](?P<port>)"),
    *TABLE[:3],
)
LISTENS = re.compile(
    r"\bTcpListener::(?:bind|new)\(|\bHttpServer::new\(|\bServer::(?:bind|new)\(|\bwarp::serve\(|rocket::build\("
)
WORKERS = (
    "lapin",
    "rdkafka",
    "serenity",
    "poise",
    "teloxide",
    "twilight-gateway",
    "tokio-cron-scheduler",
    "apalis",
    "async-nats",
)
ROOT = re.compile(r'(?:\broute\(|\bresource\(|\bat\(|#\[(?:\w+::)?get\()\s*"/"')


def read(project: Project, workspace: Workspace, package: Package | None, sources: Sources) -> None:
    """Adds kind, framework, port and health path."""
    crate = _crate(workspace, package)
    sources = sources.serving()
    listening = sources.search(LISTENS, ("TcpListener::", "Server::", "warp::serve", "rocket::build"))
    if not crate and not listening:
        _without_port(project, package)
        return
    where = f"{package.path if package else 'Cargo.toml'} depends on {crate}" if crate else ""
    reason = f"{listening.path} listens for requests" if listening else where
    project.findings.add("kind", "web", confidence.PROVEN, reason, *([listening.evidence] if listening else []))
    _settings(project, workspace, crate)
    serving.find_port(project, sources, TABLE)
    if crate != "rocket":
        serving.warn_of_loopback(project, sources, LOOPBACK)
    serving.find_health(project, sources, ROOT)
    _default_port(project, FRAMEWORKS.get(crate or "", ""))


def framework(project: Project, workspace: Workspace, package: Package | None) -> None:
    """Adds the framework that the application's package depends on."""
    crate = _crate(workspace, package)
    if not crate or crate == "hyper":
        return
    owner = package if package and crate in package.dependencies else None
    path = owner.path if owner else next(p.path for p in workspace.packages if crate in p.dependencies)
    line = project.view.find(path, re.compile(rf"^\s*(?:\[\w+\.)?{crate.replace('-', '[-_]')}\b"))
    reason = f"{path} depends on {crate}"
    project.findings.add("framework", FRAMEWORKS[crate], confidence.DECLARED, reason, *(line[1:] if line else ()))


def _crate(workspace: Workspace, package: Package | None) -> str | None:
    for one in workspace.beginning_with(package):
        if found := next((crate for crate in FRAMEWORKS if crate in one.dependencies), None):
            return found
    return None


def _settings(project: Project, workspace: Workspace, crate: str | None) -> None:
    """Ports of settings files that a framework reads in production."""
    prefix = "" if workspace.base == "." else workspace.base + "/"
    if crate == "rocket":
        _from_rocket(project, prefix + "Rocket.toml")
    if crate == "loco-rs":
        _from_loco(project, prefix)
    if crate == "leptos":
        _from_leptos(project, workspace)


def _from_rocket(project: Project, path: str) -> None:
    found = project.toml(path) or {}
    for profile in ("global", "release", "production", "default"):
        if (port := table(found, profile).get("port")) and _is_port(port):
            line = project.view.find(path, re.compile(r"^\s*port\s*="))
            reason = f"{path} sets it for {profile}"
            project.findings.add("port", port, confidence.PROVEN, reason, *(line[1:] if line else ()))
            return


def _from_loco(project: Project, prefix: str) -> None:
    for name in ("production", "development"):
        path = f"{prefix}config/{name}.yaml"
        if found := project.view.find(path, re.compile(r"^\s+port:\s*(\d{2,5})\s*$")):
            project.findings.add("port", int(found[0][1]), confidence.PROVEN, f"{path} sets it", found[1])
            return


def _from_leptos(project: Project, workspace: Workspace) -> None:
    for package in workspace.packages:
        address = text(table(package.manifest, "package", "metadata", "leptos").get("site-addr")) or ""
        port = address.rpartition(":")[2]
        if port.isdigit() and _is_port(int(port)):
            project.findings.add("port", int(port), confidence.PROVEN, f"{package.path} names it as site-addr")
            return


def _is_port(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 65535


def _default_port(project: Project, framework: str) -> None:
    findings = project.findings
    if findings.value("port") is not None:
        return
    if port := DEFAULT_PORTS.get(framework):
        findings.add("port", port, confidence.DEFAULT, f"{framework} listens there when it is told nothing")
    elif name := findings.details.get("port_variable"):
        findings.add("port", 8080, confidence.DEFAULT, f"it listens where {name} says, which the image sets")
    serving.no_port(project, framework)


def _without_port(project: Project, package: Package | None) -> None:
    add = project.findings.add
    worker = next((crate for crate in WORKERS if package and crate in package.dependencies), None)
    if worker and package:
        add("kind", "worker", confidence.CONVENTION, f"{package.path} depends on {worker}, and it listens nowhere")
    else:
        add("kind", "command", confidence.CONVENTION, "nothing in its source listens for requests")
