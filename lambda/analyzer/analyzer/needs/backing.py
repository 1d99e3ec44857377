"""Backing services, from the libraries, the settings and the variables of an application."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from analyzer import confidence
from analyzer.findings import Findings
from analyzer.model import Backing
from analyzer.needs import engines
from analyzer.needs.dependencies import Dependency
from analyzer.needs.example_files import Example
from analyzer.source.view import SourceView

SHARED = re.compile(
    r"(\w+_)?(DATABASE|DB)_(UR[IL]|CONNECTION(_STRING)?|HOST(NAME)?|PORT|USER(NAME)?|PASS(WORD)?|NAME|DATABASE|SOCKET)"
)
"""Variables that may mean any relational database, and MongoDB; they go to the one that was found."""


def of_dependencies(view: SourceView, findings: Findings, dependencies: Iterable[Dependency]) -> None:
    """A client library is there for its engine."""
    for dependency in dependencies:
        found = [engines.of_extra(dependency.name, extra) for extra in dependency.extras]
        for engine in filter(None, (*found, engines.of_client(dependency.name))):
            findings.back(Backing(engine, confidence.PROVEN, (), (dependency.evidence(view),)))


def doubt_choices(findings: Findings) -> None:
    """Clients of several relational databases leave open which one is used; they are usual names then, not proofs."""
    choices = [one for one in findings.backing.values() if engines.is_sql(one.engine) and one.engine != "sqlite"]
    for one in choices if len(choices) > 1 else ():
        if one.confidence == confidence.PROVEN:
            findings.backing[one.engine] = replace(one, confidence=confidence.CONVENTION)


def of_users(view: SourceView, findings: Findings, dependencies: Iterable[Dependency]) -> None:
    """A library that works with several engines stands for its usual one, where nothing else of that sort was found."""
    for dependency in dependencies:
        engine = engines.of_user(dependency.name)
        if engine and not any(engines.sort(known) == engines.sort(engine) for known in findings.backing):
            findings.back(Backing(engine, confidence.CONVENTION, (), (dependency.evidence(view),)))


def of_examples(findings: Findings, examples: Iterable[Example]) -> None:
    """Schemes of URLs and names of drivers in an example environment file."""
    for example in examples:
        engine = engines.of_scheme(example.scheme) or engines.of_driver(example.driver)
        if engine:
            findings.back(Backing(engine, confidence.PROVEN, (example.name,), (example.evidence,)))


def of_variables(findings: Findings) -> None:
    """Variables that the source reads: the name of an engine in one is a sign of it."""
    for variable in findings.variables.values():
        if engine := engines.of_variable(variable.name):
            findings.back(Backing(engine, confidence.CONVENTION, (variable.name,), variable.evidence))


def assign_variables(findings: Findings) -> None:
    """Each variable to the engine that was found; what DATABASE_URL means is said by the one database there is."""
    databases = [name for name in findings.backing if engines.is_sql(name) and name != "sqlite"]
    databases = databases or [name for name in findings.backing if name in ("mongodb", "sqlite")]
    for variable in findings.variables.values():
        engine = engines.of_variable(variable.name)
        if not engine and len(databases) == 1 and SHARED.fullmatch(variable.name):
            engine = databases[0]
        if known := findings.backing.get(engine or ""):
            findings.back(Backing(known.engine, known.confidence, (variable.name,)))


def warn_of_files(findings: Findings) -> None:
    """A database in a file is lost with each container; said only where no other database was found."""
    others = [name for name in findings.backing if name != "sqlite" and (engines.is_sql(name) or name == "mongodb")]
    file = findings.backing.get("sqlite")
    if file and not others:
        findings.warn(
            "database_in_a_file",
            "the application keeps its data in SQLite: a container's files are lost when it is replaced",
            *file.evidence,
            remedy="use PostgreSQL or MySQL, or put the file on a volume",
        )
