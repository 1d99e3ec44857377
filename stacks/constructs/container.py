"""The container of a process: the only place that writes a container definition."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_ecs as ecs
from constructs import Construct

from settings import Service, Settings
from stacks.constructs.log_group import LogGroup
from stacks.constructs.process import Process
from stacks.constructs.secrets import reference


def container(
    scope: Construct, *, settings: Settings, service: Service, process: Process, image_tag: str, log_group: LogGroup
) -> ecs.CfnTaskDefinition.ContainerDefinitionProperty:
    """There is no container health check: ECS would wait for it as well as for the load balancer's.

    The root file system stays writable: a non-root image would need a prepared volume for each folder that it writes.
    """
    entry_point, command = process.words
    return ecs.CfnTaskDefinition.ContainerDefinitionProperty(
        name=process.container,
        image=settings.image(service.name, image_tag),
        essential=True,
        entry_point=list(entry_point) or None,
        command=list(command) or None,
        stop_timeout=service.stop_timeout,
        port_mappings=[{"containerPort": process.port, "protocol": "tcp"}] if process.port else None,
        environment=[
            ecs.CfnTaskDefinition.KeyValuePairProperty(name=name, value=value)
            for name, value in _environment(settings, service, process, image_tag).items()
        ],
        secrets=[
            ecs.CfnTaskDefinition.SecretProperty(name=name, value_from=reference(scope, text).value_from)
            for name, text in service.secrets
        ]
        or None,
        log_configuration=ecs.CfnTaskDefinition.LogConfigurationProperty(
            log_driver="awslogs",
            options={
                "awslogs-group": log_group.name,
                "awslogs-region": settings.target.region,
                "awslogs-stream-prefix": process.container,
            },
        ),
    )


def _environment(settings: Settings, service: Service, process: Process, image_tag: str) -> Mapping[str, str]:
    """The service's own variables, and ours, which win.

    `SLIPWAY_PREFIX` is what the load balancer takes off each request's path, for links; a load balancer cannot say it
    in a header. See docs/decisions/0012-prefix-in-the-environment.md.
    """
    return {
        **dict(service.environment),
        "PORT": str(service.port),
        **(_of_gateway(settings, service) if service == settings.gateway else {}),
        "SLIPWAY_IMAGE_TAG": image_tag,
        "SLIPWAY_PREFIX": service.prefix,
        "SLIPWAY_PROCESS": process.name,
        "SLIPWAY_SERVICE": service.name,
        "SLIPWAY_TARGET": settings.target.name,
    }


def _of_gateway(settings: Settings, gateway: Service) -> Mapping[str, str]:
    """Its agent finds everything by the table's name; it ends before ECS would end it."""
    return {"SLIPWAY_GATEWAY_TABLE": settings.gateway_table, "SLIPWAY_STOP_TIMEOUT": str(gateway.stop_timeout)}
