"""One POST to a real server, however that behaves: it ends in time, and errors keep the address to themselves."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from scripts.engine.errors import BadInput, Failed, SlipwayError, Transient
from scripts.engine.notifying.post import KEPT, Answer, post
from tests.e2e.project import free_port
from tests.e2e.receiver import drip, flood, hang, receiving, status

BODY = b'{"a": 1}'
SHORT, LONG = 0.5, 60.0
"""Seconds until the deadline, where it is reached and where it is not."""


def send(url: str, seconds: float = LONG) -> Answer:
    return post(url, BODY, {"Content-Type": "application/json", "X-Key": "1"}, end=time.monotonic() + seconds)


def error_of(url: str, seconds: float = LONG) -> SlipwayError:
    with pytest.raises(SlipwayError) as caught:
        send(url, seconds)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def test_what_is_sent_arrives_and_so_does_the_answer() -> None:
    with receiving(status(202, b"thanks", Retry_After="7")) as receiver:
        assert send(receiver.url("/hook?a=b")) == Answer(202, b"thanks", 7.0)
    (got,) = receiver.posts
    assert (got.path, got.body) == ("/hook?a=b", BODY)
    assert (got.headers["x-key"], got.headers["content-length"]) == ("1", "8")
    assert got.headers["user-agent"] == "slipway"


@pytest.mark.parametrize("answer", [hang, drip])
def test_who_does_not_answer_is_given_up_in_time(answer: object) -> None:
    with receiving(answer) as receiver:  # type: ignore[arg-type]
        error = error_of(receiver.url("/hush"), SHORT)
    assert (type(error), str(error)) == (Transient, "no answer in time")


def test_a_handshake_that_never_comes_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        error = error_of(f"https://127.0.0.1:{server.getsockname()[1]}/hush", SHORT)
    assert str(error) == "no answer in time"


def test_an_answer_without_end_is_read_in_part() -> None:
    with receiving(flood) as receiver:
        assert send(receiver.url()) == Answer(200, b"x" * KEPT)


def test_a_redirect_is_an_answer() -> None:
    with receiving(status(302)) as other, receiving(status(307, Location=other.url())) as receiver:
        assert send(receiver.url()).status == 307
        assert other.posts == []


@pytest.fixture
def raw() -> Iterator[tuple[int, list[bytes]]]:
    """A port where `first answer` is replaced by the list's bytes: no HTTP server at all."""
    says: list[bytes] = []
    server = socket.create_server(("127.0.0.1", free_port()))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                connection.recv(65_536)
                connection.sendall(says[0])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1], says
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(10)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"hush\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhush\r\n",
    ],
    ids=["nothing", "words", "no-status", "many-headers", "long-header", "bad-chunks"],
)
def test_rubbish_is_said_to_be_rubbish(raw: tuple[int, list[bytes]], said: bytes) -> None:
    port, says = raw
    says.append(said)
    error = error_of(f"http://127.0.0.1:{port}/hush")
    assert isinstance(error, Transient)
    assert str(error).startswith(("its answer is not HTTP (", "it cannot be reached ("))


def test_nobody_listens() -> None:
    assert str(error_of(f"http://127.0.0.1:{free_port()}/hush")) == "it cannot be reached (ConnectionRefusedError)"


def test_no_tls_where_tls_is_wanted() -> None:
    with receiving(status(200)) as receiver:
        error = error_of(f"https://127.0.0.1:{receiver.port}/hush")
    assert str(error) == "it cannot be reached (SSLError)"
    assert receiver.posts == []


def test_the_proxy_of_the_environment_is_used_for_https(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(status(403)) as proxy:
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://ann:pw%20d@127.0.0.1:{proxy.port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "")
        error = error_of("https://board.example/hush")
    assert [(seen.path, seen.headers["proxy-authorization"]) for seen in proxy.posts] == [
        ("CONNECT board.example:443", "Basic YW5uOnB3IGQ=")
    ]
    assert str(error) == "it cannot be reached (OSError)"


def test_no_proxy_stands_between_this_machine_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with receiving(status(200)) as receiver:
        assert send(receiver.url()).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://board.example/hush",
        "https://ann:hush@board.example/",
        "https://board.example/hush you",
        "https://board.example/hush\r\nX: y",
        "https://board.example/hüsh",
        "https://board.example:99999/hush",
        "https:///hush",
        "ftp://127.0.0.1/hush",
        "file:///hush",
        "hush",
        "http://127.0.0.1.hush.example/",
    ],
)
def test_an_address_that_is_none_is_not_asked(url: str) -> None:
    assert isinstance(error_of(url), BadInput)


def test_a_secret_that_no_header_takes() -> None:
    with receiving(status(200)) as receiver, pytest.raises((BadInput, Failed)) as caught:
        post(receiver.url(), BODY, {"Authorization": "Bearer hush\r\nX: y"}, end=time.monotonic() + LONG)
    assert "hush" not in str(caught.value)
