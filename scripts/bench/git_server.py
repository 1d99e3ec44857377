"""Git as the bench needs it: the copy as a repository, and a server on loopback, `git http-backend` to read from."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from scripts.engine.errors import Failed

WHO = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str) -> None:
    """A git command in a folder; raises Failed."""
    done = subprocess.run(("git", "-C", str(folder), *WHO, *words), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stderr.strip(), where=f"git {words[0]}")


@contextmanager
def repository(root: Path) -> Iterator[None]:
    """The copy of the project as a git repository while the block runs; what comes after is measured without one."""
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "as it is")
    try:
        yield
    finally:
        shutil.rmtree(root / ".git")


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """The address under which the folder's repositories are, while the block runs."""
    with _Server(root) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True, name="git")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Keeps quiet."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=self._environment(len(body)), check=False, capture_output=True
        )
        head, _, data = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _environment(self, length: int) -> dict[str, str]:
        """What CGI tells a program. Source: git-http-backend(1)."""
        path, _, query = self.path.partition("?")
        return {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type") or "",
            "CONTENT_LENGTH": str(length),
        }
