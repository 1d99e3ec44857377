"""What the documents say, against the code: links, commands, tables, numbers."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scripts.engine import diagnose, errors
from scripts.engine.diagnose import Evidence
from scripts.engine.events import STAGES
from scripts.engine.model import EXIT_CODES, Running, Stack
from scripts.engine.model import Path as DeployPath
from scripts.engine.planner import CHOICES, Facts
from scripts.engine.rollout import Task
from settings import Service, Target, load, rules

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
)
POE: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["groups"]
TASKS = {name for group in POE.values() for name in group["tasks"]}
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
COMMAND = re.compile(r"\./poe (?P<task>[a-z][a-z-]*)")
FENCE = re.compile(r"^ *```.*?^ *```", re.M | re.S)
MACHINE_PATH = re.compile(r"(?<![\w.~/}>-])/(?:work|tmp|root|home|Users)/")

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def table(document: str, marker: str) -> list[list[str]]:
    """Cells of the rows between `<!-- marker -->` and `<!-- /marker -->`, without the two lines of the head."""
    section = text_of(document).partition(f"<!-- {marker} -->")[2].partition(f"<!-- /{marker} -->")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert len(rows) > 2, f"{document} has no table {marker!r}"
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def words(cell: str) -> list[str]:
    """What a cell sets in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


# ------------------------------------------------------------------------------------------- every document


