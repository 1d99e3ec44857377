"""What every document says: links lead somewhere, commands exist, promises hold."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.unit.documents import DOCUMENTS, ROOT, section, text_of

POE: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["groups"]
TASKS = {name for group in POE.values() for name in group["tasks"]}
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
COMMAND = re.compile(r"\./poe (?P<task>[a-z][a-z-]*)")
FENCE = re.compile(r"^ *```.*?^ *```", re.M | re.S)
MACHINE_PATH = re.compile(r"(?<![\w.~/}>-])/(?:work|tmp|root|home|Users)/")

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


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
    tree = section("ARCHITECTURE.md", "The tree")
    modules = {path.name for path in (ROOT / "scripts/engine").glob("*.py")} - {"__init__.py"}
    assert modules <= set(
        re.findall(r"[a-z_]+\.py", tree.partition("scripts/engine/")[2].partition("scripts/local/")[0])
    )


# What runs each command of the README, `file::test`. Commands for an AWS target are run on the embedded one.
RUN_BY = {
    "./poe deploy": "tests/e2e/test_story.py::test_bootstrap_brings_an_empty_cloud_live",
    "./poe test": ".ci/run",
    "./poe plan --target staging": "tests/e2e/test_story.py::test_only_the_named_service_is_deployed",
    "./poe deploy --target staging": "tests/e2e/test_story.py::test_bootstrap_brings_an_empty_cloud_live",
    "./poe diff --target staging": "tests/e2e/test_story.py::assert_clean",
    "./poe analyze examples/apps/python-celery": (
        "tests/e2e/test_analyze.py::test_a_report_with_and_without_its_evidence"
    ),
    "./poe analyze examples/apps/python-celery --explain": (
        "tests/e2e/test_analyze.py::test_a_report_with_and_without_its_evidence"
    ),
    "./poe analyze examples/apps/python-celery --dockerfile": (
        "tests/e2e/test_analyze.py::test_files_are_put_next_to_the_source_and_never_touched_again"
    ),
    "./poe deploy-app https://github.com/acme/shop": (
        "tests/e2e/test_apps.py::test_five_applications_go_live_from_their_urls"
    ),
    "./poe deploy-app shop": "tests/e2e/test_apps.py::test_the_second_commit_takes_the_fast_path",
    "./poe apps": "tests/e2e/test_apps.py::test_they_are_listed",
    """./poe authorize GET /orders/7 --as '{"sub": "ann", "roles": ["reader"]}'""": (
        "tests/e2e/test_first_policy.py::test_from_an_idea_to_a_live_rule"
    ),
    "./poe compile-policies --shadow": "tests/e2e/test_first_policy.py::test_a_candidate_is_counted_until_it_is_live",
    "./poe deploy hello --canary 5,25,50,100 --bake 60s": "tests/e2e/test_canary.py::test_canary",
    "./poe deploy hello --blue-green --bake 5m": "tests/e2e/test_canary.py::test_killed_half_way_and_blue_green",
    "./poe maintenance hello on": "tests/e2e/test_canary.py::test_maintenance",
    "./poe status --target staging": "tests/e2e/test_looking.py::test_status_tells_what_runs",
    'PATH="$PWD/.venv/bin:$PATH" npx cdk diff -c target=staging': (
        "tests/e2e/test_looking.py::test_the_own_command_line_of_the_cdk_sees_no_difference"
    ),
}


def test_every_command_of_the_readme_is_run_by_a_test() -> None:
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text_of("README.md"), re.M | re.S)
    commands = {re.split(r" +# ", line)[0].strip() for block in blocks for line in block.splitlines() if line.strip()}
    assert commands == RUN_BY.keys()
    for command, place in RUN_BY.items():
        path, _, function = place.partition("::")
        wanted = f"def {function}(" if function else command
        assert wanted in text_of(path), f"{command}: {place}"
