"""One service: what runs, how requests reach it, how it scales, and what is watched."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from settings import Service, Settings
from settings.model import service_key
from stacks.constructs.alarms import Alarms
from stacks.constructs.rolling_service import RollingService
from stacks.constructs.route import Route
from stacks.constructs.scaling import Scaling
from stacks.constructs.task import Task
from stacks.platform import PlatformStack
from stacks.project_stack import ProjectStack


class ServiceStack(ProjectStack):
    """One service of the target.

    The image is always `repository:{ImageTag}`, and the tag is a parameter: a new image needs no new template, and
    CloudFormation goes back to the previous tag by itself when a rollout fails. The parameter has no default, so that
    the CDK command line reuses the deployed value. See docs/decisions/0002-one-template-two-image-modes.md.
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
        self._settings, self._service = settings, service
        tag = cdk.CfnParameter(
            self,
            "ImageTag",
            description="Tag of the image that runs",
            allowed_pattern="[A-Za-z0-9_][A-Za-z0-9._-]{0,127}",
        )
        task = Task(self, "Task", settings=settings, service=service, image_tag=tag.value_as_string)
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
        self.output("ServiceName", rolling.resource.attr_name)
        self.output("TargetGroupArn", route.target_group.ref)
        self.output("LogGroupName", task.log_group.name)
        self.output("ContainerName", service.name)

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
