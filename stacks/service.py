"""One service: what runs, how requests reach it, how it scales, and what is watched."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from settings import Service, Settings
from settings.model import Worker, service_key
from stacks.constructs.alarms import (
    DROPPED,
    GATEWAY_METRICS,
    HEALTH,
    LOAD,
    REQUESTS,
    Alarms,
    Dimensions,
    Rule,
    missing_workers,
    slow_answers,
)
from stacks.constructs.error_rate import ErrorRate
from stacks.constructs.gateway_route import GatewayRoute
from stacks.constructs.placement import ClosedGroup, Placement
from stacks.constructs.rolling_service import RollingService, WorkerService
from stacks.constructs.route import Route
from stacks.constructs.scaling import Scaling
from stacks.constructs.schedules import Schedules
from stacks.constructs.shifting import Shifting
from stacks.constructs.task import Task
from stacks.platform import PlatformStack
from stacks.project_stack import ProjectStack, image_tag_parameter


class ServiceStack(ProjectStack):
    """One service of the target with its workers and schedules, all of one image and one tag.

    `image_tag_parameter` says how the tag gets there.
    """

    def __init__(
        self, scope: Construct, *, settings: Settings, service: Service, platform: PlatformStack, fingerprint: str
    ) -> None:
        super().__init__(
            scope,
            settings=settings,
            key=service_key(service.name),
            fingerprint=fingerprint,
        )
        self._settings, self._service, self._platform = settings, service, platform
        task = Task(
            self,
            "Task",
            settings=settings,
            service=service,
            image_tag=image_tag_parameter(self),
            log_name=service.name,
        )
        route = Route(
            self,
            "Route",
            service=service,
            vpc_id=platform.network.vpc.vpc_id,
            listener_arn=platform.listener_arn(service),
            is_shifted=settings.is_shifted_by_ecs(service),
        )
        if settings.is_behind_gateway(service):
            GatewayRoute(self, "Gateway", settings=settings, service=service)
        rolling = RollingService(self, "Rolling", service=service, task=task, route=route, platform=platform)
        if shifting := self._shifting(route, self._web_alarms(route)):
            rolling.shift(shifting)
        if service.min < service.max:
            Scaling(self, "Scaling", service=service, cluster=settings.cluster, resource=rolling.resource)
        self._beside_web(task)
        self.output("ServiceName", rolling.resource.attr_name)
        self.output("TargetGroupArn", route.target_group.ref)
        if route.alternate:
            self.output("AlternateTargetGroupArn", route.alternate.ref)
        self.output("LogGroupName", task.log_group.name)
        self.output("ContainerName", service.name)

    def _beside_web(self, task: Task) -> None:
        service = self._service
        if not service.workers and not service.schedules:
            return
        what = f"Workers and schedules of {service.name}"
        placement = Placement(self._platform, ClosedGroup(self, "BesideWeb", what=what, platform=self._platform))
        for worker in service.workers:
            self._worker(worker, task, placement)
        if service.schedules:
            schedules = Schedules(self, "Schedules", settings=self._settings, service=service, task=task)
            for schedule in service.schedules:
                schedules.add(schedule, placement)
            in_group = {"AWS/Scheduler": {"ScheduleGroup": schedules.group_name}}
            self._alarms("Schedules-Alarms", service.name, DROPPED, in_group)

    def _worker(self, worker: Worker, task: Task, placement: Placement) -> None:
        construct_id, name = f"Worker-{worker.name}", self._service.ecs_name(worker.name)
        WorkerService(self, construct_id, service=self._service, worker=worker, task=task, placement=placement)
        this = {"ClusterName": self._settings.cluster, "ServiceName": name}
        rules = (*LOAD, *missing_workers(worker.desired))
        self._alarms(f"{construct_id}-Alarms", name, rules, {"AWS/ECS": this, "ECS/ContainerInsights": this})

    def _web_alarms(self, route: Route) -> Alarms:
        """Who counts the service's errors is who sends it requests: the gateway, or the load balancer."""
        service = self._service
        at_gateway = {"Target": self._settings.prefix, "Service": service.name}
        dimensions = {
            **self._in_balancer(route.target_group),
            "AWS/ECS": {"ClusterName": self._settings.cluster, "ServiceName": service.name},
            GATEWAY_METRICS: at_gateway,
        }
        if not self._settings.is_behind_gateway(service):
            return self._alarms("Alarms", service.name, (*REQUESTS, *LOAD), dimensions)
        prefix = f"{self._settings.prefix}-{service.name}"
        ErrorRate(self, "ErrorRate", prefix=prefix, dimensions=at_gateway, topic_arn=self._platform.alarm_topic_arn)
        return self._alarms("Alarms", service.name, (*HEALTH, *slow_answers(service.bake_p95), *LOAD), dimensions)

    def _shifting(self, route: Route, alarms: Alarms) -> Shifting | None:
        """The versions take turns in two target groups, and each has its alarms."""
        if route.alternate is None:
            return None
        # No service has an underscore in its name.
        name = f"{self._service.name}_alternate"
        other = self._alarms("Alternate-Alarms", name, REQUESTS, self._in_balancer(route.alternate))
        watched = [one.resources[rule.name] for one in (alarms, other) for rule in REQUESTS]
        strategy = self._settings.target.ecs_deployment
        return Shifting(self, "Shifting", strategy=strategy, route=route, alarms=watched)

    def _in_balancer(self, group: elbv2.CfnTargetGroup) -> Dimensions:
        balancer = self._platform.load_balancer.resource.attr_load_balancer_full_name
        return {"AWS/ApplicationELB": {"LoadBalancer": balancer, "TargetGroup": group.attr_target_group_full_name}}

    def _alarms(self, construct_id: str, name: str, rules: Iterable[Rule], dimensions: Dimensions) -> Alarms:
        return Alarms(
            self,
            construct_id,
            prefix=f"{self._settings.prefix}-{name}",
            rules=rules,
            dimensions=dimensions,
            topic_arn=self._platform.alarm_topic_arn,
        )
