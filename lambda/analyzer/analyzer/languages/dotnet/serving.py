"""What a .NET program serves: port and health path, of its source and its settings."""

from __future__ import annotations

import re
from typing import Any

from analyzer import confidence
from analyzer.languages.compiled import serving
from analyzer.languages.compiled.serving import listen
from analyzer.languages.compiled.sources import Sources
from analyzer.languages.dotnet.projects import DotnetProject
from analyzer.project import Project

DEFAULT_PORT = 8080
"""Of Microsoft's images since .NET 8; older ones say 80, which only root may open, so the image sets it."""
HOST = r"(?P<host>[\w.*+\[\]:-]+?)"
TABLE = (
    listen(rf'\.(?:Run|RunAsync|UseUrls|StartAsync)\(\s*\$?"https?://{HOST}:(?P<port>\d+)'),
    listen(rf'\bUrls\.Add\(\s*\$?"https?://{HOST}:(?P<port>\d+)'),
    listen(r"\b(?:ListenAnyIP|ListenLocalhost|UseHttpPort)\(\s*(?P<port>\d+)"),
    listen(r"\.Listen\(\s*IPAddress\.\w+,\s*(?P<port>\d+)"),
    listen(rf'\bPrefixes\.Add\(\s*"https?://{HOST}:(?P<port>\d+)'),
)
ROUTE = r'(?:Map(?:Get|HealthChecks)?|UseHealthChecks|\[(?:HttpGet|Route))\s*\(\s*(?:new\s+PathString\()?"'
HEALTH_CHECKS = re.compile(ROUTE + r'(?P<path>/?[\w/-]*(?:health|alive|ready|live)[\w/-]*)"', re.I)
ROOT = re.compile(r'\b(?:Map|MapGet)\(\s*"/?"|\[HttpGet\("/?"\)\]')
URL = re.compile(r"https?://(?P<host>[^/:]+|\[[^\]]+\]):(?P<port>\d+)")


def read(project: Project, chosen: DotnetProject, sources: Sources) -> None:
    """Adds port and health path."""
    sources = sources.serving()
    serving.find_port(project, sources, TABLE)
    serving.warn_of_loopback(project, sources, TABLE)
    _from_settings(project, chosen)
    if project.findings.value("port") is None:
        reason = "the image sets ASPNETCORE_HTTP_PORTS, which the server reads when it is told nothing else"
        project.findings.add("port", DEFAULT_PORT, confidence.DEFAULT, reason, chosen.evidence)
    _health(project, sources)


def _health(project: Project, sources: Sources) -> None:
    if found := sources.search(HEALTH_CHECKS, ("ealth", "live", "ready", "Live", "Ready")):
        path = "/" + found.match["path"].strip("/")
        project.findings.add("health_path", path, confidence.PROVEN, f"{found.path} maps {path}", found.evidence)
    else:
        serving.find_health(project, sources, ROOT)


def _from_settings(project: Project, chosen: DotnetProject) -> None:
    """Addresses of Kestrel in the settings that production reads."""
    prefix = "" if chosen.folder == "." else chosen.folder + "/"
    for name in ("appsettings.Production.json", "appsettings.json"):
        path = prefix + name
        settings = project.json(path) or {}
        for text in [settings.get("Urls"), settings.get("urls"), *_endpoints(settings)]:
            if isinstance(text, str) and (url := URL.search(text)):
                _add(project, path, url)
                return


def _endpoints(settings: dict[str, Any]) -> list[Any]:
    kestrel = settings.get("Kestrel")
    found = kestrel.get("Endpoints") if isinstance(kestrel, dict) else None
    rows = found.values() if isinstance(found, dict) else []
    urls = [row.get("Url") for row in rows if isinstance(row, dict)]
    return sorted((url for url in urls if isinstance(url, str)), key=lambda url: url.startswith("https"))


def _add(project: Project, path: str, url: re.Match[str]) -> None:
    place = project.view.find(path, re.compile(re.escape(url[0])))
    evidence = place[1] if place else project.view.evidence(path)
    project.findings.add("port", int(url["port"]), confidence.PROVEN, f"{path} sets Kestrel's address", evidence)
    if url["host"] in serving.LOOPBACK:
        message = f"{path} binds to {url['host']}: nothing outside the container can reach it"
        project.findings.warn("binds_loopback", message, evidence, remedy="write * or 0.0.0.0 as the host")
