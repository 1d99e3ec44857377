"""The other way to have Cedar at the gateway: a process that Envoy asks about each request (ext_authz), in Python.

As quick as such a thing can fairly be: policies parsed once, connections kept, requests parsed by hand, and tokens
verified by Envoy, which hands over the claims. The bench runs it as a module.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

from scripts.engine.policies.oracle import Oracle, Request
from scripts.engine.policies.schema import read_schema
from scripts.engine.policies.source import SCHEMA, parse_policies, read_folder

CLAIMS = "x-claims"
"""Header in which Envoy hands over the payload of a verified token."""
YES = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
NO = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"


class Sidecar(asyncio.Protocol):
    """One connection of Envoy's."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle, self._held = oracle, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete; they have no bodies."""
        *heads, self._held = (self._held + data).split(b"\r\n\r\n")
        for head in heads:
            self._transport.write(YES if self._oracle.decide(question(head.decode("latin-1"))).allowed else NO)


def question(head: str) -> Request:
    """A request's head as what Cedar is asked."""
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(method, path.partition("?")[0], _claims(headers.get(CLAIMS)), headers.get("host", ""))


def _claims(payload: str | None) -> dict[str, Any] | None:
    if payload is None:
        return None
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def oracle_of(folder: Path) -> Oracle:
    """Cedar's own answers on the policies of a folder."""
    texts = read_folder(folder)
    policies = parse_policies(texts, texts.pop(SCHEMA), {})
    return Oracle(policies, read_schema(policies.schema))


async def serve(port: int, folder: Path) -> None:
    """Answer until killed."""
    oracle = oracle_of(folder)
    server = await asyncio.get_running_loop().create_server(lambda: Sidecar(oracle), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
