"""What frameworks' settings say about databases: URLs and drivers in the source, Rails, Prisma, Spring, boto3."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer import confidence
from analyzer.model import Evidence
from analyzer.needs import engines
from analyzer.needs.sources import Source
from analyzer.source.view import SourceView

Said = Iterator[tuple[str, float, Evidence]]
"""Engine, how sure, where."""

URL = re.compile(r"""(?<![\w+.-])((?:jdbc:)?[a-z][a-z0-9]{1,20}(?:\+[a-z0-9]{2,20})?)://""")
DRIVER = re.compile(
    r"""["']?(?:ENGINE|BACKEND)["']?\s*[:=]\s*["'](?:django\.(?:contrib\.gis\.)?db\.backends|django\.core\.cache\.backends|[\w.]+?)"""
    r"""\.(\w+)(?:\.\w+)?["']"""
    r"""|\b(?:dialect|adapter|provider|client)["']?\s*[:=]\s*["'](\w+)["']"""
    r"""|\btype["']?\s*:\s*["'](postgres|mysql|mariadb|mongodb|mssql|oracle|better-sqlite3|sqlite)["']\s*,"""
)
AWS = re.compile(
    r"""boto3\.(?:client|resource)\(\s*["'](\w+)["']|\b(?:client|resource|create_client)\(\s*["'](s3|sqs|dynamodb)["']"""
)
BOTO = {"s3": "s3", "sqs": "sqs", "dynamodb": "dynamodb", "kinesis": "kinesis", "sns": "sns"}
"""Name in boto3 -> engine, for what an application has to be given."""


def of_source(view: SourceView, source: Source) -> Said:
    """What a source file says, each engine once."""
    seen = set()
    for number, line in enumerate(source.text.split("\n"), 1):
        if len(line) > 1000 or line.lstrip().startswith(("#", "//", "*")):
            continue
        for engine, sureness, shown in _of_line(line):
            if engine not in seen:
                seen.add(engine)
                yield engine, sureness, view.evidence(source.path, number, shown)


def _of_line(line: str) -> Iterator[tuple[str, float, str]]:
    if "://" in line:
        for found in URL.finditer(line):
            if engine := engines.of_scheme(found[1]):
                yield engine, confidence.CONVENTION, found[0] + "..."
    for found in DRIVER.finditer(line):
        if engine := engines.of_driver(found[1] or found[2] or found[3]):
            yield engine, confidence.PROVEN, found[0]
    for found in AWS.finditer(line):
        if engine := BOTO.get(found[1] or found[2]):
            yield engine, confidence.PROVEN, found[0]


def of_files(view: SourceView) -> Said:
    """What settings files say that are not source."""
    yield from _prisma(view)
    yield from _rails(view)
    yield from _spring(view)


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


def _spring(view: SourceView) -> Said:
    for path in sorted(
        view.match("src/main/resources/application*.properties", "src/main/resources/application*.y*ml")
    ):
        if re.search(r"-(?:test|dev|local)\b", path):
            continue
        for number, line in enumerate(view.lines(path), 1):
            for pattern, name in SPRING:
                found = pattern.search(line)
                engine = (name or engines.of_driver(found[1])) if found else None
                if found and engine:
                    yield engine, confidence.DECLARED, view.evidence(path, number, found[0] + "...")
