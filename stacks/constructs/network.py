"""The network in its two variants: cheap and public, or private behind a NAT gateway."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from settings import Target
from stacks.nag import acknowledge

CIDR = "10.0.0.0/16"


class Network(Construct):
    """A VPC over two availability zones, and where tasks run in it.

    `public`: tasks get public addresses in public subnets and are reachable through the load balancer only, by their
    security groups; no NAT gateway to pay for. `private`: tasks have no public address and leave through one NAT
    gateway. The public subnets are the same in both, so that a target can change its variant.
    """

    def __init__(self, scope: Construct, construct_id: str, *, target: Target) -> None:
        super().__init__(scope, construct_id)
        self.private = target.network == "private"
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(CIDR),
            max_azs=2,
            nat_gateways=1 if self.private else 0,
            restrict_default_security_group=False,
            subnet_configuration=self._subnets(),
        )
        acknowledge(
            self.vpc,
            {"AwsSolutions-VPC7": "Flow logs cost more than the network; switch them on if an audit asks for them."},
        )

    @property
    def task_subnets(self) -> list[ec2.ISubnet]:
        """The subnets that tasks run in."""
        return self.vpc.private_subnets if self.private else self.vpc.public_subnets

    def _subnets(self) -> list[ec2.SubnetConfiguration]:
        public = ec2.SubnetConfiguration(
            name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=20, map_public_ip_on_launch=False
        )
        private = ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20)
        return [public, private] if self.private else [public]
