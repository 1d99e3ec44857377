"""The gateway's own Envoy with its own configuration, started as its agent starts it: one worker.

In front of a route that answers by itself stand tokens and compiled policies, neither of them, or tokens and a sidecar.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.bench.gateway import sidecar
from scripts.bench.process import end
from scripts.bench.site import free_port
from scripts.engine.errors import Failed
from scripts.engine.policies.bundle import Bundle
from scripts.engine.policies.validation import binary

LOOPBACK = "127.0.0.1"
START_SECONDS = 20.0
AUTH, SHADOW, POLICY, PUBLIC = "auth", "shadow", "policy", "public"
WATCHED = "/dev/shm/gateway"  # noqa: S108 - the folder that the configuration names, to be replaced by a private one
TYPE = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz"
ANSWER = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "{}"}}}
ROUTES = {
    "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
    "name": PUBLIC,
    "virtual_hosts": [{"name": "everything", "domains": ["*"], "routes": [ANSWER]}],
}

Json = dict[str, Any]


class Child:
    """A process that is asked over HTTP, until the block ends."""

    def __init__(self, words: list[str], port: int, folder: Path, cwd: Path | None = None) -> None:
        self._words, self.port, self._cwd = words, port, cwd
        self._log = folder / "errors.log"

    def __enter__(self) -> Self:
        with self._log.open("wb") as errors:
            self.process = subprocess.Popen(
                self._words,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self.process)

    def await_status(self, path: str, status: int, headers: Mapping[str, str]) -> None:
        """Wait until it answers so; raises Failed with what it wrote."""
        until = time.monotonic() + START_SECONDS
        while (seen := self._status(path, headers)) != status:
            if self.process.poll() is not None or time.monotonic() > until:
                lines = self._log.read_text("utf-8", "replace").splitlines()
                raise Failed(f"{path} answers {seen}, not {status}", where=self._words[0], evidence=tuple(lines[-5:]))
            time.sleep(0.05)

    def _status(self, path: str, headers: Mapping[str, str]) -> int:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", path, headers=dict(headers))
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


class Envoys:
    """Makes them, each in a folder of its own; `project` is where the gateway's files are."""

    def __init__(self, project: Path, folder: Path, auth: str) -> None:
        self._project, self._folder, self._auth = project, folder, auth
        if str(project / "envoy") not in sys.path:
            sys.path.append(str(project / "envoy"))  # where the agent is

    def bare(self) -> Child:
        """Neither tokens nor policies."""
        return self._envoy("bare", {AUTH: None, SHADOW: None, POLICY: None}, {})

    def compiled(self, bundle: Bundle) -> Child:
        """As the gateway is."""
        files = {"auth.json": self._tokens(), "policy.json": bundle.artefact}
        return self._envoy("compiled", {}, files)

    def asking(self, port: int) -> Child:
        """A sidecar at that port decides instead of policies."""
        one = {"uri": f"http://{LOOPBACK}:{port}", "cluster": "sidecar", "timeout": "10s"}
        allowed = {"patterns": [{"exact": sidecar.CLAIMS}]}
        config = {"@type": TYPE, "http_service": {"server_uri": one}, "allowed_headers": allowed}
        tokens = self._tokens(forward_payload_header=sidecar.CLAIMS)
        files = {"auth.json": tokens, "clusters.json": _resources(_cluster(port))}
        ask = {"name": "envoy.filters.http.ext_authz", "typed_config": config}
        return self._envoy("asking", {SHADOW: None, POLICY: ask}, files)

    def sidecar(self, policies: Path) -> Child:
        """The sidecar."""
        port = free_port((LOOPBACK,))
        words = [sys.executable, "-m", sidecar.__name__, str(port), str(policies)]
        return Child(words, port, self._made("sidecar"), cwd=self._project)

    def _envoy(self, name: str, filters: Mapping[str, Json | None], files: Mapping[str, str]) -> Child:
        import yaml

        from agent import environment, shadow, supervision

        folder, port = self._made(name), free_port((LOOPBACK,))
        text = (self._project / "envoy" / "envoy.yaml").read_text("utf-8").replace(WATCHED, str(folder))
        config = with_filters(yaml.safe_load(text), port, filters)
        usual = {"routes.json": _resources(ROUTES), "clusters.json": _resources()}
        usual |= {"envoy.yaml": json.dumps(config), shadow.SHADOW_FILE: _resources(shadow.idle())}
        for file, content in {**usual, **files}.items():
            (folder / file).write_text(content, "utf-8")
        where = environment.read({"GATEWAY_ENVOY": str(binary()), "GATEWAY_CONFIGURATION": str(folder)})
        return Child(supervision.words(where), port, folder)

    def _tokens(self, **more: str) -> str:
        from agent import auth

        settings = auth.parse(self._auth)
        found = auth.resource(settings, auth.usable(settings.jwks, auth.nobodys_key()))
        found["typed_config"]["providers"]["issuer"].update(more)
        return _resources(found)

    def _made(self, name: str) -> Path:
        path = self._folder / name
        path.mkdir()
        return path


def with_filters(config: Json, port: int, filters: Mapping[str, Json | None]) -> Json:
    """The gateway's configuration on another port, HTTP filters replaced by name; None: without it."""
    listeners = config["static_resources"]["listeners"]
    (public,) = (listener for listener in listeners if listener["name"] == PUBLIC)
    public["address"]["socket_address"] = {"address": LOOPBACK, "port_value": port}
    manager = public["filter_chains"][0]["filters"][0]["typed_config"]
    kept = (filters.get(row["name"], row) for row in manager["http_filters"])
    manager["http_filters"] = [row for row in kept if row]
    return {**config, "static_resources": {**config["static_resources"], "listeners": [public]}}


def _cluster(port: int) -> Json:
    address = {"socket_address": {"address": LOOPBACK, "port_value": port}}
    ends = {"cluster_name": "sidecar", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}
    kind = {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "sidecar", "type": "STATIC"}
    return {**kind, "connect_timeout": "1s", "load_assignment": ends}


def _resources(*rows: Json) -> str:
    return json.dumps({"resources": rows})
