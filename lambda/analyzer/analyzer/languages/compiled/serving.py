"""Which port and health path a program serves, read from calls and literals of its source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.compiled.sources import Hit, Sources
from analyzer.project import Project

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "[::1]", "127, 0, 0, 1", "127,0,0,1"})
VARIABLE = re.compile(
    r"(?:[Ee]nv|ENV|[Cc]onfig|[Pp]ropert|viper|default|long)[^\n]{0,160}?"
    r"[\"'`](?P<name>(?:(?:HTTP|SERVER|APP|API|WEB|LISTEN)_)?PORT)[\"'`]"
)
"""A line that reads the variable of the port: a call, a struct tag, a derive attribute."""
NUMBER = re.compile(r"[\"'`](?:[\w.]*:)?(\d{2,5})[\"'`]|(?<![\w.\"'])(\d{4,5})(?![\w.\"'])")
NEXT_FUNCTION = re.compile(r"^(?:func|fn|pub|async|class|public|private|})", re.M)
WINDOW = 260
"""Characters after the variable's name in which its default is looked for."""
HEALTH = re.compile(
    r"[\"'](?:GET |HEAD )?(?P<path>/(?:[\w.-]+/){0,3}"
    r"(?P<last>healthz|health|health[-_]?check|livez|live|liveness|readyz|ready|readiness|alive|heartbeat|ping|up|status))"
    r"/?[\"']"
)
WORDS = ("health", "/ready", "/readiness", "/live", "/alive", "/heartbeat", "/ping", "/up", "/status")
CLIENT = re.compile(r"https?://|[Cc]lient|fetch|reqwest|http\.Get\(|localhost")
"""A line that asks another service for its health."""
RANK = ("healthz", "health", "healthcheck", "livez", "liveness", "live", "readyz", "readiness", "ready", "alive")


@dataclass(frozen=True, slots=True)
class Listen:
    """A way of writing the port down; groups `port` and, where it is written, `host`."""

    pattern: re.Pattern[str]
    says: str
    """As in "main.go listens on 8080": the words between the file and the port."""
    sureness: float = confidence.PROVEN
    needles: tuple[str, ...] = ()
    """Text of which a file must have some for the pattern to be there."""


def listen(
    pattern: str, says: str = "listens on port", sureness: float = confidence.PROVEN, *, needles: tuple[str, ...] = ()
) -> Listen:
    """A row of a language's table."""
    return Listen(re.compile(pattern, re.M), says, sureness, needles)


def find_port(project: Project, sources: Sources, table: Iterable[Listen]) -> Hit | None:
    """Adds the ports that the source names, the first of them as the likeliest; answers where it is."""
    found = [*_from_variable(project, sources), *_literal(sources, table)]
    chosen: set[int] = set()
    for hit, port, says, sureness in found:
        if port not in chosen:
            sure = sureness if not chosen else confidence.HINT
            project.findings.add("port", port, sure, f"{hit.path} {says} {port}", hit.evidence)
        chosen.add(port)
    return found[0][0] if found else None


def _from_variable(project: Project, sources: Sources) -> list[tuple[Hit, int, str, float]]:
    """The default beside the variable; the variable itself is noted for the image to set."""
    reads = list(sources.hits(VARIABLE, ("PORT",)))
    if reads:
        project.findings.details.setdefault("port_variable", reads[0].match["name"])
    for hit in reads:
        if (port := _default_after(sources.text(hit.path), hit.match.end("name"))) is not None:
            return [(hit, port, f"reads {hit.match['name']} and falls back to", confidence.PROVEN)]
    return []


def _default_after(text: str, position: int) -> int | None:
    window = text[position + 1 : position + WINDOW]
    if stop := NEXT_FUNCTION.search(window):
        window = window[: stop.start()]
    found = NUMBER.search(window)
    return _port(found[1] or found[2]) if found else None


def _literal(sources: Sources, table: Iterable[Listen]) -> list[tuple[Hit, int, str, float]]:
    return [
        (hit, port, row.says, row.sureness)
        for row in table
        for hit in sources.hits(row.pattern, row.needles)
        if (port := _port(hit.match["port"])) is not None
    ]


def _port(text: str) -> int | None:
    number = int(text.replace("_", "")) if text.replace("_", "").isdigit() else 0
    return number if 80 <= number <= 65535 else None


def warn_of_loopback(project: Project, sources: Sources, table: Iterable[Listen]) -> None:
    """A program that binds to the loopback interface gets no request from outside its container."""
    for row in table:
        for hit in sources.hits(row.pattern, row.needles):
            host = hit.match.groupdict().get("host") or ""
            if host.strip() in LOOPBACK:
                warn_loopback(project, hit, host)
                return


def warn_loopback(project: Project, hit: Hit, host: str) -> None:
    """The warning itself."""
    where = "127.0.0.1" if host.startswith("127") else host
    project.findings.warn(
        "binds_loopback",
        f"{hit.path} binds to {where}: nothing outside the container can reach it",
        hit.evidence,
        remedy="bind to 0.0.0.0, or read the address from a variable",
    )


def find_health(project: Project, sources: Sources, root: re.Pattern[str]) -> None:
    """Adds the health path that a route names, else the root if a route answers it."""
    routes = [hit for hit in sources.hits(HEALTH, WORDS) if not CLIENT.search(hit.evidence.text)]
    if routes:
        hit = min(routes, key=lambda hit: (_rank(hit.match["last"]), len(hit.match["path"])))
        path = hit.match["path"]
        project.findings.add("health_path", path, confidence.PROVEN, f"{hit.path} answers {path}", hit.evidence)
    elif found := sources.search(root, ('/"', '""', "{$}", "Mapping")):
        reason = f"{found.path} answers /, and no route is named after health"
        project.findings.add("health_path", "/", confidence.CONVENTION, reason, found.evidence)


def _rank(name: str) -> int:
    name = name.replace("-", "").replace("_", "")
    return RANK.index(name) if name in RANK else len(RANK)


def no_port(project: Project, framework: str = "") -> None:
    """The sentence for a web service whose port is nowhere to be found."""
    if project.findings.value("port") is None:
        about = f" ({framework})" if framework else ""
        project.findings.cannot_tell(
            "port", f"the port that the program listens on{about}: set `port` in .slipway.toml"
        )
