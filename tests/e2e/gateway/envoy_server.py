"""The real Envoy with the gateway's policy filter in front of a route that always answers 200."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import envoy
from scripts.engine.policies.artefact import PROBE, RESOURCE, Artefact
from scripts.engine.policies.envoy_rules import PAYLOAD
from scripts.engine.policies.oracle import Request
from tests.e2e.gateway.pipelining import Connections
from tests.e2e.project import free_port

BINARY = Path(envoy.__file__).parent / "_bin" / "envoy"
ISSUER = "https://issuer.example.com/"
TYPE = "type.googleapis.com/envoy.extensions.filters."


class Keys:
    """Keys of an issuer, and tokens that it signs."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwks(self) -> dict[str, Any]:
        """The public halves."""
        rsa_key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.rsa.public_key()))
        ec_key = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.ec.public_key()))
        return {"keys": [{**rsa_key, "kid": "rsa", "alg": "RS256"}, {**ec_key, "kid": "ec", "alg": "ES256"}]}

    def token(self, claims: Mapping[str, Any]) -> str:
        """A valid token with these claims."""
        return jwt.encode({"iss": ISSUER, **claims}, self.ec, algorithm="ES256", headers={"kid": "ec"})


def request_text(request: Request, token: str) -> str:
    """A request as it is sent; no token: without one."""
    lines = [f"{request.method} {request.path} HTTP/1.1", f"host: {request.host}"]
    lines += [f"x-forwarded-for: {request.source_ip}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if request.method in ("POST", "PUT", "PATCH"):
        lines.append("content-length: 0")
    return "\r\n".join([*lines, "", ""])


class EnvoyServer:
    """One Envoy process; policies are swapped by renaming a file onto the watched one."""

    def __init__(self, folder: Path, first: Artefact) -> None:
        self.folder, self.port, self.keys = folder, free_port(), Keys()
        self.policy = folder / "policy.json"
        self._tokens: dict[str, str] = {}
        self.put(first)
        config = folder / "envoy.json"
        config.write_text(json.dumps(self._config()), "utf-8")
        words = [str(BINARY), "-c", str(config), "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]
        with (folder / "envoy.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*words, "--reject-unknown-dynamic-fields"], stdout=log, stderr=log, start_new_session=True
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait(10)

    def put(self, artefact: Artefact) -> None:
        """Rename new policies into place."""
        fresh = self.folder / f".policy-{os.getpid()}"
        fresh.write_text(artefact.text, "utf-8")
        fresh.replace(self.policy)

    def swap(self, artefact: Artefact, seconds: float = 10.0) -> None:
        """Put new policies in place and wait until the probe says that they are enforced."""
        self.put(artefact)
        self.await_version(artefact.version, seconds)

    def await_version(self, version: str, seconds: float = 10.0) -> None:
        """Wait until only that version's probe path is permitted."""
        end = time.monotonic() + seconds
        while True:
            try:
                with Connections(self.port, 1) as connections:
                    if connections.ask([f"GET {PROBE}{version} HTTP/1.1\r\nhost: probe\r\n\r\n"]) == [200]:
                        return
            except OSError:
                pass
            assert self.process.poll() is None, (self.folder / "envoy.log").read_text("utf-8")
            assert time.monotonic() < end, (self.folder / "envoy.log").read_text("utf-8")[-2000:]
            time.sleep(0.005)

    def ask(self, requests: Sequence[Request]) -> list[int]:
        """The status of each request."""
        with Connections(self.port) as connections:
            return connections.ask([self._text(request) for request in requests])

    def _text(self, request: Request) -> str:
        return request_text(request, "" if request.claims is None else self._token(request.claims))

    def _token(self, claims: Mapping[str, Any]) -> str:
        key = json.dumps(claims, sort_keys=True)
        if key not in self._tokens:
            self._tokens[key] = self.keys.token(claims)
        return self._tokens[key]

    def _config(self) -> dict[str, Any]:
        provider = {
            "issuer": ISSUER,
            "local_jwks": {"inline_string": json.dumps(self.keys.jwks)},
            "payload_in_metadata": PAYLOAD,
            "jwt_cache_config": {"jwt_cache_size": 2000},
        }
        jwt_filter = {
            "@type": TYPE + "http.jwt_authn.v3.JwtAuthentication",
            "providers": {"issuer": provider},
            "rules": [
                {
                    "match": {"prefix": "/"},
                    "requires": {
                        "requires_any": {"requirements": [{"provider_name": "issuer"}, {"allow_missing": {}}]}
                    },
                }
            ],
        }
        policy = {
            "config_source": {
                "path_config_source": {"path": str(self.policy)},
                "initial_fetch_timeout": "5s",
                "resource_api_version": "V3",
            },
            "type_urls": [TYPE + "http.filter_chain.v3.FilterChainConfig"],
        }
        manager = {
            "@type": TYPE + "network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "public",
            "use_remote_address": True,
            "xff_num_trusted_hops": 1,
            "normalize_path": True,
            "merge_slashes": True,
            "strip_any_host_port": True,
            "http_filters": [
                {"name": "envoy.filters.http.jwt_authn", "typed_config": jwt_filter},
                {"name": RESOURCE, "config_discovery": policy},
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": TYPE + "http.router.v3.Router"},
                },
            ],
            "route_config": {
                "virtual_hosts": [
                    {
                        "name": "all",
                        "domains": ["*"],
                        "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
                    }
                ]
            },
        }
        listener = {
            "name": "public",
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": self.port}},
            "filter_chains": [
                {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
            ],
        }
        return {"node": {"id": "test", "cluster": "test"}, "static_resources": {"listeners": [listener]}}
