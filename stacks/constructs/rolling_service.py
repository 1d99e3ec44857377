"""The ECS service: rolling updates that never fall below full strength and go back by themselves."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from settings import Service
from stacks.constructs.route import Route
from stacks.constructs.task import Task
from stacks.platform import PlatformStack


class RollingService(Construct):
    """A Fargate service behind the platform's load balancer.

    Early success: a rollout counts once all new tasks are healthy, while the old ones still drain.
    The count: CloudFormation sends a count that the template names with every update, which would undo what
    autoscaling did; so a service that scales names none and starts with one task until autoscaling raises it to its
    minimum. Source: AWS::ECS::Service, DesiredCount.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: Service,
        task: Task,
        route: Route,
        platform: PlatformStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self.security_group = self._security_group(service, platform)
        self.resource = ecs.CfnService(
            self,
            "Service",
            service_name=service.name,
            cluster=platform.cluster.ref,
            launch_type="FARGATE",
            task_definition=task.definition.ref,
            desired_count=service.desired if service.min == service.max else None,
            deployment_configuration=_deployment_configuration(),
            health_check_grace_period_seconds=service.grace_period,
            network_configuration=self._network_configuration(platform),
            load_balancers=[
                ecs.CfnService.LoadBalancerProperty(
                    container_name=service.name,
                    container_port=service.port,
                    target_group_arn=route.target_group.ref,
                )
            ],
        )
        self.resource.add_resource_dependency(route.rule)  # ECS takes a target group only once a listener uses it

    def _security_group(self, service: Service, platform: PlatformStack) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(
            self,
            "SecurityGroup",
            group_description=f"Tasks of {service.name}: in from the load balancer only",
            vpc_id=platform.network.vpc.vpc_id,
            security_group_ingress=[
                {
                    "ipProtocol": "tcp",
                    "fromPort": service.port,
                    "toPort": service.port,
                    "sourceSecurityGroupId": platform.load_balancer.security_group.attr_group_id,
                    "description": "Load balancer",
                }
            ],
            security_group_egress=[{"ipProtocol": "-1", "cidrIp": "0.0.0.0/0", "description": "Out"}],
        )

    def _network_configuration(self, platform: PlatformStack) -> ecs.CfnService.NetworkConfigurationProperty:
        return ecs.CfnService.NetworkConfigurationProperty(
            awsvpc_configuration=ecs.CfnService.AwsVpcConfigurationProperty(
                assign_public_ip="DISABLED" if platform.network.private else "ENABLED",
                security_groups=[self.security_group.attr_group_id],
                subnets=[subnet.subnet_id for subnet in platform.network.task_subnets],
            )
        )


def _deployment_configuration() -> ecs.CfnService.DeploymentConfigurationProperty:
    return ecs.CfnService.DeploymentConfigurationProperty(
        minimum_healthy_percent=100,
        maximum_percent=200,
        deployment_circuit_breaker=ecs.CfnService.DeploymentCircuitBreakerProperty(enable=True, rollback=True),
        early_success_criteria=ecs.CfnService.DeploymentEarlySuccessCriteriaProperty(
            enable=True, healthy_percent=100, source_service_revision_cleanup="DEFERRED"
        ),
    )
