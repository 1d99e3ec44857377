"""The gateway's memory: policies, which version is live, what each task enforces, and whose tokens are valid."""

from __future__ import annotations

from aws_cdk import aws_ssm as ssm
from constructs import Construct

from settings import Settings
from settings.issuer import parameter
from stacks.constructs.gateway_dashboard import GatewayDashboard
from stacks.constructs.table import Table
from stacks.platform import PlatformStack
from stacks.project_stack import ProjectStack


class GatewayStack(ProjectStack):
    """One table, and a parameter where the target has an issuer; there for targets that have a gateway."""

    def __init__(self, scope: Construct, *, settings: Settings, platform: PlatformStack, fingerprint: str) -> None:
        super().__init__(scope, settings=settings, key="gateway", fingerprint=fingerprint)
        balancer = platform.load_balancer.resource.attr_load_balancer_full_name
        GatewayDashboard(self, "Page", settings=settings, load_balancer=balancer)
        table = Table(self, "Policies", name=settings.gateway_table, key="pk", sort_key="sk")
        self.output("TableName", table.table_name)
        auth = parameter(settings)
        if auth:
            ssm.CfnParameter(self, "Auth", name=f"{settings.gateway_parameters}/auth", type="String", value=auth)
