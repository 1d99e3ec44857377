"""The gateway's memory: versions of the policies, which one is live, and what each task of the gateway enforces."""

from __future__ import annotations

from constructs import Construct

from settings import Settings
from stacks.constructs.table import Table
from stacks.project_stack import ProjectStack


class GatewayStack(ProjectStack):
    """One table; there for targets that have a gateway."""

    def __init__(self, scope: Construct, *, settings: Settings, fingerprint: str) -> None:
        super().__init__(scope, settings=settings, key="gateway", fingerprint=fingerprint)
        table = Table(self, "Policies", name=settings.gateway_table, key="pk", sort_key="sk")
        self.output("TableName", table.table_name)
