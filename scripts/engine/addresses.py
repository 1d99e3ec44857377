"""Where services are reached: what users open, and the load balancer that takes the request."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.engine.connection import Connection
from settings import Settings


def base_url(connection: Connection, outputs: Mapping[str, str]) -> str | None:
    """Base URL of the load balancer by its own name; None where the platform's outputs know none."""
    if "LoadBalancerDns" not in outputs:
        return None
    return connection.load_balancer_url.format(dns=outputs["LoadBalancerDns"], name=outputs.get("LoadBalancerName", ""))


def urls(settings: Settings, base: str | None) -> dict[str, str]:
    """Service -> what users open: its host, or its path below the target's domain or the load balancer's own name."""
    if base is None:
        return {}
    scheme = base.partition("://")[0]
    domain = settings.target.domain if scheme == "https" else None
    shared = f"https://{domain}" if domain else base
    return {
        service.name: f"{scheme}://{service.host}/" if service.host else shared + service.path
        for service in settings.services
    }
