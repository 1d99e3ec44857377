"""Changes a service's stack without synthesis: a new ImageTag on the template that CloudFormation holds."""

from __future__ import annotations

from typing import Any

from scripts.engine.aws import Aws, error_code, translated
from scripts.engine.errors import Failed
from scripts.engine.model import Stack
from settings import Settings
from settings.model import service_key

TASK_DEFINITION = "AWS::ECS::TaskDefinition"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


def update_tag(aws: Aws, stack: Stack, tag: str) -> bool:
    """UpdateStack with UsePreviousTemplate; False when CloudFormation says that nothing is to change."""
    return _update(aws, stack, tag, {"UsePreviousTemplate": True})


def put_back(aws: Aws, stack: Stack, tag: str, template: str | None) -> bool:
    """Make the stack hold the version that serves again: its tag, and its template where that changed too."""
    return _update(aws, stack, tag, {"TemplateBody": template} if template else {"UsePreviousTemplate": True})


def cancel_update(aws: Aws, stack: Stack) -> None:
    """CancelUpdateStack: CloudFormation rolls back to what served before.

    With the caller's credentials: the CDK's deploy role may not. Source: aws-cdk, bootstrap-template.yaml.
    """
    with translated(f"cancel the update of {stack.name}"):
        aws.client("cloudformation").cancel_update_stack(StackName=stack.name)


def read_template(aws: Aws, stack: Stack) -> str:
    """The template that CloudFormation holds, as JSON text."""
    import json

    with translated(f"read the template of {stack.name}"):
        body: Any = aws.client("cloudformation").get_template(StackName=stack.name)["TemplateBody"]
    return body if isinstance(body, str) else json.dumps(body)


def force_deployment(aws: Aws, settings: Settings, service: str) -> None:
    """Start new ECS deployments of the task definitions that the stack holds, whatever somebody gave the service.

    The workers' too: they come live together.
    """
    stack = settings.stack_name(service_key(service))
    with translated(f"start a new deployment of {service}"):
        resources = aws.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        definitions = [row["PhysicalResourceId"] for row in resources if row["ResourceType"] == TASK_DEFINITION]
        by_family = {arn.rpartition("/")[2].rpartition(":")[0]: arn for arn in definitions}
        for name in settings.service(service).ecs_names:
            definition = by_family.get(f"{settings.prefix}-{name}")
            if definition is None and name == service:
                raise Failed(
                    f"it has no task definition of {service}", where=stack, remedy="./poe diff shows the stack"
                )
            if definition:
                aws.client("ecs").update_service(
                    cluster=settings.cluster, service=name, taskDefinition=definition, forceNewDeployment=True
                )


def _update(aws: Aws, stack: Stack, tag: str, template: dict[str, Any]) -> bool:
    parameters = [
        {"ParameterKey": key, "ParameterValue": tag}
        if key == "ImageTag"
        else {"ParameterKey": key, "UsePreviousValue": True}
        for key in stack.parameters
    ]
    client = aws.deployer("cloudformation")
    with translated(f"update the stack {stack.name}"):
        try:
            client.update_stack(StackName=stack.name, Parameters=parameters, Capabilities=CAPABILITIES, **template)
        except client.exceptions.ClientError as error:
            # CloudFormation has no code of its own for this answer. Source: UpdateStack, ValidationError.
            if error_code(error) == "ValidationError" and "No updates are to be performed" in str(error):
                return False
            raise
    return True
