"""The one door to all services: an Application Load Balancer with its listeners and security group."""

from __future__ import annotations

import hashlib

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from settings import Settings
from stacks.constructs.network import CIDR
from stacks.nag import acknowledge

NAME_LIMIT = 32
"""Characters of a load balancer's name. Source: CreateLoadBalancer API."""
BEHIND_GATEWAY = 8081
"""Port of the listener that nobody reaches."""
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


class LoadBalancer(Construct):
    """The load balancer of a target: HTTPS where the target has a certificate, otherwise HTTP.

    `listener` is the public one. It is the same resource in both cases and changes its port in place, so a target that
    gets a certificate keeps its services' rules. Where there is a gateway, all other services have their rules on
    `behind`: ECS rolls a service by the health that a load balancer sees, and takes a target group only once a listener
    uses it; the security group lets nobody in there. See docs/decisions/0014-behind-the-gateway.md.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, vpc: ec2.Vpc) -> None:
        super().__init__(scope, construct_id)
        certificate = settings.target.certificate_arn
        self.security_group = self._security_group(vpc, (80, 443) if certificate else (80,))
        self.resource = self._load_balancer(load_balancer_name(settings.prefix), vpc)
        self.listener = self._listener(certificate)
        if certificate:
            self._redirect()
        self.behind = self._behind() if settings.gateway else None

    def _security_group(self, vpc: ec2.Vpc, ports: tuple[int, ...]) -> ec2.CfnSecurityGroup:
        """Rules are inline: separate rule resources would be one more thing that an embedded cloud must know."""
        group = ec2.CfnSecurityGroup(
            self,
            "SecurityGroup",
            group_description="Load balancer: web from anywhere, out to this VPC",
            vpc_id=vpc.vpc_id,
            security_group_ingress=[
                {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIp": "0.0.0.0/0", "description": "Web"}
                for port in ports
            ],
            security_group_egress=[
                {
                    "ipProtocol": "tcp",
                    "fromPort": 1,
                    "toPort": 65535,
                    "cidrIp": CIDR,
                    "description": "Tasks",
                }
            ],
        )
        acknowledge(group, {"AwsSolutions-EC23": "A public load balancer takes requests from anywhere."})
        return group

    def _load_balancer(self, name: str, vpc: ec2.Vpc) -> elbv2.CfnLoadBalancer:
        public = vpc.select_subnets(subnet_type=ec2.SubnetType.PUBLIC)
        balancer = elbv2.CfnLoadBalancer(
            self,
            "LoadBalancer",
            name=name,
            type="application",
            scheme="internet-facing",
            subnets=public.subnet_ids,
            security_groups=[self.security_group.attr_group_id],
            load_balancer_attributes=[{"key": "routing.http.drop_invalid_header_fields.enabled", "value": "true"}],
        )
        balancer.node.add_dependency(public.internet_connectivity_established)
        acknowledge(
            balancer,
            {"AwsSolutions-ELB2": "Access logs need a bucket that outlives the target; add one where an audit asks."},
        )
        return balancer

    def _listener(self, certificate: str | None) -> elbv2.CfnListener:
        return elbv2.CfnListener(
            self,
            "Listener",
            load_balancer_arn=self.resource.ref,
            port=443 if certificate else 80,
            protocol="HTTPS" if certificate else "HTTP",
            certificates=[{"certificateArn": certificate}] if certificate else None,
            ssl_policy=TLS_POLICY if certificate else None,
            default_actions=[_nothing_here()],
        )

    def _behind(self) -> elbv2.CfnListener:
        behind = elbv2.CfnListener(
            self,
            "Behind",
            load_balancer_arn=self.resource.ref,
            port=BEHIND_GATEWAY,
            protocol="HTTP",
            default_actions=[_nothing_here()],
        )
        behind.add_resource_dependency(self.listener)  # the embedded cloud takes the first one as the public one
        return behind

    def _redirect(self) -> None:
        redirect = elbv2.CfnListener(
            self,
            "Redirect",
            load_balancer_arn=self.resource.ref,
            port=80,
            protocol="HTTP",
            default_actions=[
                elbv2.CfnListener.ActionProperty(
                    type="redirect",
                    redirect_config=elbv2.CfnListener.RedirectConfigProperty(
                        protocol="HTTPS", port="443", status_code="HTTP_301"
                    ),
                )
            ],
        )
        redirect.add_resource_dependency(self.listener)  # which has to leave port 80 first


def _nothing_here() -> elbv2.CfnListener.ActionProperty:
    return elbv2.CfnListener.ActionProperty(
        type="fixed-response",
        fixed_response_config=elbv2.CfnListener.FixedResponseConfigProperty(
            status_code="404", content_type="text/plain", message_body="No service is routed here.\n"
        ),
    )


def load_balancer_name(prefix: str) -> str:
    """The prefix itself, or a shortened one that is still unique."""
    if len(prefix) <= NAME_LIMIT:
        return prefix
    digest = hashlib.sha256(prefix.encode()).hexdigest()[:8]
    return f"{prefix[: NAME_LIMIT - 9].rstrip('-')}-{digest}"
