"""A project folder to write settings into, and how an error reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from settings import Settings, SettingsError, load

TARGET = '[targets.local]\nembedded = true\naccount = "000000000000"\nregion = "us-east-1"\n'
SERVICE = '[services.hello]\nsource = "hello"\n'

Loader = Callable[..., Settings]


@pytest.fixture
def load_text(tmp_path: Path) -> Loader:
    """Loads settings from a text or bytes, with an environment that holds nothing else."""

    def load_it(text: str | bytes, *, target: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        (tmp_path / "slipway.toml").write_bytes(text.encode() if isinstance(text, str) else text)
        return load(tmp_path, target=target, environ=environ or {})

    return load_it


def refusal(error: SettingsError) -> tuple[str, str, str]:
    """What a user reads: where, what, next step; the exit code has to be that of bad input."""
    assert error.exit_code == 2
    return error.where, error.what, error.remedy
