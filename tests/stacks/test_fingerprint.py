"""The fingerprint in a stack's Output: it changes with what reaches the template and with nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from settings import Settings
from settings.fingerprint import fingerprints
from tests.stacks.conftest import ROOT, SERVICES, make_settings

INPUTS = ("app.py", "cdk.json", "settings", "stacks", "lambda")


@pytest.fixture
def copied(tmp_path: Path) -> Settings:
    """Settings over a copy of everything that synthesis reads."""
    for name in INPUTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    return replace(make_settings("public"), root=tmp_path)


def edit(settings: Settings, path: str, change: Callable[[str], str]) -> None:
    """Change a file of the copy; the change has to change something."""
    file = settings.root / path
    text = file.read_text("utf-8")
    assert change(text) != text
    file.write_text(change(text), "utf-8")


def changed(before: dict[str, str], settings: Settings) -> set[str]:
    """Keys of the stacks whose fingerprint is another now."""
    after = fingerprints(settings)
    return {key for key in settings.stack_keys if before[key] != after[key]}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "\n\n# A remark.\n",
        lambda text: text.replace('"""', '"""Once more: ', 1),
        lambda text: text.replace("\n    ", "\n\n    ", 1),
        lambda text: text.replace('"FARGATE"', "'FARGATE'"),
    ],
    ids=["comment", "docstring", "blank line", "quotes"],
)
def test_remarks_and_layout_do_not_count(copied: Settings, change: Callable[[str], str]) -> None:
    before = fingerprints(copied)
    edit(copied, "stacks/constructs/task.py", change)
    assert changed(before, copied) == set()


def test_code_counts_everywhere(copied: Settings) -> None:
    before = fingerprints(copied)
    edit(copied, "stacks/constructs/scaling.py", lambda text: text.replace("70", "60"))
    assert changed(before, copied) == set(copied.stack_keys)


def test_the_analyzers_code_counts_for_its_stack(copied: Settings) -> None:
    before = fingerprints(copied)
    edit(copied, "lambda/analyzer/handler.py", lambda text: text + "# A remark changes an asset.\n")
    assert changed(before, copied) == {"analysis"}


def test_a_services_setting_counts_for_its_stack(copied: Settings) -> None:
    before = fingerprints(copied)
    gateway, hello, *others = SERVICES
    other = replace(copied, services=(gateway, replace(hello, cpu=512, memory=1024), *others))
    assert changed(before, other) == {"service-hello"}


def test_what_only_reaches_the_image_does_not_count(copied: Settings) -> None:
    before = fingerprints(copied)
    gateway, hello, *others = SERVICES
    other = replace(copied, services=(gateway, replace(hello, dockerfile="Dockerfile.next"), *others))
    assert changed(before, other) == set()
