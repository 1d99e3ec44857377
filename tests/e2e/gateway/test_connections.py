"""Thousands of connections at once, and clients that are slow on purpose."""

from __future__ import annotations

import json
import resource
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agent.envoy_api import EnvoyApi
from tests.e2e.gateway.agent_process import Gateway, bundle, until
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.raw import connected, exchange, statuses

OPEN = '@id("all") @description("everybody") permit(principal, action, resource);'
MOST = 10_000
"""`max_active_downstream_connections` of envoy.yaml."""
OWN = 20
"""The agent asks Envoy as well, for a moment each time."""
GET = b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n"
LARGE = 8_000_000
TASK_BYTES = 512 * 2**20
"""Memory of a task where the settings say nothing."""


class Large(BaseHTTPRequestHandler):
    """A service with a large answer."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(LARGE if self.path != "/health" else 0))
        self.end_headers()
        with suppress(OSError):
            for _ in range(LARGE // 100_000 if self.path != "/health" else 0):
                self.wfile.write(b"x" * 100_000)

    def do_POST(self) -> None:
        with suppress(OSError):
            self.rfile.read()

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Service(ThreadingHTTPServer):
    """Takes many at once."""

    daemon_threads = True
    request_queue_size = 512


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Started with few files, as a careless engine may do, from a test that itself needs many."""
    aws, policies, service = FakeAws(), bundle(OPEN), Service(("127.0.0.1", 0), Large)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    aws.upload(policies)
    aws.flip(policies.version, 1.5)
    settings = {"port": service.server_port, "path": "/large", "timeout": 2}
    aws.parameters["/slipway/slipway-test/gateway/services/large"] = json.dumps(settings)
    aws.run("task", "large", "127.0.0.1")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    with Gateway(tmp_path_factory.mktemp("g"), aws) as made:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        made.ready()
        until(lambda: made.status("/.gateway/health/large"), lambda status: status == 200)
        yield made
    aws.close()
    service.shutdown()
    service.server_close()


def memory(gateway: Gateway) -> int:
    """Bytes that Envoy holds."""
    lines = Path(f"/proc/{gateway.envoy()}/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024


def is_answered(connection: socket.socket) -> bool:
    """Whether a request that was sent gets its answer."""
    try:
        return b" 404 " in connection.recv(4096)
    except ConnectionError:
        return False


def opened(gateway: Gateway, stack: ExitStack, count: int) -> list[socket.socket]:
    """Connections; all of them are closed at once, without lingering."""
    made = [stack.enter_context(connected(gateway.port, 20)) for _ in range(count)]
    for connection in made:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return made


def asked(connections: list[socket.socket]) -> list[bool]:
    """Whether each is answered, asked all at once."""
    for connection in connections:
        with suppress(ConnectionError):
            connection.sendall(GET)
    return [is_answered(connection) for connection in connections]


def test_ten_thousand_connections_are_answered_and_more_are_closed(gateway: Gateway) -> None:
    before = memory(gateway)
    with ExitStack() as stack:
        held = opened(gateway, stack, MOST - OWN)
        assert asked(held) == [True] * (MOST - OWN)
        more = asked(opened(gateway, stack, 3 * OWN))
        assert 0 < more.count(True) <= OWN
        assert asked(held) == [True] * (MOST - OWN), "those that are in stay in"
        now = memory(gateway)
        print(f"Envoy: {before / 2**20:.0f} MiB before, {now / 2**20:.0f} MiB with {MOST} connections")
        assert now < TASK_BYTES * 3 / 4
    until(gateway.status, lambda status: status == 200)
    with ExitStack() as stack:
        assert asked(opened(gateway, stack, 100)) == [True] * 100


def test_clients_that_do_not_read_hold_no_memory_and_are_given_up(gateway: Gateway) -> None:
    before = memory(gateway)
    with ExitStack() as stack:
        slow = opened(gateway, stack, 200)
        for connection in slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        assert gateway.status("/nowhere") == 404
        until(lambda: busy_with(gateway), lambda now: now >= 200)
        grown = memory(gateway) - before
        until(lambda: busy_with(gateway), lambda now: now == 0)
        print(f"Envoy: {grown / 2**20:.0f} MiB more for 200 answers of {LARGE / 1e6:.0f} MB that nobody reads")
        assert grown < 200 * 2**20


def busy_with(gateway: Gateway) -> int:
    """Requests that Envoy has."""
    name = "http.public.downstream_rq_active"
    return EnvoyApi(gateway.state, gateway.port).gauges(f"^{name}$").get(name, -1)


SLOW = {
    "a head that never ends": ("GET /large HTTP/1.1\r\nhost: x\r\nx-slow: ", 408),
    "a first line that never ends": ("GET /lar", 408),
    "a body that never comes": ("POST /large HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc", 408),
    "a chunk that never comes": ("POST /large HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n9\r\n", 408),
}


def test_requests_that_do_not_come_to_an_end_are_given_up(gateway: Gateway) -> None:
    found: dict[str, list[int]] = {}

    def ask(name: str, text: str) -> None:
        found[name] = statuses(exchange(gateway.port, text.encode(), seconds=30))

    threads = [threading.Thread(target=ask, args=(name, text)) for name, (text, _) in SLOW.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: [status] for name, (_, status) in SLOW.items()}
