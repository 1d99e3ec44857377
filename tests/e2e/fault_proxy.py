"""An HTTP proxy between the tools and the embedded cloud: records every request, and breaks the ones it is told to."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from scripts.engine.aws import READING

HOP_BY_HOP = ("connection", "transfer-encoding", "keep-alive", "content-length", "expect")
CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    service: str
    """AWS service as the signature names it; `registry` for the image registry, empty for everything else."""
    operation: str
    """AWS operation; empty for protocols that name none."""
    agent: str

    @property
    def is_aws(self) -> bool:
        """Whether it was signed for an AWS service."""
        return self.service not in ("", "registry")

    @property
    def mutates(self) -> bool:
        """Whether it could change something."""
        if self.operation:
            return not self.operation.startswith(READING)
        return self.service != "" and self.method not in ("GET", "HEAD")


@dataclass
class Fault:
    """What happens to matching requests: an answer, or a connection that ends. `times` is how often, None for ever."""

    matches: Callable[[Request], bool]
    answer: Callable[[Request], tuple[int, str, bytes]] | None = None
    times: int | None = None
    hits: int = 0

    def takes(self, request: Request) -> bool:
        """Whether it strikes now."""
        if (self.times is not None and self.hits >= self.times) or not self.matches(request):
            return False
        self.hits += 1
        return True


def throttled(request: Request) -> tuple[int, str, bytes]:
    """The answer of an AWS service that is asked too often."""
    return _error(request, 400, "ThrottlingException", "Rate exceeded")


def broken(request: Request) -> tuple[int, str, bytes]:
    """The answer of an AWS service that fails inside."""
    return _error(request, 500, "InternalFailure", "We encountered an internal error. Please try again.")


def denied(_: Request) -> tuple[int, str, bytes]:
    """A registry that refuses. Source: OCI distribution specification, "Error Codes"."""
    return 403, "application/json", b'{"errors":[{"code":"DENIED","message":"this registry is read-only"}]}'


def unknown_manifest(_: Request) -> tuple[int, str, bytes]:
    """A registry that has lost an image."""
    return 404, "application/json", b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'


def _error(request: Request, status: int, code: str, message: str) -> tuple[int, str, bytes]:
    if request.service in ("dynamodb", "ecs", "ecr", "logs"):
        return status, "application/x-amz-json-1.1", f'{{"__type":"{code}","message":"{message}"}}'.encode()
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return status, "text/xml", text.encode()


class FaultProxy:
    """Listens on one port, forwards to another."""

    def __init__(self, port: int, upstream: int) -> None:
        self.port, self.upstream = port, upstream
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.is_cut = False
        self.refused = 0
        """Calls of AWS services that got no answer while their line was cut."""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler(), bind_and_activate=True)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def fault(self, fault: Fault) -> Iterator[Fault]:
        """The fault strikes as long as the block runs."""
        self.faults.append(fault)
        try:
            yield fault
        finally:
            self.faults.remove(fault)

    @contextmanager
    def recorded(self) -> Iterator[list[Request]]:
        """The requests that come while the block runs; complete when it ends."""
        begin, found = len(self.requests), list[Request]()
        yield found
        found.extend(self.requests[begin:])

    def strike(self, request: Request) -> Fault | None:
        """Record a request; the fault that it meets."""
        with self._lock:
            self.requests.append(request)
            return next((fault for fault in self.faults if fault.takes(request)), None)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(_Handler):
            owner = proxy

        return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FaultProxy

    def handle_any(self) -> None:
        """One request."""
        body = self._body()
        request = self._request(body)
        if self.owner.is_cut and request.is_aws:
            self.owner.refused += 1
            self._hang_up()
            return
        fault = self.owner.strike(request)
        if fault is None:
            self._forward(body)
        elif fault.answer is None:
            self._hang_up()
        else:
            status, kind, text = fault.answer(request)
            self._reply(status, [("Content-Type", kind)], text)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while length := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _request(self, body: bytes) -> Request:
        found = CREDENTIAL.search(self.headers.get("Authorization", ""))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if not operation and "x-www-form-urlencoded" in self.headers.get("Content-Type", ""):
            operation = parse_qs(body[:65536].decode("latin-1")).get("Action", [""])[0]
        service = found[1] if found else "registry" if self.path.startswith("/v2/") else ""
        return Request(self.command, self.path, service, operation, self.headers.get("User-Agent", ""))

    def _forward(self, body: bytes) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", self.owner.upstream, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        try:
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return
        finally:
            upstream.close()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self._reply(answer.status, kept, text, length=length)

    def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes, *, length: str | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
