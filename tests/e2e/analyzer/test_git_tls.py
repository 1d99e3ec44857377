"""Repositories over TLS, and through a proxy: who is trusted, and that time counts there too."""

from __future__ import annotations

import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from analyzer.failure import Failure
from analyzer.source.access import Access
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.opening import open_source
from tests.e2e.analyzer.git_server import GitServer, git, serving


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key for localhost, signed by itself."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*words.split(), "-keyout", str(path), "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.fixture(scope="module")
def server(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    root = tmp_path_factory.mktemp("served")
    git(root, "init", "-q", "work")
    (root / "work/app.py").write_text("x = 1\n")
    git(root / "work", "add", "-A")
    git(root / "work", "commit", "-qm", "one")
    git(root, "clone", "-q", "--bare", "work", "r.git")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with serving(root) as made:
        made.socket = context.wrap_socket(made.socket, server_side=True, do_handshake_on_connect=False)
        yield made


@pytest.fixture
def _trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("no_proxy", "*")


def url(server: GitServer, way: str = "open") -> str:
    return f"https://localhost:{server.server_port}/{way}/r.git"


def failure_of(reference: str, limits: Limits = DEFAULT) -> Failure:
    with pytest.raises(Failure) as caught, open_source(reference, limits=limits):
        pass
    return caught.value


@pytest.mark.usefixtures("_trusted")
def test_a_trusted_server(server: GitServer) -> None:
    with open_source(url(server)) as tree:
        assert tree.read("app.py") == b"x = 1\n"


def test_a_server_with_a_certificate_of_its_own(server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    failure = failure_of(url(server))
    assert (failure.code, str(failure)) == (
        "Unreachable",
        "localhost cannot be reached: its certificate is not trusted here",
    )


@pytest.mark.usefixtures("_trusted")
def test_a_server_with_a_certificate_for_another_name(server: GitServer) -> None:
    failure = failure_of(url(server).replace("localhost", "127.0.0.1"))
    assert str(failure) == "127.0.0.1 cannot be reached: its certificate is not trusted here"


@pytest.mark.usefixtures("_trusted")
def test_a_server_that_never_ends(server: GitServer) -> None:
    failure = failure_of(url(server, "slow"), replace(DEFAULT, seconds=1.0))
    assert (failure.code, str(failure)) == ("TimedOut", "the repository did not arrive within 1 s")


@pytest.mark.usefixtures("_trusted")
def test_a_server_that_speaks_no_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_answer_plainly, args=[listening], daemon=True).start()
        failure = failure_of(f"https://localhost:{listening.getsockname()[1]}/a/b")
    assert (failure.code, str(failure)) == (
        "Unreachable",
        "localhost cannot be reached: it speaks no TLS that is known here",
    )


def _answer_plainly(listening: socket.socket) -> None:
    with suppress(OSError), listening.accept()[0] as client:
        client.recv(1 << 16)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        client.recv(1 << 16)


class Proxy(socketserver.ThreadingTCPServer):
    """Connects clients to where they ask, or says no."""

    def __init__(self, status: str) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.status = status
        self.head = b""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Tunnel(socketserver.BaseRequestHandler):
    server: Proxy
    request: socket.socket

    def handle(self) -> None:
        self.server.head = self.request.recv(1 << 16)
        self.request.sendall(f"HTTP/1.1 {self.server.status}\r\n\r\n".encode())
        if not self.server.status.startswith("200"):
            return
        port = int(self.server.head.split()[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port)) as other:
            back = threading.Thread(target=_pass_on, args=[other, self.request], daemon=True)
            back.start()
            _pass_on(self.request, other)
            back.join()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that the environment names."""
    with Proxy(request.param) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:pass%20word@127.0.0.1:{proxy.server_address[1]}")
        monkeypatch.setenv("no_proxy", "")
        yield proxy


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize("proxied", ["200 Connection established"], indirect=True)
def test_through_a_proxy(server: GitServer, proxied: Proxy) -> None:
    with open_source(url(server)) as tree:
        assert tree.read("app.py") == b"x = 1\n"
    assert proxied.head.startswith(f"CONNECT localhost:{server.server_port} HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n" in proxied.head


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize("proxied", ["407 Proxy Authentication Required"], indirect=True)
def test_a_proxy_that_says_no(server: GitServer, proxied: Proxy) -> None:
    failure = failure_of(url(server))
    assert str(failure) == "localhost cannot be reached: the proxy of the environment does not connect to it"
    assert proxied.head


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize("proxied", ["200 Connection established"], indirect=True)
def test_the_function_uses_no_proxy(server: GitServer, proxied: Proxy) -> None:
    access = Access(local=False, public_only=True)
    with pytest.raises(Failure, match="localhost is not a public host"), open_source(url(server), access):
        pass
    assert proxied.head == b""
