"""The port that a start command names, by the options of the servers that people use."""

from __future__ import annotations

import re

from analyzer.start_command import shell, wrappers

NUMBER_OPTIONS = ("--port", "-p", "-P", "--server.port", "--server-port", "--http-port", "-Dserver.port", "-Dhttp.port")
ADDRESS_OPTIONS = (
    *("-b", "--bind", "--listen", "-l", "--http", "--http-socket", "--urls", "-S", "--addr", "--address", "--endpoint"),
    *("-a", "--tcp-address", "--server.address"),
)
VARIABLES = (
    "PORT",
    "ASPNETCORE_URLS",
    "ASPNETCORE_HTTP_PORTS",
    "SERVER_PORT",
    "HTTP_PORT",
    "UVICORN_PORT",
    "NITRO_PORT",
)
DEFAULT = re.compile(r"\$\{PORT:?[-=](\d+)\}")
ADDRESS = re.compile(r"(?:.*:)?(\d+)/?")
LOOPBACK = re.compile(r"(?:\w+://)?(?:127\.0\.0\.1|localhost|\[::1\])(?::.*)?")
HOST_OPTIONS = ("--host", "-H", "--hostname", "--ip", "-i", "--server.address", "-o", "--bind-address")


def port_of(command: str) -> int | None:
    """The port as a number, also the default of `${PORT:-8000}`; None when none is named or it is a variable."""
    if default := DEFAULT.search(command):
        return _valid(default[1])
    words = shell.line(command).main.words
    named = (_variable(word) for word in words if shell.ASSIGNMENT.match(word))
    return next((port for port in (*named, *_options(wrappers.unwrapped(words))) if port), None)


def binds_loopback(command: str) -> bool:
    """Whether it listens on this machine's own address only, where nothing outside the container reaches it."""
    words = wrappers.unwrapped(shell.line(command).main.words)
    named = [value for option, value in _pairs(words) if option in (*HOST_OPTIONS, *ADDRESS_OPTIONS)]
    return bool(named) and all(LOOPBACK.fullmatch(value) for value in named)


def _options(words: list[str]) -> list[int | None]:
    found = [
        _valid(value) if option in NUMBER_OPTIONS else _address(value)
        for option, value in _pairs(words)
        if option in NUMBER_OPTIONS or option in ADDRESS_OPTIONS
    ]
    if "runserver" in words:
        found += [_address(word) for word in words[words.index("runserver") + 1 :]]
    return found


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    """Options with their values, whether `--name value`, `--name=value` or `-n8000`."""
    pairs = [(word, words[index + 1]) for index, word in enumerate(words[:-1]) if word.startswith("-")]
    pairs += [
        (word.partition("=")[0], word.partition("=")[2]) for word in words if word.startswith("-") and "=" in word
    ]
    return pairs + [(word[:2], word[2:]) for word in words if re.match(r"-[pbl][\d:]", word)]


def _variable(word: str) -> int | None:
    name, _, value = word.partition("=")
    return _address(value) if name in VARIABLES else None


def _address(value: str) -> int | None:
    """From "8000", ":8000", "0.0.0.0:8000", "http://+:8000" or "tcp:port=8000"."""
    found = ADDRESS.fullmatch(value.partition(";")[0].replace("port=", ":"))
    return _valid(found[1]) if found else None


def _valid(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536 else None
