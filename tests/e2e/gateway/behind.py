"""The real gateway with services behind it that all are one server of the test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.e2e.gateway.agent_process import Gateway, bundle, until
from tests.e2e.gateway.fake_aws import FakeAws

PARAMETERS = "/slipway/slipway-test/gateway/services/"


class Server(Protocol):
    """Who answers for the services."""

    address: str
    port: int


@contextmanager
def behind(folder: Path, server: Server, policies: str, services: Mapping[str, Any]) -> Iterator[Gateway]:
    """A gateway with these policies that reaches the services, one of them at `/app`; each by its path or host."""
    aws, compiled = FakeAws(), bundle(policies)
    aws.upload(compiled)
    aws.flip(compiled.version, 1.5)
    for name, place in services.items():
        aws.parameters[PARAMETERS + name] = json.dumps({"port": server.port, **place})
        aws.run(name, name, server.address)
    with Gateway(folder, aws) as made:
        made.ready()
        until(lambda: made.status("/app"), lambda status: status == 200)
        yield made
    aws.close()
