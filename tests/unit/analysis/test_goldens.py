"""What is kept of the analyzer's answers: `./poe golden` after a wanted change, then read the difference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analyzer import confidence, document
from analyzer.analyze import analyze
from analyzer.render.recipe import UID
from analyzer.source.folder import of_folder
from scripts.analysis.goldens import APPS, GOLDENS, apps, golden_files
from scripts.analysis.report import Style, report

ROOT = Path(__file__).resolve().parents[3]
NAMES = apps(ROOT)
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/analysis.schema.json").read_text("utf-8"))
GUIDE = (ROOT / "docs/analyzer.md").read_text("utf-8")


def kept(app: str) -> dict[str, str]:
    folder = ROOT / GOLDENS / app
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}


def block(name: str) -> str:
    """What stands between a mark and its end in the guide."""
    return GUIDE.partition(f"<!-- {name}")[2].partition("-->\n")[2].partition("<!-- /")[0]


@pytest.mark.parametrize("app", NAMES)
def test_answers_are_those_that_are_kept(app: str) -> None:
    assert golden_files(ROOT, app) == kept(app)


@pytest.mark.parametrize("app", NAMES)
def test_an_answer_follows_the_published_schema_and_can_be_read_back(app: str) -> None:
    analysis = analyze(of_folder(ROOT / APPS / app))
    text = document.text(analysis)
    jsonschema.validate(json.loads(text), SCHEMA)
    assert document.text(document.loaded(text)) == text


@pytest.mark.parametrize("app", NAMES)
def test_every_example_gets_an_image_that_runs_without_privileges(app: str) -> None:
    dockerfiles = [text for name, text in kept(app).items() if name.endswith("Dockerfile")]
    assert dockerfiles
    for text in dockerfiles:
        assert text.rpartition("\nFROM ")[2].count(f"\nUSER {UID}:{UID}\n") == 1
        assert not [line for line in text.splitlines() if line.startswith(("CMD ", "ENTRYPOINT ")) and "[" not in line]


def test_every_example_has_a_start_a_port_and_a_language() -> None:
    for app in NAMES:
        for service in json.loads(kept(app)["analysis.json"])["services"]:
            open_fields = [name for name in ("language", "start", "port") if service["fields"][name]["value"] is None]
            assert open_fields == [], f"{app}: {open_fields}"


def test_a_document_of_another_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="schema 2, 1 is known"):
        document.loaded('{"schema": 2}')


def test_the_guide_shows_a_real_report() -> None:
    found = report(analyze(of_folder(ROOT / APPS / "python-celery")), Style())
    assert block("report of examples/apps/python-celery") == f"```text\n{found}\n```\n"


def test_the_guide_names_the_scale_of_confidence() -> None:
    names = ("STATED", "DECLARED", "PROVEN", "DEFAULT", "CONVENTION", "ASSISTED", "HINT")
    wanted = [f"{getattr(confidence, name):.0%}".replace("%", " %") for name in names]
    rows = [line.split("|")[1].strip() for line in block("confidence").splitlines() if line.startswith("| ")]
    assert rows[1:] == wanted
