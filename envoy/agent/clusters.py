"""Services as Envoy's clusters, and their tasks as endpoints, of which only those that answer get requests.

| cluster | is |
|---|---|
| `<service>`, `<service>_next` | the tasks of a version |
| `<service>_asked`, `<service>_next_asked` | the same for questions about health, which are no requests of users |
| `<service>_shift` | the second version, and the main one while no task of the second answers |
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agent.services import Service
from agent.traffic import NEXT

HTTP_OPTIONS = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
AGGREGATE = "type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig"
ASKED, SHIFT = "_asked", "_shift"
UNSHARED = 10_000
"""Percent of overprovisioning: a version with few healthy tasks hands nothing over, only one with none does.
Source: envoy.config.endpoint.v3.ClusterLoadAssignment.Policy."""
MANY = 10_000
"""Connections and requests of a cluster; the limit of the whole gateway is in envoy.yaml."""

Json = dict[str, Any]


def endpoints_file(name: str) -> str:
    """Name of the file with a service's endpoints; a file may hold only those of one cluster."""
    return f"endpoints-{name}.json"


def asked_name(version: str) -> str:
    """The cluster for questions about a version's health."""
    return version + ASKED


def shift_name(service: str) -> str:
    """The cluster for what the second version gets."""
    return service + SHIFT


def of(version: Service, state: Path) -> list[Json]:
    """All clusters of a version."""
    rows = [cluster(version, state), _either(asked_name(version.name), [version.name])]
    if version.name.endswith(NEXT):
        main = version.name.removesuffix(NEXT)
        rows.append(_either(shift_name(main), [version.name, main]))
    return rows


def _either(name: str, those: list[str]) -> Json:
    """The first of these clusters of which a task answers."""
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": name,
        "connect_timeout": "1s",
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": {"name": "envoy.clusters.aggregate", "typed_config": {"@type": AGGREGATE, "clusters": those}},
        **_limits(),
    }


def _limits() -> Json:
    limits = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests", "max_retries"), MANY)
    return {
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "circuit_breakers": {"thresholds": [limits]},
    }


def cluster(service: Service, state: Path) -> Json:
    """How to reach a service."""
    endpoints = {
        "path_config_source": {"path": str(state / endpoints_file(service.name))},
        "resource_api_version": "V3",
    }
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": service.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": endpoints},
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        # A task that ECS took away gets no further request, whatever its last health check said.
        "ignore_health_on_host_removal": True,
        **_limits(),
        "health_checks": [_health_check(service)],
        "outlier_detection": _outliers(),
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": _protocol()},
    }


def endpoints(name: str, port: int, there: Iterable[str], left: Iterable[str] = ()) -> Json:
    """The tasks of a service; those that have `left` are asked while none of the others answers."""
    groups = [rows for rows in (_ends(there, port, 0), _ends(left, port, 1)) if rows["lb_endpoints"]]
    return {
        "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": name,
        "endpoints": groups,
        "policy": {"overprovisioning_factor": UNSHARED},
    }


def _ends(addresses: Iterable[str], port: int, priority: int) -> Json:
    rows = [
        {"endpoint": {"address": {"socket_address": {"address": address, "port_value": port}}}}
        for address in sorted(set(addresses))
    ]
    return {"priority": priority, "lb_endpoints": rows}


def _health_check(service: Service) -> Json:
    """A new task counts after its first good answer, one that fails twice does not."""
    return {
        "timeout": "2s",
        "interval": "2s",
        "no_traffic_interval": "2s",
        "no_traffic_healthy_interval": "2s",
        # A new task is asked before it listens; it has to count before ECS takes the old ones away.
        "unhealthy_interval": "0.25s",
        "healthy_threshold": 1,
        "unhealthy_threshold": 2,
        "http_health_check": {"path": service.health_path, "expected_statuses": [{"start": 200, "end": 400}]},
    }


def _outliers() -> Json:
    """Tasks that cannot be reached, or only answer 502, 503, 504, are left out for a while; never more than half."""
    return {
        "interval": "2s",
        "base_ejection_time": "5s",
        "max_ejection_time": "60s",
        "max_ejection_percent": 50,
        "split_external_local_origin_errors": True,
        "consecutive_gateway_failure": 5,
        "enforcing_consecutive_gateway_failure": 100,
        "consecutive_local_origin_failure": 3,
        "enforcing_consecutive_5xx": 0,
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
    }


def _protocol() -> Json:
    """HTTP/1.1. Idle connections are closed before the service does it: the usual servers do so after 5 s."""
    return {
        "@type": HTTP_OPTIONS,
        "common_http_protocol_options": {"idle_timeout": "4s"},
        "explicit_http_config": {"http_protocol_options": {}},
    }
