"""How the gateway learns of a service: a parameter that every task of the gateway reads every two seconds."""

from __future__ import annotations

import json

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from settings import Service, Settings


class GatewayRoute(Construct):
    """Where the service listens and which requests are for it. It comes and goes with the service's own stack, so that
    no service needs a deploy of the gateway."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, service: Service) -> None:
        super().__init__(scope, construct_id)
        ssm.CfnParameter(
            self,
            "Parameter",
            name=f"{settings.gateway_parameters}/services/{service.name}",
            type="String",
            value=route_text(service),
        )


def route_text(service: Service) -> str:
    """The parameter's value, which `envoy/agent/services.py` reads."""
    row = {
        "port": service.port,
        **({"host": service.host} if service.host else {"path": service.path}),
        "health_path": service.health_path,
        "timeout": service.request_timeout,
        "rate": service.rate_limit,
        "max_body": service.max_body,
        "public": service.public,
        "sticky": service.sticky,
    }
    return json.dumps(row, sort_keys=True, separators=(",", ":"))
