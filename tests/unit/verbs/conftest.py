"""Runs a verb as `./poe` does, in this process, where opening a session fails the test."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Never

import pytest

from scripts import session


@dataclass(frozen=True)
class Ended:
    """How a verb ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


class SessionOpenedError(BaseException):
    """Not an Exception, so that no verb takes it for an error of its own."""


def _refuse(*_: object, **__: object) -> Never:
    raise SessionOpenedError("a refused command must not open a session")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("SLIPWAY_TARGET", "IMAGE_TAG", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("_embedded", "_aws"):
        monkeypatch.setattr(session, name, _refuse)
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Calls the `main` of a verb with these words."""

    def run_it(verb: str, *words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", [verb, *words])
        with pytest.raises(SystemExit) as caught:
            importlib.import_module(f"scripts.{verb}").main()
        said = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return Ended(caught.value.code, said.out, said.err)

    return run_it
