"""Requests that two readers could take for different ones: what is answered, and how many arrive at the service."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.gateway.agent_process import Gateway
from tests.e2e.gateway.behind import behind
from tests.e2e.gateway.raw import Recorder, exchange, statuses, text

POLICIES = """
@id("open") @description("all but the administration") permit (principal, action, resource in Path::"/app")
unless { resource in Path::"/app/admin" };
"""
EVIL = "GET /app/evil HTTP/1.1\r\nhost: x\r\n\r\n"
POST = "POST /app/x HTTP/1.1\r\nhost: x\r\n"
GET = "GET /app/x HTTP/1.1\r\nhost: x\r\n"
LAST = "connection: close\r\n"
CHUNKED = "transfer-encoding: chunked\r\n"
END = "0\r\n\r\n"


@pytest.fixture(scope="module")
def app() -> Iterator[Recorder]:
    made = Recorder()
    yield made
    made.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, app: Recorder) -> Iterator[Gateway]:
    with behind(tmp_path_factory.mktemp("g"), app, POLICIES, {"app": {"path": "/app"}}) as made:
        yield made


def ask(gateway: Gateway, app: Recorder, request: str) -> tuple[list[int], list[str]]:
    """Statuses of the answers, and the first lines of what arrived."""
    app.heads.clear()
    found = statuses(exchange(gateway.port, request.encode("latin-1")))
    return found, [head.split("\r\n")[0] for head in app.heads]


REFUSED = {
    "CL.TE": (f"{POST}content-length: 6\r\n{CHUNKED}\r\n{END}G{EVIL}", 400),
    "TE.CL": (f"{POST}content-length: 4\r\n{CHUNKED}\r\n28\r\n{EVIL}\r\n{END}", 400),
    "TE.TE": (f"{POST}{CHUNKED}transfer-encoding: x\r\n\r\n{END}{EVIL}", 501),
    "an encoding of another name": (f"{POST}transfer-encoding: xchunked\r\n\r\n{END}{EVIL}", 501),
    "identity, then chunks": (f"{POST}transfer-encoding: identity, chunked\r\n\r\n{END}{EVIL}", 501),
    "chunks, then identity": (f"{POST}transfer-encoding: chunked, identity\r\n\r\n{END}{EVIL}", 501),
    "packed, then chunks": (f"{POST}transfer-encoding: gzip, chunked\r\n\r\n{END}{EVIL}", 501),
    "a control character before chunked": (f"{POST}transfer-encoding: \x0bchunked\r\n\r\n{END}{EVIL}", 400),
    "chunks for HTTP/1.0": (f"POST /app/x HTTP/1.0\r\nhost: x\r\n{CHUNKED}\r\n{END}{EVIL}", 426),
    "two lengths": (f"{POST}content-length: 4\r\ncontent-length: 5\r\n\r\nabcde{EVIL}", 400),
    "one length twice": (f"{POST}content-length: 3\r\ncontent-length: 3\r\n\r\nabc{EVIL}", 400),
    "a list of lengths": (f"{POST}content-length: 3, 3\r\n\r\nabc{EVIL}", 400),
    "a length with a space in it": (f"{POST}content-length: 3 4\r\n\r\nabc{EVIL}", 400),
    "an empty length": (f"{POST}content-length: \r\n\r\n{EVIL}", 400),
    "a length in hex": (f"{POST}content-length: 0x3\r\n\r\nabc{EVIL}", 400),
    "a length with a sign": (f"{POST}content-length: +4\r\n\r\nabcd{EVIL}", 400),
    "a length below zero": (f"{POST}content-length: -1\r\n\r\n{EVIL}", 400),
    "a length beyond all numbers": (f"{POST}content-length: {'9' * 30}\r\n\r\n{EVIL}", 400),
    "a space before the colon": (f"{POST}content-length : 4\r\n\r\nabcd{EVIL}", 400),
    "a tab before the colon": (f"{POST}content-length\t: 4\r\n\r\nabcd{EVIL}", 400),
    "a space in a name": (f"{GET}a b: c\r\n\r\n", 400),
    "a header without a name": (f"{GET}: x\r\n\r\n", 400),
    "a continued line that continues nothing": ("GET /app/x HTTP/1.1\r\n x-user-id: a\r\nhost: x\r\n\r\n", 400),
    "a zero byte in a value": (f"{GET}a: b\x00c\r\n\r\n", 400),
    "a zero byte in a name": (f"{GET}a\x00: c\r\n\r\n", 400),
    "chunks of rubbish": (f"{POST}{CHUNKED}\r\nzz\r\n{EVIL}", 400),
    "a chunk below zero": (f"{POST}{CHUNKED}\r\n-3\r\nabc\r\n{END}{EVIL}", 400),
    "a chunk in 0x": (f"{POST}{CHUNKED}\r\n0x3\r\nabc\r\n{END}{EVIL}", 400),
    "a chunk beyond all numbers": (f"{POST}{CHUNKED}\r\n{'1' * 24}\r\nabc\r\n{END}{EVIL}", 400),
    "a line end within a chunk's extension": (f"{POST}{CHUNKED}\r\n3;a\nb\r\nabc\r\n{END}{EVIL}", 400),
    "chunks with bare line ends": (f"{POST}{CHUNKED}\r\n3\nabc\n0\n\n{EVIL}", 400),
    "HTTP/2 without asking": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", 400),
    "HTTP/2 in the first line": ("GET /app/x HTTP/2.0\r\nhost: x\r\n\r\n", 426),
    "HTTP/9.9": ("GET /app/x HTTP/9.9\r\nhost: x\r\n\r\n", 426),
    "HTTP/1.0": ("GET /app/x HTTP/1.0\r\nhost: x\r\n\r\n", 426),
    "HTTP/0.9": ("GET /app/x\r\n\r\n", 426),
    "no host": (f"GET /app/x HTTP/1.1\r\n{LAST}\r\n", 400),
    "a tunnel": (f"CONNECT x:443 HTTP/1.1\r\nhost: x:443\r\n{LAST}\r\n", 401),
    "a tunnel to a path": (f"CONNECT /app HTTP/1.1\r\nhost: x\r\n{LAST}\r\n", 400),
    "another scheme": (f"GET ftp://x/app/x HTTP/1.1\r\nhost: x\r\n{LAST}\r\n", 400),
    "the administration by its whole address": (f"GET http://x/app/admin HTTP/1.1\r\nhost: x\r\n{LAST}\r\n", 401),
    "a websocket to the administration": (
        "GET /app/admin HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        401,
    ),
    "a websocket to a health path": (
        "GET /.gateway/health/app HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        401,
    ),
    "another upgrade": (f"{GET}connection: upgrade\r\nupgrade: foo\r\n\r\n", 401),
    "two upgrades": (f"{GET}connection: upgrade\r\nupgrade: websocket, h2c\r\n\r\n", 401),
    "an upgrade that takes our headers off": (
        f"{GET}connection: upgrade, x-user-id\r\nupgrade: websocket\r\n\r\n",
        400,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_arrives_of_what_can_be_read_in_two_ways(gateway: Gateway, app: Recorder, name: str) -> None:
    request, status = REFUSED[name]
    found, arrived = ask(gateway, app, request)
    assert (found[:1], arrived) == ([status], [])
    assert len(found) <= 1 or "evil" not in request


ARRIVES = {
    "chunked in capitals": f"{POST}{LAST}transfer-encoding: Chunked\r\n\r\n{END}",
    "chunked on a line of its own": f"{POST}{LAST}transfer-encoding:\r\n chunked\r\n\r\n{END}",
    "chunked with an underscore": f"{POST}{LAST}transfer_encoding: chunked\r\ncontent-length: 5\r\n\r\n{END}",
    "a request as body": f"GET /app/x HTTP/1.1\r\nhost: x\r\n{LAST}content-length: {len(EVIL)}\r\n\r\n{EVIL}",
    "a request in a chunk": f"{POST}{LAST}{CHUNKED}\r\n{len(EVIL):x}\r\n{EVIL}\r\n{END}",
    "an extension of a chunk": f"{POST}{LAST}{CHUNKED}\r\n3;a=b\r\nabc\r\n{END}",
    "a long extension of a chunk": f"{POST}{LAST}{CHUNKED}\r\n3;{'a' * 40_000}\r\nabc\r\n{END}",
    "more than the chunk says": f"{POST}{LAST}{CHUNKED}\r\n3\r\nabcdef\r\n{END}",
    "bare line ends": f"GET /app/x HTTP/1.1\nhost: x\n{LAST}\n",
    "two spaces": f"GET  /app/x HTTP/1.1\r\nhost: x\r\n{LAST}\r\n",
    "asks before it sends": f"{POST}{LAST}expect: 200-ok\r\ncontent-length: 3\r\n\r\nabc",
    "offers HTTP/2": (
        f"{GET}connection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n"
    ),
}


@pytest.mark.parametrize("name", ARRIVES)
def test_what_is_odd_but_clear_arrives_as_one_request(gateway: Gateway, app: Recorder, name: str) -> None:
    found, arrived = ask(gateway, app, ARRIVES[name])
    assert found == [200]
    assert [line.split()[1:] for line in arrived] == [["/x", "HTTP/1.1"]]
    assert not {"upgrade", "http2-settings", "transfer_encoding"} & names(app.heads[0])


def test_requests_one_after_the_other_stay_apart(gateway: Gateway, app: Recorder) -> None:
    found, arrived = ask(gateway, app, f"{POST}content-length: 3\r\n\r\nabc{EVIL}{GET}{LAST}\r\n")
    assert found == [200, 200, 200]
    assert [line.split()[1] for line in arrived] == ["/x", "/evil", "/x"]


def test_trailers_are_no_headers(gateway: Gateway, app: Recorder) -> None:
    trailers = "trailer: x-user-id\r\n\r\n3\r\nabc\r\n0\r\nx-user-id: root\r\ncontent-length: 9\r\n\r\n"
    (answer,) = exchange(gateway.port, f"{POST}{LAST}{CHUNKED}{trailers}".encode())
    got = json.loads(text(answer))
    assert "root" not in json.dumps(got)
    assert got["body"] == "3\r\nabc\r\n0\r\n\r\n" or "abc" in got["body"]


@pytest.mark.parametrize("line", ["a: b\nx-user-id: root", "a: b\rx-user-id: root", "a: b\r\n x-user-id: root"])
def test_no_line_end_makes_an_identity(gateway: Gateway, app: Recorder, line: str) -> None:
    found, _ = ask(gateway, app, f"{GET}{LAST}{line}\r\n\r\n")
    assert found == [200]
    assert "x-user-id" not in names(app.heads[0])


def test_an_upgrade_passes_where_a_policy_permits_it(gateway: Gateway, app: Recorder) -> None:
    found, arrived = ask(gateway, app, f"{GET}connection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\r\n")
    assert (found, len(arrived)) == ([200], 1)
    assert {"upgrade", "connection"} <= names(app.heads[0])


@pytest.mark.parametrize("named", ["close, x-forwarded-for", "keep-alive, x-user-id, x-request-id"])
def test_connection_takes_no_header_off(gateway: Gateway, app: Recorder, named: str) -> None:
    token = f"authorization: {gateway.token()}\r\n"
    found, arrived = ask(gateway, app, f"{GET}{token}connection: {named}\r\n\r\n{GET}{LAST}\r\n")
    if found[0] == 200:
        assert {"x-user-id", "x-request-id", "x-forwarded-for"} <= names(app.heads[0])
        assert "connection" not in names(app.heads[0])
    else:
        assert (found, arrived) == ([400], [])


def names(head: str) -> set[str]:
    """Of a head's headers, as they are sent."""
    return {line.split(":")[0].lower() for line in head.split("\r\n")[1:]}
