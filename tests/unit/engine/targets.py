"""A whole target behind the SDK: stacks, services, tasks and images that answer as AWS does, and change when told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.engine.content import read_context
from scripts.engine.verify import Proof
from scripts.engine.world import World
from settings import Settings
from settings.fingerprint import fingerprints
from tests.unit.engine.clouds import Answer, Cloud, Refusal
from tests.unit.engine.projects import project
from tests.unit.engine.shells import FakeShell
from tests.unit.engine.tables import Table
from tests.unit.engine.trees import plant

THEN = datetime(2026, 1, 1, tzinfo=UTC)
PROOF = Proof(True, "HTTP 200, 3 times in a row, 4 ms at most")


def project_in(folder: Path) -> Settings:
    """A project on disk whose images start from nothing."""
    for name in ("gateway", "hello"):
        plant(folder / "apps" / name, {"Dockerfile": "FROM scratch\n", "main.py": f"print('{name}')\n"})
    plant(folder, {"app.py": "print(1)\n", "cdk.json": "{}"})
    return replace(project(), root=folder)


def source_tag(settings: Settings, service: str) -> str:
    """The content tag of a service's sources as they are now."""
    return read_context(settings.root, settings.service(service), settings.target.platform).tag({})


@dataclass
class Target:
    """What stands on the target; an update takes effect at once."""

    cloud: Cloud
    settings: Settings
    tags: dict[str, str] = field(default_factory=dict)
    """Service -> the tag that its stack holds and its tasks run."""
    pushed: set[str] = field(default_factory=set)
    """Tags that the registry holds, as service:tag."""
    deployments: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for service in self.settings.services:
            self.tags[service.name] = source_tag(self.settings, service.name)
            self.pushed.add(f"{service.name}:{self.tags[service.name]}")
            self.deployments[service.name] = 1
        self.prints = fingerprints(self.settings)
        self.cloud.answers |= {
            "sts:GetCallerIdentity": {"Account": "111111111111"},
            "cloudformation:DescribeStacks": self.stacks,
            "cloudformation:UpdateStack": self.update,
            "cloudformation:DescribeStackResources": self.resources,
            "ecs:DescribeServices": self.services,
            "ecs:ListTasks": self.task_names,
            "ecs:DescribeTasks": self.tasks,
            "ecs:DescribeTaskDefinition": self.task_definition,
            "ecr:DescribeRepositories": {
                "repositories": [{"repositoryName": self.settings.repository(name)} for name in self.tags]
            },
            "ecr:DescribeImages": self.images,
            "ecr:BatchGetImage": self.manifest,
            "ecr:PutImage": {},
            "elbv2:DescribeTargetHealth": self.health,
        }
        self.table = Table(self.cloud)

    def stacks(self, asked: Answer) -> Answer:
        rows = []
        for key in self.settings.stack_keys:
            name, service = self.settings.stack_name(key), key.removeprefix("service-")
            if asked.get("StackName") in (None, name):
                row: Answer = {"StackName": name, "StackStatus": "UPDATE_COMPLETE", "CreationTime": THEN}
                outputs = {"Fingerprint": self.prints[key], **({"LoadBalancerDns": "lb"} if key == "platform" else {})}
                row["Outputs"] = [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()]
                if service in self.tags:
                    row["Parameters"] = [{"ParameterKey": "ImageTag", "ParameterValue": self.tags[service]}]
                rows.append(row)
        return {"Stacks": rows}

    def resources(self, asked: Answer) -> Answer:
        service = asked["StackName"].rpartition("service-")[2]
        row = {"LogicalResourceId": "Task", "ResourceType": "AWS::ECS::TaskDefinition", "ResourceStatus": "x"}
        arn = definition_arn(service, self.deployments[service])
        return {"StackResources": [{**row, "PhysicalResourceId": arn, "Timestamp": THEN}]}

    def update(self, asked: Answer) -> Answer | Exception:
        service = asked["StackName"].rpartition("service-")[2]
        tag = next(row["ParameterValue"] for row in asked["Parameters"] if row["ParameterKey"] == "ImageTag")
        if tag == self.tags[service]:
            return Refusal("ValidationError", "No updates are to be performed.")
        self.tags[service] = tag
        self.deployments[service] += 1
        return {"StackId": "id"}

    def services(self, asked: Answer) -> Answer:
        return {
            "services": [
                {
                    "serviceName": name,
                    "status": "ACTIVE",
                    "desiredCount": 2,
                    "deployments": [
                        {
                            "id": f"d{self.deployments[name]}",
                            "status": "PRIMARY",
                            "rolloutState": "COMPLETED",
                            "taskDefinition": f"{name}:{self.deployments[name]}",
                        }
                    ],
                    "loadBalancers": [{"targetGroupArn": f"group/{name}"}],
                }
                for name in asked["services"]
                if name in self.deployments
            ]
        }

    def task_names(self, asked: Answer) -> Answer:
        if asked.get("desiredStatus") == "STOPPED":
            return {"taskArns": []}
        names = [asked["serviceName"]] if "serviceName" in asked else list(self.tags)
        return {"taskArns": [f"task/{name}-{self.deployments[name]}-{at}" for name in names for at in (1, 2)]}

    def tasks(self, asked: Answer) -> Answer:
        return {"tasks": [self._task(arn.removeprefix("task/")) for arn in asked["tasks"]]}

    def _task(self, task: str) -> Answer:
        name, deployment, at = task.split("-")
        started = datetime.fromtimestamp(time.time() - 60, UTC)
        return {
            "taskArn": f"task/{task}",
            "taskDefinitionArn": f"{name}:{deployment}",
            "group": f"service:{name}",
            "lastStatus": "RUNNING",
            "startedAt": started,
            "createdAt": started,
            "containers": [{"name": name, "imageDigest": f"sha256:{self.tags[name]}"}],
            "attachments": [{"details": [{"name": "privateIPv4Address", "value": f"10.0.{deployment}.{at}"}]}],
        }

    def task_definition(self, asked: Answer) -> Answer:
        name, _, deployment = asked["taskDefinition"].partition(":")
        is_current = int(deployment) == self.deployments[name]
        image = self.settings.image(name, self.tags[name] if is_current else "src-before")
        return {"taskDefinition": {"containerDefinitions": [{"name": name, "image": image}]}}

    def health(self, asked: Answer) -> Answer:
        name = asked["TargetGroupArn"].removeprefix("group/")
        rows = [f"10.0.{self.deployments[name]}.{at}" for at in (1, 2)]
        return {
            "TargetHealthDescriptions": [{"Target": {"Id": row}, "TargetHealth": {"State": "healthy"}} for row in rows]
        }

    def images(self, asked: Answer) -> Answer | Exception:
        tag = asked["imageIds"][0]["imageTag"]
        if f"{asked['repositoryName'].rpartition('/')[2]}:{tag}" not in self.pushed:
            return Refusal("ImageNotFoundException")
        return {"imageDetails": [{"imageDigest": f"sha256:{tag}"}]}

    def manifest(self, asked: Answer) -> Any:
        tag = asked["imageIds"][0]["imageTag"]
        return {"images": [{"imageId": {"imageDigest": f"sha256:{tag}"}, "imageManifest": '{"layers": [{"size": 7}]}'}]}


def definition_arn(service: str, revision: int) -> str:
    """What a stack says of the task definition that it made."""
    return f"arn:aws:ecs:eu-central-1:111111111111:task-definition/shop-staging-{service}:{revision}"


def edit(settings: Settings, text: str = "print('edited')\n") -> str:
    """Edit one line of hello; returns its new tag."""
    (settings.root / "apps" / "hello" / "main.py").write_text(text)
    return source_tag(settings, "hello")


def docker_verbs(world: World) -> list[str]:
    assert isinstance(world.shell, FakeShell)
    return [command.argv[1] for command in world.shell.commands if command.argv[0] == "docker"]
