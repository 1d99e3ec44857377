"""One service: what runs, how requests reach it, how it scales, and what is watched."""

from __future__ import annotations

from constructs import Construct

from settings import Service, Settings
from settings.model import service_key
from stacks.constructs.alarms import Alarms
from stacks.constructs.placement import ClosedGroup, Placement
from stacks.constructs.rolling_service import RollingService, WorkerService
from stacks.constructs.route import Route
from stacks.constructs.scaling import Scaling
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
            listener_arn=platform.load_balancer.listener.ref,
        )
        rolling = RollingService(self, "Rolling", service=service, task=task, route=route, platform=platform)
        if service.min < service.max:
            Scaling(self, "Scaling", service=service, cluster=settings.cluster, resource=rolling.resource)
        self._alarms(route, platform)
        self._beside_web(task)
        self.output("ServiceName", rolling.resource.attr_name)
        self.output("TargetGroupArn", route.target_group.ref)
        self.output("LogGroupName", task.log_group.name)
        self.output("ContainerName", service.name)

    def _beside_web(self, task: Task) -> None:
        service, platform = self._service, self._platform
        if not service.workers and not service.schedules:
            return
        group = ClosedGroup(self, "BesideWeb", what=f"Workers and schedules of {service.name}", platform=platform)
        placement = Placement(platform, group)
        for worker in service.workers:
            WorkerService(
                self,
                f"Worker-{worker.name}",
                service=service,
                worker=worker,
                task=task,
                placement=placement,
            )

    def _alarms(self, route: Route, platform: PlatformStack) -> None:
        topic = platform.alarm_topic
        Alarms(
            self,
            "Alarms",
            prefix=f"{self._settings.prefix}-{self._service.name}",
            dimensions={
                "AWS/ApplicationELB": {
                    "LoadBalancer": platform.load_balancer.resource.attr_load_balancer_full_name,
                    "TargetGroup": route.target_group.attr_target_group_full_name,
                },
                "AWS/ECS": {"ClusterName": self._settings.cluster, "ServiceName": self._service.name},
            },
            topic_arn=topic.topic_arn if topic else None,
        )
