"""Correction to Elastic Load Balancing: what a request says about its host does not choose the listener.

Clients of AWS choose a listener by the port that they connect to. The embedded cloud has one port for all requests,
which stands for that of the public listener; another one, such as the one that nobody reaches from outside, must not be
had by writing its port into the Host header.
"""

from __future__ import annotations

from typing import Any

from scripts.local.corrections.upstream import Module, Services


def enter_at_the_first(service: Services) -> None:
    """Every request comes to the load balancer's first listener, which is the public one."""
    alb = service("alb")
    dispatch = alb.dispatch_request

    async def dispatching(lb: dict[str, Any], *request: Any, **more: Any) -> Any:
        method_to_query, rest = request[:5], request[5:]
        port = rest[0] if rest else more.pop("port", 80)
        return await dispatch(lb, *method_to_query, public_port(alb, lb, port), *rest[1:], **more)

    alb.dispatch_request = dispatching


def public_port(alb: Module, lb: dict[str, Any], asked: int) -> int:
    """Port of the first listener, in the order in which they were made; `asked` where there is none."""
    own = (row for row in alb._listeners.values() if row["LoadBalancerArn"] == lb["LoadBalancerArn"])
    return next((int(row.get("Port", 80)) for row in own), asked)
