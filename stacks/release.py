"""What a service's release command runs as: a task definition that only a deploy starts, before each rollout."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from settings import Service, Settings
from settings.model import release_key
from stacks.constructs.placement import ClosedGroup, Placement
from stacks.constructs.process import RELEASE, release
from stacks.constructs.task import Task
from stacks.platform import PlatformStack
from stacks.project_stack import ProjectStack, image_tag_parameter


class ReleaseStack(ProjectStack):
    """A stack of its own, because the command has to have run before the service's stack may change.

    Its roles, log group and security group are not those of the service, which may not exist yet.
    """

    def __init__(
        self, scope: Construct, *, settings: Settings, service: Service, platform: PlatformStack, fingerprint: str
    ) -> None:
        super().__init__(scope, settings=settings, key=release_key(service.name), fingerprint=fingerprint)
        task = Task(
            self,
            "Task",
            settings=settings,
            service=service,
            image_tag=image_tag_parameter(self),
            log_name=service.ecs_name(RELEASE),
        )
        group = ClosedGroup(self, "Group", what=f"Release command of {service.name}", platform=platform)
        placement = Placement(platform, group)
        self.output("TaskDefinition", task.definition(task, release(service)).ref)
        self.output("SecurityGroup", group.attr_group_id)
        self.output("Subnets", cdk.Fn.join(",", placement.subnets))
        self.output("AssignPublicIp", placement.public_address)
        self.output("LogGroupName", task.log_group.name)
        self.output("ContainerName", service.name)
