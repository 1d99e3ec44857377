"""What frameworks' settings say about databases: URLs and drivers in the source, Rails, Prisma, Spring, boto3."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer import confidence
from analyzer.model import Evidence
from analyzer.needs import engines
from analyzer.needs.sources import Source, in_comment
from analyzer.source.view import SourceView

Said = Iterator[tuple[str, float, Evidence]]
"""Engine, how sure, where."""

SCHEME = re.compile(r"(?:^|[^\w+.-])((?:jdbc:)?[a-z][a-z0-9]{1,20}(?:\+[a-z0-9]{2,20})?)$")
LONGEST = 50
"""Characters before `://` among which its scheme is."""
NAMED = r"""["']?[ \t]*[:=][ \t]*["'](\w+)["']"""
DRIVERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"""ENGINE["']?[ \t]*[:=]\s*["'](?:[\w.]+\.)?(\w+)["']""",
        r"""BACKEND["']?[ \t]*[:=]\s*["'][\w.]+?\.(redis|memcached)\.\w+["']""",
        *(rf"{word}{NAMED}" for word in ("dialect", "adapter", "provider", "client")),
        r"""type["']?[ \t]*:[ \t]*["'](postgres|mysql|mariadb|mongodb|mssql|oracle|better-sqlite3|sqlite)["'][ \t]*,""",
    )
)
"""Django's, Drizzle's and Sequelize's, Rails' and ORMs', Prisma's, Knex's, TypeORM's. One pattern each: a search for
literal text is many times faster than one for alternatives."""
AWS = re.compile(r"""(?:client|resource)\(\s*["'](\w+)["']""")
BOTO = {"s3": "s3", "sqs": "sqs", "dynamodb": "dynamodb", "kinesis": "kinesis", "sns": "sns"}
"""Name in boto3 -> engine, for what an application has to be given."""


def of_source(view: SourceView, source: Source) -> Said:
    """What a source file says, each engine once, in the order of the lines."""
    found: dict[str, tuple[int, float, str]] = {}
    for start, engine, sureness, shown in sorted(_places(source.text)):
        if engine not in found and not in_comment(source.text, start):
            found[engine] = (start, sureness, shown)
    for engine, (start, sureness, shown) in found.items():
        yield engine, sureness, view.evidence(source.path, source.text.count("\n", 0, start) + 1, shown)


def _places(text: str) -> Iterator[tuple[int, str, float, str]]:
    """Position, engine, how sure, what is shown: a URL without what follows its scheme."""
    for start, scheme in _schemes(text):
        if engine := engines.of_scheme(scheme):
            yield start, engine, confidence.CONVENTION, f"{scheme}://..."
    for pattern in DRIVERS:
        for match in pattern.finditer(text):
            if engine := engines.of_driver(match[1]):
                yield match.start(), engine, confidence.PROVEN, match[0]
    for match in AWS.finditer(text) if "boto" in text else ():
        if engine := BOTO.get(match[1]):
            yield match.start(), engine, confidence.PROVEN, match[0]


def _schemes(text: str) -> Iterator[tuple[int, str]]:
    """The schemes of URLs with their positions."""
    at = text.find("://")
    while at >= 0:
        if found := SCHEME.search(text[max(at - LONGEST, 0) : at]):
            yield at - len(found[1]), found[1]
        at = text.find("://", at + 3)


def of_files(view: SourceView) -> Said:
    """What settings files say that are not source."""
    seen = set()
    for engine, sureness, place in (*_prisma(view), *_rails(view), *_spring(view)):
        if (engine, place.path) not in seen:
            seen.add((engine, place.path))
            yield engine, sureness, place


def _prisma(view: SourceView) -> Said:
    path = view.first("prisma/schema.prisma", "schema.prisma", "src/prisma/schema.prisma", "db/schema.prisma")
    inside = False
    for number, line in enumerate(view.lines(path) if path else (), 1):
        inside = line.lstrip().startswith("datasource") or (inside and line.strip() != "}")
        found = re.match(r"""\s*provider\s*=\s*["'](\w+)["']""", line) if inside else None
        if path and found and (engine := engines.of_driver(found[1])):
            yield engine, confidence.DECLARED, view.evidence(path, number)


def _rails(view: SourceView) -> Said:
    """config/database.yml: the adapter of production, else the one that all environments share; ERB is not run."""
    path, section = "config/database.yml", ""
    adapters: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(view.lines(path), 1):
        if header := re.match(r"(\w+):", line):
            section = header[1]
        if found := re.match(r"\s+(?:adapter|url):\s*[\"']?(\w+)", line):
            adapters.setdefault(section, (found[1], number))
    for section in ("production", "default"):
        if section in adapters and (engine := engines.of_driver(adapters[section][0])):
            yield engine, confidence.DECLARED, view.evidence(path, adapters[section][1])
            return


SPRING = (
    (re.compile(r"jdbc:(\w+):"), ""),
    (re.compile(r"(?:spring\.)?(?:data\.)?mongodb[.:]"), "mongodb"),
    (re.compile(r"spring\.(?:data\.)?redis\."), "redis"),
    (re.compile(r"spring\.rabbitmq\.|^\s*rabbitmq:"), "rabbitmq"),
    (re.compile(r"spring\.kafka\.|^\s*kafka:"), "kafka"),
    (re.compile(r"r2dbc:(\w+):"), ""),
)
"""What a line of Spring's (and Quarkus' and Micronaut's) settings is about; with a group, the driver it names."""


OF_PRODUCTION = re.compile(r"application(?:-(?:prod\w*|docker|cloud|kubernetes|k8s|aws))?\.\w+$")
"""Settings of other profiles than these are for one machine or one choice of several."""


def _spring(view: SourceView) -> Said:
    for path in sorted(
        view.match("src/main/resources/application*.properties", "src/main/resources/application*.y*ml")
    ):
        if not OF_PRODUCTION.search(path):
            continue
        for number, line in enumerate(view.lines(path), 1):
            for pattern, name in SPRING:
                found = pattern.search(line)
                engine = (name or engines.of_driver(found[1])) if found else None
                if found and engine:
                    yield engine, confidence.DECLARED, view.evidence(path, number, found[0] + "...")
