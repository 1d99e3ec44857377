"""A small service behind the gateway: says what it got, streams, switches to another protocol, fails on demand."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Upstream:
    """A server on an address of this machine; tasks of one service share the port."""

    def __init__(self, name: str, address: str = "127.0.0.1", *, port: int = 0) -> None:
        self.name, self.address = name, address
        self.is_healthy = True
        self._open: list[socket.socket] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                outer._open.append(self.connection)

            def do_GET(self) -> None:
                if self.path == "/health":
                    self._send(200 if outer.is_healthy else 500, b"{}")
                elif self.headers.get("upgrade") == "websocket":
                    self._echo()
                elif self.path == "/stream":
                    self._stream()
                elif self.path == "/large":
                    self._send(200, json.dumps({"text": "x" * 50_000}).encode())
                else:
                    self.do_POST()

            def do_POST(self) -> None:
                body = self._body()
                headers = {name.lower(): value for name, value in self.headers.items()}
                facts = {"service": outer.name, "at": outer.address, "path": self.path, "headers": headers}
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
                    time.sleep(0.5)
                self.wfile.write(b"0\r\n\r\n")

            def _echo(self) -> None:
                self.send_response(101)
                self.send_header("upgrade", "websocket")
                self.send_header("connection", "upgrade")
                self.end_headers()
                self.wfile.write(self.rfile.read(4)[::-1])
                self.close_connection = True

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server((address, port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Vanish."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
