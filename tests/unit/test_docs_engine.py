"""The tables of the documents against the code that they describe."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from scripts.engine import diagnose, errors
from scripts.engine.diagnose import Evidence
from scripts.engine.events import STAGES
from scripts.engine.model import EXIT_CODES, Running, Stack
from scripts.engine.model import Path as DeployPath
from scripts.engine.planner import CHOICES, Facts
from scripts.engine.rollout import Task
from settings import Service
from tests.unit.documents import ROOT, section, table, text_of, words

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
    (6, replace(LIVE, release=False)),
    (7, replace(LIVE, tag=None, digest=None)),
    (7, replace(LIVE, stack=OLD_STACK, changed_files=2)),
    (7, replace(LIVE, stack=OLD_STACK)),
    (8, replace(LIVE, running=replace(LIVE.running, deploying=True))),
    (9, replace(LIVE, digest=None)),
    (10, replace(LIVE, running=Running(digests=("sha256:new", "sha256:old"), desired=2))),
    (10, replace(LIVE, workers={"hello-mailer": Running(desired=1)})),
    (11, replace(LIVE, leftover=True)),
    (12, replace(LIVE, policies=True)),
    (13, replace(LIVE, release=True)),
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
    assert {word for word in words(section("README.md", "Paths")) if word in set(DeployPath)} == set(DeployPath)


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


@cache
def trees() -> Mapping[Path, ast.Module]:
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "scripts").rglob("*.py"))}


def keys_of(node: ast.expr) -> set[str]:
    """Keys of a dictionary that is written out, or that a function of the engine makes."""
    if isinstance(node, ast.IfExp):
        return keys_of(node.body) | keys_of(node.orelse)
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Call):
        return keys_of(node.args[0])  # passes on what it gets
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
    example = section("docs/deploy.md", "Report").partition("```json\n")[2].partition("```")[0]
    (expected,) = [keys for kind, keys in emitted() if kind == "report"]
    assert set(ast.literal_eval(example.replace("null", "None").replace("true", "True"))) == {
        "event",
        "at",
        *expected - {"error"},
    }


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


def constants(path: str) -> Iterator[tuple[str, str]]:
    """Names that a module assigns to, also several in one line, each with the source of its value."""
    for node in ast.parse(text_of(path)).body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            yield from zip(map(ast.unparse, target.elts), map(ast.unparse, value.elts), strict=True)
        else:
            yield ast.unparse(target), ast.unparse(value)


@pytest.mark.parametrize("row", table("docs/deploy.md", "numbers"), ids=lambda row: words(row[1])[0])
def test_numbers_are_the_constants(row: list[str]) -> None:
    source = dict(constants(row[1].partition(", ")[2]))[words(row[1])[0]]
    assert float(row[0]) == eval(source)  # a product of numbers at most
