"""Where tasks run, and who may talk to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from settings import Service
from settings.model import GATEWAY
from stacks.constructs.gateway_group import OUT
from stacks.platform import PlatformStack


class ServingGroup(ec2.CfnSecurityGroup):
    """Of tasks that answer requests: in from the load balancer, and from the gateway where there is one."""

    def __init__(self, scope: Construct, construct_id: str, *, service: Service, platform: PlatformStack) -> None:
        # The description stays what it was before there were gateways: another one would replace the group.
        sources = {"Load balancer": platform.load_balancer.security_group}
        if platform.gateway_group and service.name != GATEWAY:
            sources["Gateway"] = platform.gateway_group
        super().__init__(
            scope,
            construct_id,
            group_description=f"Tasks of {service.name}: in from the load balancer only",
            vpc_id=platform.network.vpc.vpc_id,
            security_group_ingress=[
                {
                    "ipProtocol": "tcp",
                    "fromPort": service.port,
                    "toPort": service.port,
                    "sourceSecurityGroupId": source.attr_group_id,
                    "description": name,
                }
                for name, source in sources.items()
            ],
            security_group_egress=[OUT],
        )


class ClosedGroup(ec2.CfnSecurityGroup):
    """Of tasks that nobody may talk to."""

    def __init__(self, scope: Construct, construct_id: str, *, what: str, platform: PlatformStack) -> None:
        super().__init__(
            scope,
            construct_id,
            group_description=f"{what}: nothing in",
            vpc_id=platform.network.vpc.vpc_id,
            security_group_egress=[OUT],
        )


@dataclass(frozen=True)
class Placement:
    """The cluster and the subnets of the platform, with a security group, or more than one."""

    platform: PlatformStack
    group: ec2.CfnSecurityGroup
    also: ec2.CfnSecurityGroup | None = None

    @property
    def public_address(self) -> str:
        """Whether tasks need an address of their own to reach anything: `AssignPublicIp`."""
        return "DISABLED" if self.platform.network.private else "ENABLED"

    @property
    def subnets(self) -> list[str]:
        """Ids of the subnets."""
        return [subnet.subnet_id for subnet in self.platform.network.task_subnets]

    def network_configuration(self) -> dict[str, Any]:
        """`NetworkConfiguration` of an ECS service, and of a schedule that starts tasks."""
        return {
            "awsvpcConfiguration": {
                "assignPublicIp": self.public_address,
                "securityGroups": [group.attr_group_id for group in (self.group, self.also) if group],
                "subnets": self.subnets,
            }
        }
