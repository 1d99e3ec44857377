"""A git server on loopback: real bare repositories through `git http-backend`, and the ways in which servers fail.

The first part of a path says how: open, private (wants TOKEN), slow, cut, page, junk, circle, moved,
elsewhere, trap, error.
"""

from __future__ import annotations

import base64
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "s3cret-t0ken"
GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent"}
AUTHOR = {f"GIT_{who}_{what}": "t@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder: Path, *words: str) -> str:
    """Runs git, without the settings of whoever runs the tests."""
    environment = os.environ | GIT | AUTHOR
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *words], cwd=folder, env=environment, check=True, capture_output=True
    )
    return done.stdout.decode().strip()


class GitServer(ThreadingHTTPServer):
    """Serves the repositories of a folder."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.requests: list[str] = []
        self.authorizations: list[str | None] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what many tests want."""


class _Handler(BaseHTTPRequestHandler):
    server: GitServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Keeps quiet."""

    def _serve(self) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        self.server.authorizations.append(self.headers.get("Authorization"))
        way, _, rest = self.path.lstrip("/").partition("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        getattr(self, f"_{way}", self._error)(rest, body)

    def _open(self, rest: str, body: bytes) -> None:
        self._answer(*self._backend(rest, body))

    def _private(self, rest: str, body: bytes) -> None:
        wanted = "Basic " + base64.b64encode(f"oauth2:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") == wanted:
            self._open(rest, body)
        else:
            self._answer(401, {"WWW-Authenticate": "Basic"}, b"")

    def _slow(self, rest: str, body: bytes) -> None:
        """A byte now and then, for ever."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(b"fff0")
            for _ in range(600):
                self.wfile.write(b"0")
                self.wfile.flush()
                time.sleep(0.05)

    def _cut(self, rest: str, body: bytes) -> None:
        """Closes the connection amid the pack."""
        status, headers, data = self._backend(rest, body)
        if self.command == "GET" or b"command=ls-refs" in body:
            self._answer(status, headers, data)
            return
        self.send_response(status)
        self.send_header("Content-Type", headers["Content-Type"])
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.close_connection = True

    def _page(self, rest: str, body: bytes) -> None:
        self._answer(200, {"Content-Type": "text/html"}, b"<html>hello</html>")

    def _junk(self, rest: str, body: bytes) -> None:
        kind = "application/x-git-upload-pack-advertisement"
        self._answer(200, {"Content-Type": kind}, b"001e# service=git-upload-pack\n0000zzzz" + bytes(range(256)))

    def _circle(self, rest: str, body: bytes) -> None:
        self._answer(301, {"Location": self.path}, b"")

    def _moved(self, rest: str, body: bytes) -> None:
        self._answer(301, {"Location": f"/private/{rest}"}, b"")

    def _elsewhere(self, rest: str, body: bytes) -> None:
        self._answer(302, {"Location": f"http://localhost:{self.server.server_port}/open/{rest}"}, b"")

    def _trap(self, rest: str, body: bytes) -> None:
        """Leads to where clouds keep a machine's credentials."""
        self._answer(302, {"Location": "http://169.254.169.254/latest/meta-data/r.git"}, b"")

    def _error(self, rest: str, body: bytes) -> None:
        self._answer(503, {}, TOKEN.encode())

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _backend(self, rest: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        path, _, query = rest.partition("?")
        environment = {
            **GIT,
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{path}",
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type") or "",
            "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "",
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, check=False, capture_output=True)
        head, _, data = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return int(headers.pop("Status", "200 OK").split()[0]), headers, data


@contextmanager
def serving(root: Path) -> Iterator[GitServer]:
    """The server, listening."""
    with GitServer(root) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)
