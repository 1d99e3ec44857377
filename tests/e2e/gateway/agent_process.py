"""The gateway as two processes of this machine: the agent, and the real Envoy as its child."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from scripts.engine.policies.artefact import artefact
from scripts.engine.policies.bundle import Bundle
from scripts.engine.policies.compiler import compiled
from scripts.engine.policies.schema import read_schema
from scripts.engine.policies.source import SCHEMA, parse_policies
from tests.e2e.gateway.envoy_server import BINARY, ISSUER, Keys
from tests.e2e.gateway.fake_aws import TABLE, FakeAws
from tests.e2e.project import ORIGIN, free_port

AUDIENCE = "shop"
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


def bundle(text: str) -> Bundle:
    """Compiled policies as the engine stores them."""
    schema_text = (ORIGIN / "policies" / SCHEMA).read_text("utf-8")
    policies = parse_policies({"test.cedar": text}, schema_text, {})
    schema = read_schema(policies.schema)
    made = artefact(policies, compiled(policies, schema), schema)
    return Bundle(made.version, made.text, {SCHEMA: schema_text}, (), "digest")


def project_policies() -> Bundle:
    """Those of this project."""
    return bundle((ORIGIN / "policies" / "gateway.cedar").read_text("utf-8"))


def until(look: Callable[[], T], is_fine: Callable[[T], bool], seconds: float = 20.0) -> T:
    """What is seen as soon as it is fine."""
    end = time.monotonic() + seconds
    while not is_fine(found := look()):
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found


class Gateway:
    """A running gateway; `aws` is what it asks, None for one without a store."""

    words: tuple[str, ...] = (sys.executable, "-m", "agent")

    def __init__(self, folder: Path, aws: FakeAws | None = None, **environment: str) -> None:
        self.folder, self.port, self.keys = folder, free_port(), Keys()
        self.metrics_port = free_port()
        self.state, configuration = folder / "s", folder / "configuration"
        configuration.mkdir(parents=True)
        for name in ("index.html", "policy.json"):
            (configuration / name).write_bytes((ORIGIN / "envoy" / name).read_bytes())
        text = (ORIGIN / "envoy" / "envoy.yaml").read_text("utf-8")
        text = text.replace("/dev/shm/gateway", str(self.state)).replace("port_value: 8080", f"port_value: {self.port}")
        text = text.replace("port_value: 9102", f"port_value: {self.metrics_port}")
        (configuration / "envoy.yaml").write_text(text, "utf-8")
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ORIGIN / "envoy"),
            "GATEWAY_ENVOY": str(BINARY),
            "GATEWAY_CONFIGURATION": str(configuration),
            "GATEWAY_STATE": str(self.state),
            "GATEWAY_PORT": str(self.port),
            "SLIPWAY_GATEWAY_AUTH": self.auth(),
            "SLIPWAY_IMAGE_TAG": "src-000000000000",
            **({"AWS_ENDPOINT_URL": aws.url, "SLIPWAY_GATEWAY_TABLE": TABLE} if aws else {}),
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            **environment,
        }
        self.log = folder / "gateway.log"
        self.start()

    def auth(self, **more: Any) -> str:
        """Settings for this test's issuer."""
        return json.dumps({"issuer": ISSUER, "audiences": [AUDIENCE], "jwks": self.keys.jwks, **more})

    def start(self) -> None:
        """Start it, also again."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.words,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def ready(self) -> Self:
        """Wait until it says so."""
        until(self.status, lambda status: status == 200)
        return self

    def status(self, path: str = "/ready", **headers: str) -> int:
        """Status of an answer; 0 when nobody answers."""
        try:
            return self.get(path, **headers).status
        except (OSError, http.client.HTTPException):
            assert self.process.poll() is None, self.text()
            return 0

    def get(self, path: str, **headers: str) -> Answer:
        """An answer."""
        return self.ask("GET", path, headers)

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """An answer to any request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def token(self, **claims: Any) -> str:
        """A header's value with a valid token."""
        now = int(time.time())
        return "Bearer " + self.keys.token({"sub": "ann", "aud": AUDIENCE, "iat": now, "exp": now + 600, **claims})

    def text(self) -> str:
        """What it wrote."""
        return self.log.read_text("utf-8", "replace")

    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines that it wrote."""
        return [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]

    def envoy(self) -> int:
        """Process id of Envoy."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("utf-8").split()
        return int(children[0])
