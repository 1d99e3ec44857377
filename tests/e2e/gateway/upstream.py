"""A small service behind the gateway: says what it got, streams, switches to another protocol, fails on demand."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


class Upstream:
    """A server on an address of this machine; tasks of one service share the port."""

    def __init__(self, name: str, address: str = "127.0.0.1", *, port: int = 0) -> None:
        self.name, self.address = name, address
        self.is_healthy = True
        self.open: list[socket.socket] = []
        self._server = Server((address, port), type("Own", (Handler,), {"own": self}))
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Vanish at once, with all connections."""
        for connection in (self._server.socket, *self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.shutdown()
        self._server.server_close()


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    daemon_threads = True
    request_queue_size = 128


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    own: ClassVar[Upstream]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes, between which it would wait 40 ms

    def setup(self) -> None:
        super().setup()
        self.own.open.append(self.connection)

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send(200 if self.own.is_healthy else 500, b"{}")
        elif self.headers.get("upgrade") == "websocket":
            self._reverse()
        elif self.path == "/stream":
            self._stream()
        elif self.path == "/fails":
            self._send(500, b"{}")
        elif self.path == "/large":
            self._send(200, json.dumps({"text": "x" * 50_000}).encode())
        else:
            self.do_POST()

    def do_POST(self) -> None:
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        facts = {"service": self.own.name, "at": self.own.address, "path": self.path, "headers": headers}
        self._send(200, json.dumps({**facts, "size": len(body)}).encode())

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for count in range(3):
            self.wfile.write(b"9\r\ndata: %d\n\n\r\n" % count)
            self.wfile.flush()
            time.sleep(0.5)  # so that one can see whether it comes in parts
        self.wfile.write(b"0\r\n\r\n")

    def _reverse(self) -> None:
        self.send_response(101)
        self.send_header("upgrade", "websocket")
        self.send_header("connection", "upgrade")
        self.end_headers()
        self.wfile.write(self.rfile.read(4)[::-1])
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Quiet."""
