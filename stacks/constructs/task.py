"""What runs: the task definition of a service."""

from __future__ import annotations

from aws_cdk import CfnDeletionPolicy
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from settings import Service, Settings
from stacks.constructs.log_group import LogGroup
from stacks.constructs.roles import TaskRoles
from stacks.nag import acknowledge

ARCHITECTURES = {"linux/amd64": "X86_64", "linux/arm64": "ARM64"}


class Task(Construct):
    """One container. There is no container health check: ECS would wait for it as well as for the load balancer's.

    A replaced revision stays registered, because a rollback needs it. The root file system stays writable: a
    non-root image would need a prepared volume for each folder that it writes.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, service: Service, image_tag: str
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._service, self._image_tag = settings, service, image_tag
        self.log_group = LogGroup(self, "Logs", settings=settings, name=service.name)
        self.definition = self._definition(
            TaskRoles(self, "Roles", settings=settings, service=service, log_group=self.log_group)
        )

    def _definition(self, roles: TaskRoles) -> ecs.CfnTaskDefinition:
        definition = ecs.CfnTaskDefinition(
            self,
            "Definition",
            family=f"{self._settings.prefix}-{self._service.name}",
            cpu=str(self._service.cpu),
            memory=str(self._service.memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            runtime_platform=ecs.CfnTaskDefinition.RuntimePlatformProperty(
                cpu_architecture=ARCHITECTURES[self._settings.target.platform], operating_system_family="LINUX"
            ),
            execution_role_arn=roles.execution.role_arn,
            task_role_arn=roles.task.role_arn,
            container_definitions=[self._container()],
        )
        definition.node.add_dependency(self.log_group)
        definition.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
        definition.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
        acknowledge(definition, {"AwsSolutions-ECS2": "The environment holds settings that are no secrets."})
        return definition

    def _container(self) -> ecs.CfnTaskDefinition.ContainerDefinitionProperty:
        service = self._service
        return ecs.CfnTaskDefinition.ContainerDefinitionProperty(
            name=service.name,
            image=self._settings.image(service.name, self._image_tag),
            essential=True,
            stop_timeout=service.stop_timeout,
            port_mappings=[ecs.CfnTaskDefinition.PortMappingProperty(container_port=service.port, protocol="tcp")],
            environment=[
                ecs.CfnTaskDefinition.KeyValuePairProperty(name=name, value=value)
                for name, value in self._environment().items()
            ],
            log_configuration=ecs.CfnTaskDefinition.LogConfigurationProperty(
                log_driver="awslogs",
                options={
                    "awslogs-group": self.log_group.name,
                    "awslogs-region": self._settings.target.region,
                    "awslogs-stream-prefix": service.name,
                },
            ),
        )

    def _environment(self) -> dict[str, str]:
        """The service's own variables, and ours, which win."""
        return {
            **dict(self._service.environment),
            "PORT": str(self._service.port),
            "SLIPWAY_IMAGE_TAG": self._image_tag,
            "SLIPWAY_SERVICE": self._service.name,
            "SLIPWAY_TARGET": self._settings.target.name,
        }
