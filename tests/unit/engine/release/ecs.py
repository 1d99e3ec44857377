"""ECS as it is with the stack of a release command."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from scripts.engine.release import Release
from tests.unit.engine.clouds import Answer, Cloud
from tests.unit.engine.projects import REGISTRY, project, with_processes

SETTINGS = with_processes(project())
FAMILY = "shop-staging-hello-release"
ARN = f"arn:aws:ecs:eu-central-1:111111111111:task-definition/{FAMILY}:"
IMAGE = f"{REGISTRY}/shop-staging/hello:"
THEN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
NEW = Release("hello", "src-new")


def definition(tag: str, revision: int) -> Answer:
    container = {
        "name": "hello",
        "image": IMAGE + tag,
        "entryPoint": ["python"],
        "command": ["manage.py", "migrate"],
        "environment": [{"name": "PORT", "value": "8080"}, {"name": "SLIPWAY_IMAGE_TAG", "value": tag}],
        "secrets": [{"name": "DATABASE_URL", "valueFrom": "arn:secret"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"}},
    }
    return {
        "taskDefinitionArn": f"{ARN}{revision}",
        "family": FAMILY,
        "revision": revision,
        "status": "ACTIVE",
        "taskRoleArn": "arn:task",
        "executionRoleArn": "arn:execution",
        "networkMode": "awsvpc",
        "containerDefinitions": [container],
        "volumes": [],
        "requiresCompatibilities": ["FARGATE"],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresAttributes": [{"name": "x"}],
        "cpu": "256",
        "memory": "512",
        "runtimePlatform": {"cpuArchitecture": "X86_64"},
        "registeredBy": "somebody",
    }


def row(name: str, revision: int = 2, **changes: Any) -> Answer:
    """A task that runs; `exit` ends it."""
    made: Answer = {
        "taskArn": f"arn:aws:ecs:eu-central-1:111111111111:task/shop-staging/{name}",
        "taskDefinitionArn": f"{ARN}{revision}",
        "lastStatus": "RUNNING",
        "startedBy": "20260101T000000Z-aaaaaa",
        "createdAt": at(0),
        "startedAt": at(1),
        "containers": [{"name": "hello"}],
    }
    return {**made, **changes}


def ended(name: str, code: int | None = 0, revision: int = 2, **changes: Any) -> Answer:
    """A task that ended by itself."""
    container = {"name": "hello", **({"exitCode": code} if code is not None else {})}
    stopped = {"lastStatus": "STOPPED", "stopCode": "EssentialContainerExited", "stoppedAt": at(4.5)}
    return row(name, revision, **{"containers": [container], **stopped, **changes})


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(THEN + seconds, UTC)


@dataclass
class Ecs:
    """ECS with the stack of the release command, which was deployed with src-old as revision 1."""

    cloud: Cloud
    looks: list[Answer]
    """What the started task looks like, one after the other."""
    tasks: list[Answer] = field(default_factory=list)
    definitions: dict[str, Answer] = field(default_factory=lambda: {f"{ARN}1": definition("src-old", 1)})

    def __post_init__(self) -> None:
        outputs = {
            "TaskDefinition": f"{ARN}1",
            "SecurityGroup": "sg-1",
            "Subnets": "subnet-1,subnet-2",
            "AssignPublicIp": "ENABLED",
            "ContainerName": "hello",
        }
        stack = {
            "StackName": "shop-staging-release-hello",
            "StackStatus": "UPDATE_COMPLETE",
            "CreationTime": at(0),
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
        }
        self.cloud.answers |= {
            "cloudformation:DescribeStacks": {"Stacks": [stack]},
            "ecs:DescribeTaskDefinition": lambda asked: {"taskDefinition": self.definitions[asked["taskDefinition"]]},
            "ecs:RegisterTaskDefinition": self.register,
            "ecs:DeregisterTaskDefinition": {},
            "ecs:ListTasks": lambda asked: {
                "taskArns": [
                    task["taskArn"]
                    for task in self.tasks
                    if (task["lastStatus"] == "STOPPED") is (asked["desiredStatus"] == "STOPPED")
                ]
            },
            "ecs:RunTask": {"tasks": [row("new", lastStatus="PROVISIONING")]},
            "ecs:StopTask": {},
            "ecs:DescribeTasks": self.describe,
            "logs:GetLogEvents": {"events": [{"message": "relation users exists already\n"}]},
        }

    def register(self, asked: Answer) -> Answer:
        made = {**asked, "taskDefinitionArn": f"{ARN}2", "revision": 2}
        self.definitions[f"{ARN}2"] = made
        return {"taskDefinition": made}

    def describe(self, asked: Answer) -> Answer:
        known = [task for task in self.tasks if task["taskArn"] in asked["tasks"]]
        if known:
            return {"tasks": known}
        return {"tasks": [self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]]}


def calls(cloud: Cloud) -> list[str]:
    changing = ("ecs:Register", "ecs:Run", "ecs:Deregister", "ecs:Stop", "dynamodb:Put")
    return [name for name, _ in cloud.asked if name.startswith(changing)]
