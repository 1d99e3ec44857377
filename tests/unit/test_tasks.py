"""What `./poe` offers: every task explains itself, leads somewhere, and is in the README's table."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GROUPS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["groups"]
TASKS: dict[str, dict[str, Any]] = {
    name: task for group in GROUPS.values() for name, task in group["tasks"].items()
}  # fmt: skip
MODULE = re.compile(r"^python -m (scripts\.[a-z_]+)( --[a-z]+)*$")
PARTS = {part for task in TASKS.values() for part in task.get("sequence", ())}
"""Tasks that run as a part of another, which has to come back from them."""
MODULES = {name: found[1] for name, task in TASKS.items() if (found := MODULE.match(task.get("cmd", "")))}


@pytest.mark.parametrize("name", TASKS)
def test_help_is_one_sentence(name: str) -> None:
    text = TASKS[name].get("help", "")
    assert re.fullmatch(r"[A-Z][^\n]{10,110}\.", text), f"{name}: {text!r}"


@pytest.mark.parametrize("name", TASKS)
def test_toml_holds_no_logic(name: str) -> None:
    """A task is one command or a list of other tasks; no shell, no inline script."""
    task = TASKS[name]
    assert set(task) <= {"cmd", "sequence", "use_exec", "help"}
    assert set(task.get("sequence", ())) <= set(TASKS)
    assert not re.search(r"[|&;<>$`*]", task.get("cmd", ""))


@pytest.mark.parametrize("name", MODULES)
def test_verb_is_its_task_process(name: str) -> None:
    """Only then do Ctrl-C and a CI cancel reach the verb itself, and no second Python stays in memory."""
    assert TASKS[name].get("use_exec", False) is (name not in PARTS)


@pytest.mark.parametrize("module", sorted(set(MODULES.values())))
def test_verb_has_a_main(module: str) -> None:
    """A verb is a file, or a package that `python -m` starts by its `__main__`."""
    verb = importlib.import_module(module)
    started = importlib.import_module(f"{module}.__main__") if hasattr(verb, "__path__") else verb
    assert callable(started.main)


def test_readme_table_is_the_task_list() -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition("<!-- tasks -->")[2].partition("<!-- /tasks -->")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{name}` | {task['help']} |" for name, task in TASKS.items()]
