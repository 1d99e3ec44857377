"""What the processes of a service run as: one log group, one pair of roles, and a task definition a process."""

from __future__ import annotations

from aws_cdk import CfnDeletionPolicy
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from settings import Service, Settings
from stacks.constructs.container import container
from stacks.constructs.log_group import LogGroup
from stacks.constructs.process import Process
from stacks.constructs.roles import TaskRoles
from stacks.nag import acknowledge

ARCHITECTURES = {"linux/amd64": "X86_64", "linux/arm64": "ARM64"}


class Task(Construct):
    """Task definitions of one image, which share nothing with those of other services."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        service: Service,
        image_tag: str,
        log_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._service, self._image_tag = settings, service, image_tag
        self.log_group = LogGroup(self, "Logs", settings=settings, name=log_name)
        self.roles = TaskRoles(self, "Roles", settings=settings, service=service, log_group=self.log_group)

    def definition(self, scope: Construct, process: Process) -> ecs.CfnTaskDefinition:
        """The task definition of a process, as `Definition` below a scope.

        A replaced revision stays registered, because a rollback needs it.
        """
        settings = self._settings
        definition = ecs.CfnTaskDefinition(
            scope,
            "Definition",
            family=f"{settings.prefix}-{process.family}",
            cpu=str(process.cpu),
            memory=str(process.memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            runtime_platform=ecs.CfnTaskDefinition.RuntimePlatformProperty(
                cpu_architecture=ARCHITECTURES[settings.target.platform], operating_system_family="LINUX"
            ),
            execution_role_arn=self.roles.execution.role_arn,
            task_role_arn=self.roles.task.role_arn,
            container_definitions=[
                container(
                    scope,
                    settings=settings,
                    service=self._service,
                    process=process,
                    image_tag=self._image_tag,
                    log_group=self.log_group,
                )
            ],
        )
        definition.node.add_dependency(self.log_group)
        definition.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
        definition.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
        acknowledge(definition, {"AwsSolutions-ECS2": "The environment holds settings that are no secrets."})
        return definition
