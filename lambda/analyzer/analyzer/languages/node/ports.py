"""The port and the health path of a Node.js service, from the surest place that says one."""

from __future__ import annotations

import re

from analyzer import confidence
from analyzer.findings import Findings
from analyzer.languages.node import frameworks
from analyzer.languages.node.listening import Heard
from analyzer.languages.node.starting import Outcome
from analyzer.languages.static.site import PORT as STATIC_PORT

OPTION = re.compile(r"(?:^|\s)(?:-p|--port|-l)[ =](\d{2,5})\b")
VARIABLE = re.compile(r"(?:^|\s)(?:PORT|NITRO_PORT)=(\d{2,5})\b")
DEFAULTED = re.compile(r"\$\{PORT:-(\d{2,5})\}")
ANY_PORT = 3000
"""For a server that listens wherever PORT says."""
SERVES_PAGES = frozenset(row.name for row in (*frameworks.FULL_STACK, *frameworks.CLIENTS))
"""Frameworks that answer the root with a page."""


def add(findings: Findings, outcome: Outcome, heard: Heard) -> None:
    """Adds candidates for the port and the health path, and a warning for what only listens on loopback."""
    if outcome.static:
        findings.add("port", STATIC_PORT, confidence.DEFAULT, "the generated server of files listens on it")
        findings.add("health_path", "/", confidence.DEFAULT, "a site is served")
        return
    _of_script(findings, outcome)
    if heard.port:
        port, evidence = heard.port
        findings.add("port", port, confidence.PROVEN, f"{evidence.path} listens on {port} by default", evidence)
    _default(findings, outcome, heard)
    _health(findings, outcome, heard)
    if heard.loopback and not _binds_elsewhere(outcome):
        findings.warn(
            "binds_loopback",
            f"{heard.loopback.path} listens on this host only, which nothing outside the container reaches",
            heard.loopback,
            remedy='listen on "0.0.0.0"',
        )


def _of_script(findings: Findings, outcome: Outcome) -> None:
    text = outcome.script.text if outcome.script else ""
    for pattern, reason in ((OPTION, "says"), (VARIABLE, "sets"), (DEFAULTED, "defaults to")):
        found = pattern.search(text)
        if found and 1 <= int(found[1]) <= 65535 and outcome.start:
            port = int(found[1])
            why = f"the start script {reason} {port}"
            findings.add("port", port, confidence.DECLARED, why, *outcome.start.evidence)


def _default(findings: Findings, outcome: Outcome, heard: Heard) -> None:
    row = outcome.framework
    if row and outcome.start and row.kind == "web" and row.serving:
        findings.add("port", row.port, confidence.DEFAULT, f"{row.name} listens on {row.port} by default")
    elif heard.reads_port:
        reason = "it listens wherever PORT says, which the image sets"
        findings.add("port", ANY_PORT, confidence.CONVENTION, reason, heard.reads_port)
    elif row and outcome.start and row.kind == "web":
        findings.add("port", row.port, confidence.CONVENTION, f"{row.port} is usual for {row.name}")
    elif outcome.start and findings.value("port") is None:
        findings.cannot_tell("port", "listen on the variable PORT, or set port in .slipway.toml")


def _health(findings: Findings, outcome: Outcome, heard: Heard) -> None:
    if heard.health:
        path, evidence, certain = heard.health
        sureness = confidence.PROVEN if certain else confidence.CONVENTION
        findings.add("health_path", path, sureness, f"{evidence.path} answers {path}", evidence)
    if heard.root:
        findings.add("health_path", "/", confidence.CONVENTION, f"{heard.root.path} answers /", heard.root)
    elif outcome.framework and outcome.framework.name in SERVES_PAGES:
        findings.add("health_path", "/", confidence.CONVENTION, f"{outcome.framework.name} serves a page there")
    elif outcome.start and not heard.health:
        findings.cannot_tell("health_path", "answer GET /health, or set health_path in .slipway.toml")


def _binds_elsewhere(outcome: Outcome) -> bool:
    """Whether the start script names the host."""
    return bool(outcome.script and re.search(r"0\.0\.0\.0|\bHOST=|--host", outcome.script.text))
