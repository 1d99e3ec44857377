"""What the container's environment says, read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TABLE_SUFFIX = "-gateway"
STOP_SECONDS = 10


@dataclass(frozen=True)
class Environment:
    """Where things are."""

    envoy: Path
    configuration: Path
    """Folder of envoy.yaml, the landing page and the baked policies."""
    state: Path
    """Folder that Envoy watches; in memory, so that it is writable whatever the root file system is."""
    port: int
    table: str
    """DynamoDB table of the policies; empty where there is none."""
    auth: str
    """Authentication settings as JSON; they win over those of the parameter."""
    region: str
    endpoint: str
    """Of the AWS API, where it is not the usual one."""
    metadata: str
    """Address of the ECS task metadata; empty outside of ECS."""
    stop_seconds: float
    """From SIGTERM to SIGKILL."""

    @property
    def prefix(self) -> str:
        """Of everything that belongs to the target; also the cluster's name."""
        return self.table.removesuffix(TABLE_SUFFIX)

    @property
    def parameters(self) -> str:
        """Path of the gateway's parameters."""
        return f"/slipway/{self.prefix}/gateway"


def read(variables: Mapping[str, str]) -> Environment:
    """From the process's environment."""
    region = variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or "us-east-1"
    return Environment(
        envoy=Path(variables.get("GATEWAY_ENVOY", "/opt/envoy/envoy")),
        configuration=Path(variables.get("GATEWAY_CONFIGURATION", "/etc/envoy")),
        state=Path(variables.get("GATEWAY_STATE", "/dev/shm/gateway")),  # noqa: S108 - only this container sees it
        port=int(variables.get("GATEWAY_PORT", "8080")),
        table=variables.get("SLIPWAY_GATEWAY_TABLE", ""),
        auth=_json(variables.get("SLIPWAY_GATEWAY_AUTH", "")),
        region=region,
        endpoint=variables.get("AWS_ENDPOINT_URL", ""),
        metadata=variables.get("ECS_CONTAINER_METADATA_URI_V4", ""),
        stop_seconds=float(variables.get("SLIPWAY_STOP_TIMEOUT") or STOP_SECONDS),
    )


def _json(text: str) -> str:
    if text and not isinstance(json.loads(text), dict):
        raise ValueError("SLIPWAY_GATEWAY_AUTH is no JSON object")
    return text
