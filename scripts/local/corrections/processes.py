"""Corrections to what a task starts as: its entry point, its secrets, and the clock that may start it."""

from __future__ import annotations

from typing import Any

from scripts.local.corrections.upstream import Module, Services

STARTER = "chronos-schedule"
"""What EventBridge Scheduler names itself in `startedBy`."""


def use_entry_points(service: Services) -> None:
    """A container starts with the entry point of its definition, which also takes the place of the image's command."""
    ecs = service("ecs")
    build = ecs._build_run_kwargs

    def build_run_kwargs(definition: Any, *arguments: Any, **options: Any) -> Any:
        kwargs = build(definition, *arguments, **options)
        entry_point = definition.get("entryPoint")
        return {**kwargs, "entrypoint": entry_point} if entry_point else kwargs

    ecs._build_run_kwargs = build_run_kwargs


def decrypt_parameters(service: Services) -> None:
    """A container that names a SecureString parameter gets what it says, not what is stored."""
    ecs, ssm = service("ecs"), service("ssm")
    resolve = ecs._resolve_container_secrets

    def resolve_container_secrets(definition: Any) -> Any:
        found = resolve(definition)
        for secret in definition.get("secrets", []):
            name, where = secret.get("name"), secret.get("valueFrom", "")
            if name in found and "secretsmanager" not in where:
                found[name] = str(ssm.resolve_parameter_value(where, decrypt=True))
        return found

    ecs._resolve_container_secrets = resolve_container_secrets


def keep_template_secrets(service: Services) -> None:
    """The secrets of a container definition in a template are those of the task definition."""
    provisioners = service("cloudformation.provisioners")
    normalize = provisioners._normalize_container_defs

    def normalize_container_defs(definitions: Any) -> Any:
        made = normalize(definitions)
        for container in made:
            rows = container.get("secrets") or []
            container["secrets"] = [{key[0].lower() + key[1:]: value for key, value in row.items()} for row in rows]
        return made

    provisioners._normalize_container_defs = normalize_container_defs


def keep_grace_periods(service: Services) -> None:
    """A service that a template creates has the health check grace period that the template says."""
    provisioners, ecs = service("cloudformation.provisioners"), service("ecs")
    handler = provisioners._RESOURCE_HANDLERS["AWS::ECS::Service"]
    create = handler["create"]

    def create_service(logical_id: Any, properties: Any, stack: Any) -> Any:
        physical_id, attributes = create(logical_id, properties, stack)
        seconds = properties.get("HealthCheckGracePeriodSeconds")
        if seconds is not None:
            named = {"cluster": properties.get("Cluster", "default"), "service": attributes["Name"]}
            ecs._update_service({**named, "healthCheckGracePeriodSeconds": int(seconds)})
        return physical_id, attributes

    handler["create"] = create_service


def run_scheduled_tasks(service: Services) -> None:
    """A schedule whose target is an ECS cluster runs its task there."""
    events, ecs = service("eventbridge"), service("ecs")
    invoke = events._invoke_target

    def invoke_target(target: Any, event: Any, rule: Any, *rest: Any) -> Any:
        wanted = target.get("EcsParameters")
        if not wanted or ":ecs:" not in target.get("Arn", ""):
            return invoke(target, event, rule, *rest)
        return _run(ecs, target["Arn"], wanted, f"{STARTER}/{rule.get('Name', '')}")

    events._invoke_target = invoke_target


def _run(ecs: Module, cluster: str, wanted: Any, started_by: str) -> None:
    network = wanted.get("NetworkConfiguration") or {}
    vpc = network.get("awsvpcConfiguration") or network.get("AwsvpcConfiguration") or {}
    status, _, body = ecs._run_task(
        {
            "cluster": cluster,
            "count": int(wanted.get("TaskCount") or 1),
            "group": wanted.get("Group", ""),
            "launchType": wanted.get("LaunchType", "FARGATE"),
            "networkConfiguration": {"awsvpcConfiguration": {key[0].lower() + key[1:]: vpc[key] for key in vpc}},
            "startedBy": started_by,
            "taskDefinition": wanted["TaskDefinitionArn"],
        }
    )
    if status >= 400:
        ecs.logger.warning("schedule: %s was not run: %s", started_by, body)
