"""One service: what runs, how requests reach it, how it scales, and what is watched."""

from __future__ import annotations

from collections.abc import Iterable

from constructs import Construct

from settings import Service, Settings
from settings.model import Worker, service_key
from stacks.constructs.alarms import DROPPED, LOAD, REQUESTS, Alarms, Dimensions, Rule, missing_workers
from stacks.constructs.gateway_route import GatewayRoute
from stacks.constructs.placement import ClosedGroup, Placement
from stacks.constructs.rolling_service import RollingService, WorkerService
from stacks.constructs.route import Route
from stacks.constructs.scaling import Scaling
from stacks.constructs.schedules import Schedules
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
        )
        if settings.is_behind_gateway(service):
            GatewayRoute(self, "Gateway", settings=settings, service=service)
        rolling = RollingService(self, "Rolling", service=service, task=task, route=route, platform=platform)
        if service.min < service.max:
            Scaling(self, "Scaling", service=service, cluster=settings.cluster, resource=rolling.resource)
        self._web_alarms(route)
        self._beside_web(task)
        self.output("ServiceName", rolling.resource.attr_name)
        self.output("TargetGroupArn", route.target_group.ref)
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

    def _web_alarms(self, route: Route) -> None:
        self._alarms(
            "Alarms",
            self._service.name,
            (*REQUESTS, *LOAD),
            {
                "AWS/ApplicationELB": {
                    "LoadBalancer": self._platform.load_balancer.resource.attr_load_balancer_full_name,
                    "TargetGroup": route.target_group.attr_target_group_full_name,
                },
                "AWS/ECS": {"ClusterName": self._settings.cluster, "ServiceName": self._service.name},
            },
        )

    def _alarms(self, construct_id: str, name: str, rules: Iterable[Rule], dimensions: Dimensions) -> None:
        topic = self._platform.alarm_topic
        Alarms(
            self,
            construct_id,
            prefix=f"{self._settings.prefix}-{name}",
            rules=rules,
            dimensions=dimensions,
            topic_arn=topic.topic_arn if topic else None,
        )
