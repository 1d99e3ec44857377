"""ECS services: rolling updates that never fall below full strength and go back by themselves."""

from __future__ import annotations

from aws_cdk import aws_ecs as ecs
from constructs import Construct

from settings import Service
from settings.model import GATEWAY, Worker
from stacks.constructs.placement import Placement, ServingGroup
from stacks.constructs.process import beside_web, web
from stacks.constructs.route import Route
from stacks.constructs.shifting import Shifting
from stacks.constructs.task import Task
from stacks.platform import PlatformStack


class RollingService(Construct):
    """A Fargate service behind the platform's load balancer; it rolls, or is shifted by ECS.

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
        group = ServingGroup(self, "SecurityGroup", service=service, platform=platform)
        also = platform.gateway_group if service.name == GATEWAY else None
        self.resource = ecs.CfnService(
            self,
            "Service",
            service_name=service.name,
            cluster=platform.cluster.ref,
            launch_type="FARGATE",
            task_definition=task.definition(task, web(service)).ref,
            desired_count=service.desired if service.min == service.max else None,
            deployment_configuration=_deployment_configuration(),
            health_check_grace_period_seconds=service.grace_period,
            network_configuration=Placement(platform, group, also).network_configuration(),
            load_balancers=[_balanced(service, route)],
        )
        self.resource.add_resource_dependency(route.rule)  # ECS takes a target group only once a listener uses it
        self._service, self._route = service, route

    def shift(self, shifting: Shifting) -> None:
        """Have ECS shift requests to a new version instead of replacing task by task."""
        self.resource.deployment_configuration = shifting.deployment_configuration
        self.resource.load_balancers = [_balanced(self._service, self._route, shifting)]


class WorkerService(Construct):
    """A Fargate service that nobody talks to; its count is the settings' alone."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: Service,
        worker: Worker,
        task: Task,
        placement: Placement,
    ) -> None:
        super().__init__(scope, construct_id)
        self.resource = ecs.CfnService(
            self,
            "Service",
            service_name=service.ecs_name(worker.name),
            cluster=placement.platform.cluster.ref,
            launch_type="FARGATE",
            task_definition=task.definition(self, beside_web(service, worker)).ref,
            desired_count=worker.desired,
            deployment_configuration=_deployment_configuration(),
            network_configuration=placement.network_configuration(),
        )


def _balanced(service: Service, route: Route, shifting: Shifting | None = None) -> ecs.CfnService.LoadBalancerProperty:
    return ecs.CfnService.LoadBalancerProperty(
        container_name=service.name,
        container_port=service.port,
        target_group_arn=route.target_group.ref,
        advanced_configuration=shifting.advanced_configuration if shifting else None,
    )


def _deployment_configuration() -> ecs.CfnService.DeploymentConfigurationProperty:
    """Early success: a rollout counts once all new tasks are healthy, while the old ones still drain."""
    return ecs.CfnService.DeploymentConfigurationProperty(
        minimum_healthy_percent=100,
        maximum_percent=200,
        deployment_circuit_breaker=ecs.CfnService.DeploymentCircuitBreakerProperty(enable=True, rollback=True),
        early_success_criteria=ecs.CfnService.DeploymentEarlySuccessCriteriaProperty(
            enable=True, healthy_percent=100, source_service_revision_cleanup="DEFERRED"
        ),
    )
