"""Dependencies point one way: verbs -> engine -> settings; stacks -> settings; the Lambda imports nothing of ours."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("settings", "stacks", "scripts", "app", "tests", "examples")
HEAVY = {"aws_cdk", "jsii", "constructs", "cdk_nag", "docker", "ministack"}
"""Seconds of import time, or the embedded cloud: not for a path whose budget is one second."""


def modules(folder: str) -> dict[str, Path]:
    """Dotted names of all modules below a folder of the project."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imported(path: Path, *, at_start: bool = False) -> set[str]:
    """Dotted names that a module imports; only those that importing it runs through when `at_start`."""
    return {name for node in _imports(tree(path), at_start=at_start) for name in _names(node)}


def _imports(node: ast.AST, *, at_start: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not (at_start and _is_left_out_at_start(child)):
            yield from _imports(child, at_start=at_start)


def _is_left_out_at_start(node: ast.AST) -> bool:
    is_for_types = isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
    return is_for_types or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    else:
        assert node.level == 0, "imports are absolute here"
        yield node.module or ""
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def ours(path: Path) -> set[str]:
    return {name for name in imported(path) if is_below(name, *OURS)}


def strangers(folder: str, *allowed: str) -> dict[str, set[str]]:
    """Modules of a folder with those imports of ours that are not allowed there."""
    found = {name: {i for i in ours(path) if not is_below(i, *allowed)} for name, path in modules(folder).items()}
    return {name: imports for name, imports in found.items() if imports}


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("settings", ("settings",)),
        ("stacks", ("settings", "stacks")),
        ("scripts/engine", ("settings", "scripts.engine")),
        ("scripts/local", ("settings", "scripts.engine", "scripts.local")),
        ("lambda", ()),
        ("examples", ("examples",)),
    ],
)
def test_dependencies_point_one_way(folder: str, allowed: tuple[str, ...]) -> None:
    assert modules(folder), f"{folder} holds no module"
    assert strangers(folder, *allowed) == {}


def test_the_app_knows_only_settings_and_stacks() -> None:
    assert {name for name in ours(ROOT / "app.py") if not is_below(name, "settings", "stacks")} == set()


def reached_at_start(*roots: str) -> dict[str, Path]:
    """Our modules that importing the given ones loads, packages on the way included."""
    known = modules("scripts") | modules("settings") | modules("stacks")
    reached: dict[str, Path] = {}
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name in known and name not in reached:
            reached[name] = known[name]
            pending += [name.rpartition(".")[0], *imported(known[name], at_start=True)]
    return reached


def test_quick_paths_load_nothing_heavy() -> None:
    reached = reached_at_start("scripts.deploy", "scripts.deploy_fast", "scripts.plan")
    assert "scripts.engine.planner" in reached
    assert not [name for name in reached if is_below(name, "scripts.engine.notifying", "scripts.engine.references")]
    heavy = {name: {i for i in imported(path, at_start=True) if is_below(i, *HEAVY)} for name, path in reached.items()}
    assert {name: imports for name, imports in heavy.items() if imports} == {}


@pytest.mark.parametrize(
    ("package", "only"),
    [("boto3", "scripts.engine.aws"), ("botocore", "scripts.engine.aws"), ("subprocess", "scripts.engine.shell")],
)
def test_the_engine_has_one_door_to_the_outside(package: str, only: str) -> None:
    users = {
        name for name, path in modules("scripts/engine").items() if any(is_below(i, package) for i in imported(path))
    }
    assert users <= {only}


@pytest.mark.parametrize("package", ["boto3", "botocore"])
def test_only_the_engine_talks_to_aws(package: str) -> None:
    known = modules("scripts") | modules("settings") | modules("stacks")
    users = {name for name, path in known.items() if any(is_below(i, package) for i in imported(path))}
    assert users <= {"scripts.engine.aws"}


def test_nothing_is_called_utils() -> None:
    names = {
        part
        for folder in ("scripts", "settings", "stacks", "lambda")
        for name in modules(folder)
        for part in name.split(".")
    }
    assert names & {"util", "utils", "helpers", "common", "misc"} == set()
