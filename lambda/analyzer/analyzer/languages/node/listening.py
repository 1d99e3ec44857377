"""Where a server listens and what it answers to, from its source: the port, a binding to loopback, a health path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.languages.node import source
from analyzer.model import Evidence
from analyzer.source.view import SourceView

READ = 60
"""Files that are read at most."""
LARGE = 200_000
BUDGET = 400_000
"""Characters that are looked through in all."""
ENDINGS = tuple(f".{suffix}" for suffix in source.SUFFIXES)
ASIDE = re.compile(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|e2e|cypress|spec|dist|build|out|public|static|assets|vendor|docs?|examples?"
    r"|migrations|coverage|\.\w+)/|\.(?:test|spec|stories|d|min|config)\.\w+$"
)
LIKELY = re.compile(r"(?:^|/)(?:server|index|app|main|www|start|bot|env|config\w*|health\w*|ping|bootstrap)\.\w+$")
INTERESTING = re.compile(
    r"PORT|\blisten\b|createServer|\bserve\b|/(?:_?health|ping|status|ready|live|up)|['\"]health|\.get\("
)
LISTENS = re.compile(
    r"\.listen\s*\(|\bcreate(?:Secure)?Server\s*\(|\b(?:Bun|Deno)\.serve\s*\(|\bserve\s*\(\s*(?:\{|\(|app\b|handler\b|async\b)"
    r"|\bexport\s+default\s+\{[^}]*\bfetch\b|\bHapi\.server\s*\(|startStandaloneServer\s*\("
)
NUMBER = r"""["'`]?(\d{3,5}|80)\b["'`]?"""
FROM_PORT = re.compile(
    rf"""\bPORT\b(?:["'\]]|\s|\)|,\s*10\b)*(?:\|\||\?\?|=(?![=>])|,)\s*(?:Number\(|parseInt\()?{NUMBER}"""
)
TERNARY = re.compile(rf"""\bPORT\b[^;\n?]*\?[^;\n:?]+:\s*{NUMBER}""")
SCHEMA = re.compile(rf"""\bPORT["']?\s*:[^;\n]{{0,60}}\bdefault(?:\(|:)\s*{NUMBER}""")
LISTEN_AT = re.compile(rf"""\.listen\s*\(\s*(?:\{{[^}}]*?\bport\s*:\s*)?{NUMBER}""")
NAMED = re.compile(
    rf"""\b(?:[A-Za-z]*_)?(?:port|PORT)\w{{0,8}}["']?\s*(?::\s*number\s*)?[:=]\s*(?:Number\(|\+)?{NUMBER}"""
)
OTHER_VARIABLE = re.compile(rf"""env\.\w*PORT\w*\)?\s*(?:\|\||\?\?)\s*{NUMBER}""")
READS_PORT = re.compile(r"""\bPORT\b""")
LOOPBACK = re.compile(
    r"""\.listen\s*\([^)]*["'`](localhost|127\.0\.0\.1|::1)["'`]|\bhost(?:name)?\s*[:=]\s*["'`](localhost|127\.0\.0\.1)["'`]"""
)
FASTIFY = re.compile(r"\.listen\s*\(\s*\{(?![^}]*\bhost\b)[^}]*\bport\b[^}]*\}|\.listen\s*\(\s*(?:PORT|port|\d+)\s*\)")

CHECKS = r"_?health(?:z|check|-check|_check|-status)?|ping|status|readyz?|livez?|readiness|liveness|heartbeat|up"
ROUTE = re.compile(
    rf"""(?:\b(app|server|fastify|instance|hono|api|web|application)\s*)?\.(?:get|all|use|route|on)\(\s*["'`](/(?:api/)?(?:v\d/)?(?:{CHECKS})(?:/(?:live|ready|liveness|readiness))?)/?["'`]"""
)
URL = re.compile(rf"""\b(?:url|path)\s*:\s*["'`](/(?:api/)?(?:{CHECKS}))["'`]""")
NODE_HTTP = re.compile(rf"""\b(?:url|pathname)\s*={{2,3}}\s*["'`](/(?:{CHECKS}))["'`]""")
NEST = re.compile(rf"""@(?:Controller|Get)\(\s*["'`]/?((?:api/)?(?:{CHECKS}))["'`]""")
NEST_PREFIX = re.compile(r"""setGlobalPrefix\(\s*["'`]/?([\w/-]+?)/?["'`]""")
ROOT = re.compile(
    r"""\.(?:get|all|route|use)\(\s*["'`]/\*?["'`]|express\.static\(|serveStatic\(|@Get\(\s*\)|url\s*={2,3}\s*["'`]/["'`]"""
)
FILE_ROUTES = re.compile(
    rf"""^(?:src/)?(?:(?:app|pages|server|routes|src/routes)/)((?:api/|routes/)?(?:{CHECKS}))"""
    r"""(?:/(?:route|index|\+server)|/?|\.get|\+server)\.(?:get\.)?[cm]?[jt]sx?$"""
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the source says about listening."""

    listens: Evidence | None = None
    reads_port: Evidence | None = None
    port: tuple[int, Evidence] | None = None
    loopback: Evidence | None = None
    health: tuple[str, Evidence, bool] | None = None
    """Path, place, and whether it is certain that nothing is mounted before it."""
    root: Evidence | None = None


def listen(view: SourceView, first: str | None, *, fastify: bool = False) -> Heard:
    """Reads the sources that are likely to say where a server listens, the one that starts before the others."""
    heard, left = _Hearing(view), BUDGET
    for path in _files(view, first):
        data = view.text(path) or ""
        if len(data) <= min(LARGE, left) and INTERESTING.search(data):
            left -= len(data)
            heard.read(path, source.plain(data), fastify=fastify)
    return heard.result()


def _files(view: SourceView, first: str | None) -> Iterator[str]:
    sources = [path for path in view.paths if path.endswith(ENDINGS) and not ASIDE.search(path)]
    ordered = sorted(sources, key=lambda path: (path != first, not LIKELY.search(path), path.count("/"), path))
    return iter(ordered[:READ])


class _Hearing:
    """Collects the first of each; ports by the strength of their pattern."""

    def __init__(self, view: SourceView) -> None:
        self.view = view
        self.places: dict[str, Evidence] = {}
        self.ports: list[tuple[int, int, Evidence]] = []
        self.health: list[tuple[bool, str, Evidence]] = []
        self.prefix = ""

    def read(self, path: str, text: str, *, fastify: bool) -> None:
        """Takes in one source."""
        listens = self._note("listens", path, text, LISTENS)
        self._note("reads_port", path, text, READS_PORT)
        self._note("root", path, text, ROOT)
        if listens:
            self._note("loopback", path, text, LOOPBACK)
        if listens and fastify:
            self._note("loopback", path, text, FASTIFY)
        self._ports(path, text, listens=listens)
        self._health(path, text)

    def result(self) -> Heard:
        """What was heard."""
        best = min(self.ports, key=lambda row: row[0], default=None)
        certain = max(self.health, key=lambda row: row[0], default=None)
        health = (self.prefix + certain[1], certain[2], certain[0]) if certain else self._file_route()
        return Heard(
            listens=self.places.get("listens"),
            reads_port=self.places.get("reads_port"),
            port=(best[1], best[2]) if best else None,
            loopback=self.places.get("loopback"),
            health=health,
            root=self.places.get("root"),
        )

    def _note(self, name: str, path: str, text: str, pattern: re.Pattern[str]) -> bool:
        if name in self.places and name != "listens":
            return True
        found = pattern.search(text)
        if found:
            self.places.setdefault(name, self._evidence(path, text, found))
        return found is not None

    def _ports(self, path: str, text: str, *, listens: bool) -> None:
        patterns = [FROM_PORT, TERNARY, SCHEMA]
        patterns += [LISTEN_AT, OTHER_VARIABLE, NAMED] if listens else []
        for strength, pattern in enumerate(patterns):
            if (found := pattern.search(text)) and 80 <= int(found[1]) <= 65535:
                self.ports.append((strength, int(found[1]), self._evidence(path, text, found)))

    def _health(self, path: str, text: str) -> None:
        for found in ROUTE.finditer(text):
            self.health.append((found[1] is not None, found[2], self._evidence(path, text, found)))
        for pattern in (URL, NODE_HTTP):
            if named := pattern.search(text):
                self.health.append((pattern is NODE_HTTP, named[1], self._evidence(path, text, named)))
        if decorated := NEST.search(text):
            self.health.append((True, f"/{decorated[1]}", self._evidence(path, text, decorated)))
        if prefix := NEST_PREFIX.search(text):
            self.prefix = f"/{prefix[1]}"

    def _file_route(self) -> tuple[str, Evidence, bool] | None:
        """Routers of files: app/api/health/route.ts, server/api/health.get.ts, src/routes/health/+server.ts."""
        for path in self.view.paths:
            found = FILE_ROUTES.match(path) if path.endswith(ENDINGS) else None
            if found and (not path.startswith(("app/", "src/app/")) or "/route." in path or "routes/" in path):
                route = found[1].removeprefix("routes/")
                return f"/{route}", self.view.evidence(path), True
        return None

    def _evidence(self, path: str, text: str, found: re.Match[str]) -> Evidence:
        return self.view.evidence(path, text.count("\n", 0, found.start()) + 1)
