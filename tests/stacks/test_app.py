"""`app.py`: where the target comes from, what it refuses, what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest

import app
from settings import SettingsError
from tests.stacks.conftest import cdk_context, make_settings


def run(outdir: Path, context: dict[str, str]) -> None:
    """Run the app as the CDK command line does."""
    app.synthesise(cdk.App(context={**cdk_context(), **context}, outdir=str(outdir), tree_metadata=False))


def test_the_context_chooses_the_target(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLIPWAY_TARGET", "staging")
    run(tmp_path, {"target": "local"})
    left_out = json.loads((tmp_path / app.LEFT_OUT).read_text("utf-8"))
    assert "AWS::ApplicationAutoScaling::ScalableTarget" in left_out
    assert (tmp_path / "slipway-local-platform.template.json").exists()
    (line,) = capsys.readouterr().err.splitlines()
    assert "AWS::ApplicationAutoScaling::ScalingPolicy" in line


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"target": "nowhere"}, "there is no target 'nowhere'"),
        ({"target": "local", "inline": "{"}, "not a JSON object of tags"),
    ],
)
def test_bad_settings_end_with_2_and_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], context: dict[str, str], message: str
) -> None:
    with pytest.raises(SystemExit) as stop:
        run(tmp_path, context)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "not a JSON object of tags"),
        ('{"hello": 7}', "not a JSON object of tags"),
        ('{"nobody": "src-1"}', "there is no service 'nobody'"),
        ('{"hello": "a;rm -rf /"}', "is not an image tag"),
    ],
)
def test_inline_tags_are_checked(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        app.inline_tags(text, make_settings("public"))


def test_no_inline_tags_is_the_rule() -> None:
    assert app.inline_tags(None, make_settings("public")) == {}
