"""What the gateway's tasks are known by: services let in whoever has this group."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

OUT = {"ipProtocol": "-1", "cidrIp": "0.0.0.0/0", "description": "Out"}


class GatewayGroup(ec2.CfnSecurityGroup):
    """Beside the group of the gateway's own service; in the platform, so that no service's stack needs another's."""

    def __init__(self, scope: Construct, construct_id: str, *, vpc_id: str) -> None:
        super().__init__(
            scope,
            construct_id,
            group_description="The gateway: services let it in",
            vpc_id=vpc_id,
            security_group_egress=[OUT],
        )
