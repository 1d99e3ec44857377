"""Amazon Bedrock's Converse API as far as one call needs it: an HTTP server that answers what a test says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Stub:
    """What to answer, and what was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    error: str = ""
    """Code of an error of AWS."""
    pause: float = 0.0
    """Seconds between two bytes of the answer; 0 for all at once."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Body and path of each request."""

    def answer(self, *blocks: Any, stop: str = "tool_use") -> None:
        """Answer with a message of these blocks."""
        usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
        message = {"role": "assistant", "content": list(blocks)}
        text = {"output": {"message": message}, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 1}}
        self.status, self.error, self.body = 200, "", json.dumps(text).encode()

    def refuse(self, code: str, status: int) -> None:
        """Answer with an error."""
        self.status, self.error, self.body = status, code, json.dumps({"message": "no"}).encode()


def chosen(answers: Any, name: str = "choose") -> dict[str, Any]:
    """A block that calls the tool."""
    return {"toolUse": {"toolUseId": "t1", "name": name, "input": answers}}


@contextmanager
def converse_stub() -> Iterator[Stub]:
    """The server, as long as the block runs."""
    stub = Stub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            stub.requests.append({"path": self.path, **json.loads(self.rfile.read(length))})
            self.send_response(stub.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(stub.body)))
            if stub.error:
                self.send_header("x-amzn-ErrorType", stub.error)
            self.end_headers()
            self._write(stub.body)

        def _write(self, body: bytes) -> None:
            if not stub.pause:
                self.wfile.write(body)
                return
            for byte in body:
                time.sleep(stub.pause)
                self.wfile.write(bytes([byte]))

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True  # who asked did not wait

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
