"""The calls that change a service without synthesis."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.errors import Failed, Transient
from scripts.engine.model import Stack
from scripts.engine.update import force_deployment, put_back, read_template, update_tag
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.projects import project, with_processes

STACK = Stack("shop-staging-service-hello", "UPDATE_COMPLETE", parameters={"Size": "2", "ImageTag": "src-old"})
UPDATED = {"StackId": "arn:aws:cloudformation:eu-central-1:111111111111:stack/x/1"}
SAME = Refusal("ValidationError", "No updates are to be performed.")


def test_a_new_tag_keeps_the_template_and_every_other_parameter(cloud: Cloud) -> None:
    cloud.answers["cloudformation:UpdateStack"] = UPDATED
    assert update_tag(cloud.aws, STACK, "src-new")
    assert cloud.asked == [
        (
            "cloudformation:UpdateStack",
            {
                "StackName": "shop-staging-service-hello",
                "UsePreviousTemplate": True,
                "Parameters": [
                    {"ParameterKey": "Size", "UsePreviousValue": True},
                    {"ParameterKey": "ImageTag", "ParameterValue": "src-new"},
                ],
                "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            },
        )
    ]
    assert cloud.aws.mutating_calls == ["cloudformation:UpdateStack"]


def test_nothing_to_update_is_no_error(cloud: Cloud) -> None:
    cloud.answers["cloudformation:UpdateStack"] = SAME
    assert not update_tag(cloud.aws, STACK, "src-old")


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            Refusal("ValidationError", "Stack is in UPDATE_IN_PROGRESS state and can not be updated."),
            Failed,
            "cannot update the stack shop-staging-service-hello (UpdateStack): "
            "ValidationError: Stack is in UPDATE_IN_PROGRESS state and can not be updated.",
        ),
        (
            Refusal("Throttling", "Rate exceeded"),
            Transient,
            "cannot update the stack shop-staging-service-hello (UpdateStack): Throttling: Rate exceeded",
        ),
    ],
)
def test_other_errors_rise(cloud: Cloud, answer: Refusal, kind: type[Exception], message: str) -> None:
    cloud.answers["cloudformation:UpdateStack"] = answer
    with pytest.raises(kind) as caught:
        update_tag(cloud.aws, STACK, "src-new")
    assert str(caught.value) == message


def test_put_back_restores_the_tag_and_a_template_that_changed(cloud: Cloud) -> None:
    cloud.answers["cloudformation:UpdateStack"] = UPDATED
    assert put_back(cloud.aws, STACK, "src-old", None)
    assert put_back(cloud.aws, STACK, "src-old", '{"Resources": {}}')
    first, second = cloud.parameters("cloudformation:UpdateStack")
    assert (first["UsePreviousTemplate"], "TemplateBody" in first) == (True, False)
    assert (second["TemplateBody"], "UsePreviousTemplate" in second) == ('{"Resources": {}}', False)
    assert {"ParameterKey": "ImageTag", "ParameterValue": "src-old"} in second["Parameters"]


@pytest.mark.parametrize("template", ['{"Resources": {"A": {"Type": "B"}}}', "Resources: {}"])
def test_a_template_is_text_however_boto3_gives_it(cloud: Cloud, template: str) -> None:
    """boto3 parses templates that are JSON."""
    cloud.answers["cloudformation:GetTemplate"] = {"TemplateBody": template}
    assert read_template(cloud.aws, STACK) == template


def test_a_new_deployment_of_what_the_stack_holds(cloud: Cloud) -> None:
    """Somebody may have given the service another task definition by hand."""
    rows = (
        ("AWS::ECS::Service", "arn:service"),
        ("AWS::ECS::TaskDefinition", "arn:aws:ecs:eu-central-1:111111111111:task-definition/shop-staging-hello:7"),
    )
    resources = [
        {
            "LogicalResourceId": kind,
            "ResourceType": kind,
            "PhysicalResourceId": name,
            "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
            "ResourceStatus": "UPDATE_COMPLETE",
        }
        for kind, name in rows
    ]
    cloud.answers |= {
        "cloudformation:DescribeStackResources": {"StackResources": resources},
        "ecs:UpdateService": {},
    }
    force_deployment(cloud.aws, project(), "hello")
    assert cloud.asked == [
        ("cloudformation:DescribeStackResources", {"StackName": "shop-staging-service-hello"}),
        (
            "ecs:UpdateService",
            {
                "cluster": "shop-staging",
                "service": "hello",
                "taskDefinition": "arn:aws:ecs:eu-central-1:111111111111:task-definition/shop-staging-hello:7",
                "forceNewDeployment": True,
            },
        ),
    ]


def resources(*families: str) -> dict[str, Any]:
    row = {"LogicalResourceId": "x", "ResourceType": "AWS::ECS::TaskDefinition", "ResourceStatus": "CREATE_COMPLETE"}
    then = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [{**row, "PhysicalResourceId": f"{ARN}{family}:7", "Timestamp": then} for family in families]
    return {"StackResources": rows}


ARN = "arn:aws:ecs:eu-central-1:111111111111:task-definition/"


def test_its_workers_are_deployed_again_with_it(cloud: Cloud) -> None:
    """Each with its own task definition; a schedule has one too, and a worker may not be deployed yet."""
    cloud.answers |= {
        "cloudformation:DescribeStackResources": resources(
            "shop-staging-hello-nightly", "shop-staging-hello-mailer", "shop-staging-hello"
        ),
        "ecs:UpdateService": {},
    }
    force_deployment(cloud.aws, with_processes(project()), "hello")
    asked = cloud.parameters("ecs:UpdateService")
    assert [(row["service"], row["taskDefinition"]) for row in asked] == [
        ("hello", f"{ARN}shop-staging-hello:7"),
        ("hello-mailer", f"{ARN}shop-staging-hello-mailer:7"),
    ]
    cloud.answers["cloudformation:DescribeStackResources"] = resources("shop-staging-hello")
    force_deployment(cloud.aws, with_processes(project()), "hello")
    assert len(cloud.parameters("ecs:UpdateService")) == 3


def test_a_stack_without_the_services_task_definition(cloud: Cloud) -> None:
    cloud.answers["cloudformation:DescribeStackResources"] = resources("shop-staging-other")
    with pytest.raises(Failed, match="it has no task definition of hello"):
        force_deployment(cloud.aws, project(), "hello")