def anchors(document: Path) -> set[str]:
    """Anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text("utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    for found in LINK.finditer(FENCE.sub("", document.read_text("utf-8"))):
        target, _, anchor = found["target"].partition("#")
        if target.startswith(("http://", "https://")):
            continue
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), f"{document.name}: {target}"
        assert path.is_relative_to(ROOT)
        assert not anchor or anchor in anchors(path), f"{document.name}: {found['target']}"


@every_document
def test_commands_are_tasks(document: Path) -> None:
    assert {found["task"] for found in COMMAND.finditer(document.read_text("utf-8"))} <= TASKS


@every_document
def test_no_document_knows_this_machine(document: Path) -> None:
    assert MACHINE_PATH.findall(document.read_text("utf-8")) == []


# ------------------------------------------------------------------------------------------- paths and verdicts

STACK = Stack(
    name="slipway-staging-service-hello",
    status="UPDATE_COMPLETE",
    parameters={"ImageTag": "src-new"},
    outputs={"Fingerprint": "1"},
)
OLD_STACK = replace(STACK, parameters={"ImageTag": "src-old"})
LIVE = Facts(
    service="hello",
    registry=True,
    repository=True,
    stack=STACK,
    fingerprint="1",
    tag="src-new",
    digest="sha256:new",
    running=Running(digests=("sha256:new", "sha256:new"), desired=2),
)
"""Nothing to do; every other situation differs from it in what decides."""
SITUATIONS = (
    (0, replace(LIVE, registry=False, repository=False, stack=None)),
    (1, replace(LIVE, stack=None)),
    (2, replace(LIVE, repository=False)),
    (3, replace(LIVE, stack=replace(STACK, status="ROLLBACK_COMPLETE"))),
    (4, replace(LIVE, stack=replace(STACK, parameters={}))),
    (5, replace(LIVE, fingerprint="2")),
    (6, replace(LIVE, tag=None, digest=None)),
    (6, replace(LIVE, stack=OLD_STACK, changed_files=2)),
    (6, replace(LIVE, stack=OLD_STACK)),
    (7, replace(LIVE, running=replace(LIVE.running, deploying=True))),
    (8, replace(LIVE, digest=None)),
    (9, replace(LIVE, running=Running(digests=("sha256:new", "sha256:old"), desired=2))),
    (10, LIVE),
)


def test_paths_and_reasons_are_the_planners() -> None:
    assert {row for row, _ in SITUATIONS} == set(range(len(CHOICES)))
    expected = []
    for row, facts in SITUATIONS:
        first = next(number for number, (_, holds, _) in enumerate(CHOICES) if holds(facts))
        assert first == row
        path, _, why = CHOICES[row]
        expected.append([f"`{path}`", why(facts)])
    assert table("docs/deploy.md", "paths") == expected


def test_readme_names_every_path() -> None:
    section = text_of("README.md").partition("\n## Paths\n")[2].partition("\n## ")[0]
    assert {word for word in words(section) if word in set(DeployPath)} == set(DeployPath)


def test_stages_are_the_events() -> None:
    assert [row[:2] for row in table("docs/deploy.md", "stages")] == [
        [str(number), f"`{name}`"] for number, name in enumerate(STAGES, 1)
    ]


@pytest.mark.parametrize("document", ["README.md", "docs/deploy.md"])
def test_exit_codes_are_the_codes(document: str) -> None:
    expected: dict[int, set[str]] = {
        getattr(errors, name).exit_code: set() for name in errors.__all__ if name != "SlipwayError"
    }
    for verdict, code in EXIT_CODES.items():
        expected.setdefault(code, set()).add(str(verdict))
    rows = table(document, "exit codes")
    assert {int(code): set(words(verdicts)) for code, verdicts, _ in rows} == expected
    assert [int(row[0]) for row in rows] == sorted(expected)


# ------------------------------------------------------------------------------------------- events


@cache
def trees() -> Mapping[Path, ast.Module]:
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "scripts").rglob("*.py"))}


def keys_of(node: ast.expr) -> set[str]:
    """Keys of a dictionary that is written out, or that a function of the engine makes."""
    if isinstance(node, ast.IfExp):
        return keys_of(node.body) | keys_of(node.orelse)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        made = [
            child.value
            for path, tree in trees().items()
            if path.parent.name == "engine"
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef) and function.name == name
            for child in function.body
            if isinstance(child, ast.Return) and isinstance(child.value, ast.Dict)
        ]
        assert len(made) == 1, f"{len(made)} functions {name} return a dictionary"
        return keys_of(made[0])
    assert isinstance(node, ast.Dict), ast.dump(node)
    found: set[str] = set()
    for key, value in zip(node.keys, node.values, strict=True):
        found |= keys_of(value) if key is None else {str(ast.literal_eval(key))}
    return found


def emitted() -> Iterator[tuple[str, set[str]]]:
    """Kind and keys of every event that the sources emit."""
    for tree in trees().values():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "emit"):
                continue
            keys: set[str] = set()
            for keyword in node.keywords:
                keys |= {keyword.arg} if keyword.arg else keys_of(keyword.value)
            yield str(ast.literal_eval(node.args[0])), keys


def test_events_are_what_the_engine_emits() -> None:
    expected: dict[str, set[str]] = {}
    for kind, keys in emitted():
        expected.setdefault(kind, set()).update(keys)
    assert {words(row[0])[0]: set(words(row[1])) for row in table("docs/deploy.md", "events")} == expected


def test_the_report_example_has_the_reports_keys() -> None:
    section = text_of("docs/deploy.md").partition("\n## Report\n")[2]
    example = section.partition("```json\n")[2].partition("```")[0]
    (expected,) = [keys for kind, keys in emitted() if kind == "report"]
    assert set(ast.literal_eval(example.replace("null", "None").replace("true", "True"))) == {
        "event",
        "at",
        *expected - {"error"},
    }


# ------------------------------------------------------------------------------------------- likely causes

HELLO = Service(name="hello", source="examples/hello", port=8000)


def stopped(reason: str = "", *, exit_code: int | None = None, stop_code: str = "") -> Evidence:
    task = Task("1", "d:1", "", "STOPPED", stopped_reason=reason, exit_code=exit_code, stop_code=stop_code)
    return Evidence(tasks=(task,), targets=(), logs=())


EVIDENCE = {
    "wrong_architecture": replace(stopped(exit_code=1), logs=("exec /venv/bin/python: exec format error",)),
    "image_not_found": stopped("CannotPullContainerError: manifest unknown"),
    "missing_command": stopped('CannotStartContainerError: exec: "serve": executable file not found in $PATH'),
    "out_of_memory": stopped(exit_code=137, stop_code="EssentialContainerExited"),
    "health_path": Evidence((), ("Target.ResponseCodeMismatch Health checks failed with these codes: [404]",), ()),
    "crash_at_start": stopped("Essential container in task exited", exit_code=1, stop_code="EssentialContainerExited"),
    "wrong_port": stopped("Task failed ELB health checks in (target-group hello)"),
    "unknown": Evidence((), (), ()),
}


def test_causes_are_the_diagnosis() -> None:
    assert [row[0] for row in diagnose.CAUSES] == list(EVIDENCE)[:-1]
    found = [diagnose.likely_cause(evidence, HELLO) for evidence in EVIDENCE.values()]
    assert [cause.name for cause in found] == list(EVIDENCE)
    assert table("docs/deploy.md", "causes") == [[f"`{c.name}`", c.sentence, c.remedy] for c in found]


# ------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize("row", table("docs/deploy.md", "numbers"), ids=lambda row: words(row[1])[0])
def test_numbers_are_the_constants(row: list[str]) -> None:
    path = row[1].partition(", ")[2]
    assigned = {
        node.targets[0].id: node.value
        for node in ast.parse(text_of(path)).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    value = eval(ast.unparse(assigned[words(row[1])[0]]), {})  # a product of numbers at most
    assert float(row[0]) == value


# ------------------------------------------------------------------------------------------- settings

ELSEWHERE = {"default_target": '"local"', "name": '"slipway"', "priority": "from the path"}
"""Defaults that the loader gives; below is a file that names none of them."""
SMALLEST = """
[targets.local]
account = "000000000000"
region = "us-east-1"
[services.web]
source = "web"
"""


def default(kind: type[Service | Target], key: str) -> str:
    value = {field.name: field.default for field in fields(kind)}[key]
    if value is MISSING:
        return "required"
    if isinstance(value, str):
        return f'"{value}"'
    if value in (None, ()):
        return "none" if value is None else "{}"
    return str(value).lower()


@pytest.mark.parametrize(
    ("marker", "known", "kind"),
    [("top", rules.TOP, Service), ("target", rules.TARGET, Target), ("service", rules.SERVICE, Service)],
)
def test_settings_are_the_rules(marker: str, known: dict[str, rules.Rule], kind: type[Service | Target]) -> None:
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
OWN = {"CACHE_TABLE", "MINISTACK_HOSTNAME"}
"""Set by the program for itself, or by a stack for the analyzer."""


def test_environment_variables_are_those_that_are_read() -> None:
    sources = [path for folder in ("settings", "scripts") for path in (ROOT / folder).rglob("*.py")]
    read = {name for path in sources for found in READS.findall(path.read_text("utf-8")) for name in found if name}
    said = {words(row[0])[0] for row in table("docs/settings.md", "environment")}
    assert read - OWN <= said
    unread = {name for name in said - read if not any(f'"{name}"' in path.read_text("utf-8") for path in sources)}
    assert unread == set()


# ------------------------------------------------------------------------------------------- what documents promise


def test_settings_need_the_standard_library_only() -> None:
    """Decision 5."""
    for path in (ROOT / "settings").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "settings"}, path.name


def test_the_engine_does_not_ask_whether_a_target_is_embedded() -> None:
    """ARCHITECTURE.md, "Who may import whom"."""
    engine = (ROOT / "scripts/engine").glob("*.py")
    assert [path.name for path in engine if ".embedded" in path.read_text("utf-8")] == []


def test_architecture_names_every_module_of_the_engine() -> None:
    tree = text_of("ARCHITECTURE.md").partition("\n## The tree\n")[2].partition("\n## ")[0]
    modules = {path.name for path in (ROOT / "scripts/engine").glob("*.py")} - {"__init__.py"}
    assert modules <= set(
        re.findall(r"[a-z_]+\.py", tree.partition("scripts/engine/")[2].partition("scripts/local/")[0])
    )
