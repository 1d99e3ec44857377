"""What all services of a target share: network, cluster, load balancer, alarms' address."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from settings import Service, Settings
from settings.model import GATEWAY
from stacks.constructs.alarm_topic import AlarmTopic
from stacks.constructs.gateway_group import GatewayGroup
from stacks.constructs.load_balancer import LoadBalancer
from stacks.constructs.network import Network
from stacks.project_stack import ProjectStack

BEHIND = "BehindListenerArn"


class PlatformStack(ProjectStack):
    """Network, ECS cluster and load balancer."""

    def __init__(self, scope: Construct, *, settings: Settings, fingerprint: str) -> None:
        super().__init__(scope, settings=settings, key="platform", fingerprint=fingerprint)
        self.network = Network(self, "Network", target=settings.target)
        self.cluster = ecs.CfnCluster(
            self,
            "Cluster",
            cluster_name=settings.cluster,
            cluster_settings=[{"name": "containerInsights", "value": "enabled"}],
        )
        self.load_balancer = LoadBalancer(self, "Web", settings=settings, vpc=self.network.vpc)
        self.gateway_group = GatewayGroup(self, "Gateway", vpc_id=self.network.vpc.vpc_id) if settings.gateway else None
        email = settings.target.alarm_email
        self.alarm_topic = AlarmTopic(self, "Alarms", email=email) if email else None
        self.output("ClusterName", self.cluster.ref)
        self.output("LoadBalancerArn", self.load_balancer.resource.ref)
        self.output("LoadBalancerName", self.load_balancer.resource.attr_load_balancer_name)
        if self.load_balancer.behind:
            self.output(BEHIND, self.load_balancer.behind.ref)
        self.output("LoadBalancerDns", self.load_balancer.resource.attr_dns_name)

    @property
    def alarm_topic_arn(self) -> str | None:
        """Who is told of alarms; None: they only show in CloudWatch."""
        return self.alarm_topic.topic_arn if self.alarm_topic else None

    def listener_arn(self, service: Service) -> str:
        """The listener that has the service's rule.

        The one behind the gateway by an output of its own: one that the CDK makes would come with the first service
        that needs it, and a new service must not need another platform.
        """
        if self.load_balancer.behind is None or service.name == GATEWAY:
            return self.load_balancer.listener.ref
        return cdk.Fn.get_stack_output(self.stack_name, BEHIND, self.region)

    @property
    def availability_zones(self) -> list[str]:
        """The region's first two zones, chosen by CloudFormation: the CDK would look them up while synthesising."""
        return [cdk.Fn.select(index, cdk.Fn.get_azs()) for index in (0, 1)]
