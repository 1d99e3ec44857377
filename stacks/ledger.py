"""The ledger: every deployment, its steps, and the lock."""

from __future__ import annotations

from constructs import Construct

from settings import Settings
from stacks.constructs.table import Table, text
from stacks.project_stack import ProjectStack


class LedgerStack(ProjectStack):
    """One table; the index lists a target's deployments in the order of time."""

    def __init__(self, scope: Construct, *, settings: Settings, fingerprint: str) -> None:
        super().__init__(scope, settings=settings, key="ledger", fingerprint=fingerprint)
        table = Table(self, "Ledger", name=settings.ledger_table, key="pk", sort_key="sk")
        table.add_global_secondary_index(index_name="by_target", partition_key=text("gsi1pk"), sort_key=text("gsi1sk"))
        self.output("TableName", table.table_name)
