"""docs/settings.md against the rules, the defaults and the environment variables that are read."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from settings import Service, Target, load, rules
from settings.model import Notify, Schedule, Worker
from tests.unit.documents import ROOT, table, text_of, words

ELSEWHERE = {
    "default_target": '"local"',
    "name": '"slipway"',
    "priority": "from the route",
    "needs": "[]",
    "bake": '"0s"',
    "on": "all of them",
    "folder": '"."',
    "jwt_audiences": "[]",
}
"""Defaults that the loader gives; below is a file that names none of them."""
SMALLEST = """
[targets.local]
account = "000000000000"
region = "us-east-1"
[services.web]
source = "web"
"""


def default(kind: type[Any], key: str) -> str:
    value = {field.name: field.default for field in fields(kind)}[key]
    if value is MISSING:
        return "required"
    if kind in (Worker, Schedule) and key in ("cpu", "memory"):
        return "the service's"
    if isinstance(value, str):
        return f'"{value}"'
    if value in (None, ()):
        return "none" if value is None else "{}"
    return str(value).lower()


@pytest.mark.parametrize(
    ("marker", "known", "kind"),
    [
        ("top", rules.TOP, Service),
        ("target", rules.TARGET, Target),
        ("notify", rules.NOTIFY, Notify),
        ("service", rules.SERVICE, Service),
        ("worker", rules.WORKER, Worker),
        ("schedule", rules.SCHEDULE, Schedule),
    ],
)
def test_settings_are_the_rules(marker: str, known: dict[str, rules.Rule], kind: type[Any]) -> None:
    expected = [[f"`{key}`", rule.allowed, ELSEWHERE.get(key) or default(kind, key)] for key, rule in known.items()]
    rows = table("docs/settings.md", marker)
    assert [row[:3] for row in rows] == expected
    assert all(len(row) == 4 and row[3] for row in rows)


def test_what_the_loader_fills_in(tmp_path: Path) -> None:
    (tmp_path / "slipway.toml").write_text(SMALLEST, "utf-8")
    settings = load(tmp_path, environ={})
    assert (settings.name, settings.target.name) == ("slipway", "local")
    alone = SMALLEST + 'path = "/web"\n'
    priorities = []
    for text in (alone, alone + '[services.deep]\nsource = "a"\npath = "/web/deep"\n'):
        (tmp_path / "slipway.toml").write_text(text, "utf-8")
        priorities.append([service.priority for service in load(tmp_path, environ={}).services])
    (web,), (still, deep) = priorities
    assert deep < web == still


@pytest.mark.parametrize(("name", "limit"), [("targets", 12), ("services", 28)])
def test_names_have_the_length_that_is_said(name: str, limit: int) -> None:
    said = rules.SHORT_NAME.format(limit)
    assert f"NAME is {said}." in " ".join(text_of("docs/settings.md").split()), name


READS = re.compile(r"""environ(?:\.get\(|\[)"([A-Z_]+)"|"([A-Z_]+)" (?:not )?in os\.environ""")
EMULATOR = ("scripts/local/emulator.py", "scripts/local/corrections", "scripts/bench")
"""Processes of their own, whose environment the tool makes."""


def test_environment_variables_are_those_that_are_read() -> None:
    sources = [path for folder in ("settings", "scripts") for path in (ROOT / folder).rglob("*.py")]
    users = [path for path in sources if not path.relative_to(ROOT).as_posix().startswith(EMULATOR)]
    read = {name for path in users for found in READS.findall(path.read_text("utf-8")) for name in found if name}
    said = {words(row[0])[0] for row in table("docs/settings.md", "environment")}
    assert read <= said
    unread = {name for name in said - read if not any(f'"{name}"' in path.read_text("utf-8") for path in sources)}
    assert unread == set()
