"""Where services are reached: what users open, what a deploy asks, and the load balancer that takes the request."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.engine.connection import Connection
from settings import Settings

HEALTH = ".gateway/health/"
"""Below it the gateway asks a service's health path, past the policies."""


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


def health_url(settings: Settings, name: str, known: Mapping[str, str]) -> str | None:
    """Where a service's health path is asked; None where nobody would answer. `known` is what `urls` told.

    Behind the gateway it is the gateway that is asked, since policies may let nobody in whom a deploy could be.
    """
    service, gateway = settings.service(name), settings.gateway
    if name not in known or service.desired == 0:
        return None
    if gateway is None or not settings.is_behind_gateway(service):
        return known[name].rstrip("/") + service.health_path
    return known[gateway.name] + HEALTH + name if gateway.desired else None
