"""How every verb ends: its own code, an error with its next step, a traceback only when asked for."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable

import pytest

from scripts import command
from scripts.engine.errors import Failed, Transient
from scripts.engine.shell import Shell

Verb = Callable[[], int]


def raises(error: BaseException) -> Verb:
    def verb() -> int:
        raise error

    return verb


def code_of(monkeypatch: pytest.MonkeyPatch, verb: Verb, *words: str) -> object:
    monkeypatch.setattr(sys, "argv", ["verb", *words])
    with pytest.raises(SystemExit) as caught:
        command.run(verb)
    return caught.value.code


@pytest.mark.parametrize("code", [0, 1, 5])
def test_a_verbs_own_code(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    assert code_of(monkeypatch, lambda: code) == code


def test_an_error_with_its_evidence_and_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = Failed("no such file", where="build hello", remedy="./poe doctor", evidence=("#5 RUN x", "ERROR"))
    assert code_of(monkeypatch, raises(error)) == 4
    assert capsys.readouterr().err == ("  #5 RUN x\n  ERROR\nerror: build hello: no such file\nnext: ./poe doctor\n")


def test_an_error_without_a_place_or_a_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(monkeypatch, raises(Transient("busy"))) == 75
    assert capsys.readouterr().err == "error: busy\n"


def test_a_traceback_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["verb", "--debug"])
    with pytest.raises(Failed, match="no"):
        command.run(raises(Failed("no")))


def test_ctrl_c_before_anything_began(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(monkeypatch, raises(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "error: stopped\nnext: nothing was changed by this command\n"


def test_characters_that_the_output_cannot_take_are_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))

    def verb() -> int:
        print("größe └── \udcff")
        return 0

    assert code_of(monkeypatch, verb) == 0
    assert raw.getvalue() == b"gr\\xf6\\xdfe \\u2514\\u2500\\u2500 \\udcff\n"


def test_the_first_signal_ends_in_order_and_the_second_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Callable[[int, None], None]] = {}
    ended: list[int] = []
    monkeypatch.setattr(signal, "signal", lambda number, handler: handlers.update({number: handler}))
    monkeypatch.setattr(os, "_exit", ended.append)
    shell = Shell()
    command.obey_signals(shell)
    assert set(handlers) == {signal.SIGINT, signal.SIGTERM}
    handlers[signal.SIGTERM](signal.SIGTERM, None)
    assert shell.cancelled.is_set()
    assert ended == []
    handlers[signal.SIGINT](signal.SIGINT, None)
    assert ended == [130]
