"""A target with a gateway that follows traffic items at once, and counts requests as a test says; time stands still
but for waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.items import pack, unpack
from scripts.engine.traffic import holding, steps
from scripts.engine.traffic.shift import Shift
from scripts.engine.world import World
from tests.unit.engine.clouds import Answer, Refusal
from tests.unit.engine.targets import Target

THEN = datetime(2026, 1, 1, tzinfo=UTC)
FAMILY = "arn:aws:ecs:eu-central-1:111111111111:task-definition/shop-staging-hello_next"
Hook = Callable[[], None]


class Scene:
    """hello on a target, its second version, and the gateway's tasks."""

    def __init__(self, target: Target, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.target, self.world, self.now = target, world, 1000.0
        self.second: dict[str, Any] | None = None
        """The ECS service, as a row of DescribeServices."""
        self.definitions: list[Answer] = []
        self.gone: list[str] = []
        """Task definitions that were deregistered."""
        self.weights: list[int] = []
        """Weights that were written, in order."""
        self.gateways = ["g1", "g2"]
        self.deaf: set[str] = set()
        """Gateway tasks that do not follow."""
        self.healthy = 2
        self.errors = 0.0
        """Share of the second version's answers that are errors."""
        self.slow = False
        self.requests = {"hello": 0, "hello_next": 0}
        self.failures = {"hello": 0, "hello_next": 0}
        self.stopped: list[Answer] = []
        self.hooks: dict[int, Hook] = {}
        """What happens at the so manyth wait."""
        self.waits = 0
        self._wire(monkeypatch)

    def _wire(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answers, before = self.target.cloud.answers, dict(self.target.cloud.answers)
        self.before: dict[str, Any] = before
        answers |= {
            "ecs:DescribeServices": self._services,
            "ecs:ListTasks": self._task_names,
            "ecs:ListServices": self._service_names,
            "ecs:DescribeTasks": self._tasks,
            "ecs:DescribeTaskDefinition": self._definition,
            "ecs:CreateService": self._create,
            "ecs:UpdateService": self._change,
            "ecs:DeleteService": self._delete,
            "ecs:RegisterTaskDefinition": self._register,
            "ecs:DeregisterTaskDefinition": self._deregister,
            "dynamodb:UpdateItem": self._update,
            "dynamodb:Query": self._query,
            "logs:GetLogEvents": {"events": [{"message": "KeyError: 'X'"}]},
        }
        monkeypatch.setattr(holding, "BEAT_SECONDS", 3600)
        monkeypatch.setattr(self.world, "cancelled", self.wait)
        monkeypatch.setattr(steps, "Shift", self.shift)

    def shift(self, world: World, service: str, tag: str) -> Shift:
        """A shift whose time is the scene's."""
        return Shift(world, service, tag, clock=lambda: self.now, pause=self.wait)

    def wait(self, seconds: float) -> bool:
        """Time goes on, and requests come."""
        self.waits += 1
        if hook := self.hooks.pop(self.waits, None):
            hook()
        self.now += seconds
        weight = self.item.get("next", 0)
        came = round(200 * seconds)
        second = came * weight // 100
        self.requests["hello"] += came - second
        self.requests["hello_next"] += second
        self.failures["hello_next"] += round(second * self.errors)
        return self.world.shell.cancelled.is_set()

    @property
    def item(self) -> dict[str, Any]:
        """The traffic item; empty where there is none."""
        return unpack(self.target.table.items.get(("traffic", "hello"), {}))

    @property
    def calls(self) -> list[str]:
        """Calls that changed something in ECS or CloudFormation, in order."""
        own = [call for call in self.world.aws.mutating_calls if call.startswith(("ecs:", "cloudformation:"))]
        return [call.partition(":")[2] for call in own]

    def _services(self, asked: Answer) -> Answer:
        found = self.before["ecs:DescribeServices"](asked)["services"]
        for row in found:
            definition = row["deployments"][0]["taskDefinition"]
            row |= {"taskDefinition": definition, "launchType": "FARGATE", "propagateTags": "SERVICE"}
            row["networkConfiguration"] = {"awsvpcConfiguration": {"subnets": ["s1"]}}
            row["tags"] = [{"key": "owner", "value": "ann"}, {"key": "aws:cloudformation:x", "value": "y"}]
        is_asked = self.second is not None and "hello_next" in asked["services"]
        return {"services": [*found, *([self.second] if is_asked and self.second else [])]}

    def _service_names(self, asked: Answer) -> Answer:
        names = ["gateway", "hello", *(["hello_next"] if self.second else [])]
        return {"serviceArns": [f"arn:aws:ecs:x:y:service/shop-staging/{name}" for name in names]}

    def _task_names(self, asked: Answer) -> Answer:
        if asked.get("serviceName") == "gateway":
            return {"taskArns": [f"task/{name}" for name in self.gateways]}
        if asked.get("serviceName") == "hello_next":
            is_stopped = asked["desiredStatus"] == "STOPPED"
            return {"taskArns": [row["taskArn"] for row in (self.stopped if is_stopped else self._second_tasks())]}
        found: Answer = self.before["ecs:ListTasks"](asked)
        if "serviceName" not in asked and asked.get("desiredStatus") != "STOPPED":
            found = {"taskArns": [*found["taskArns"], *(row["taskArn"] for row in self._second_tasks())]}
        return found

    def _second_tasks(self) -> list[Answer]:
        if self.second is None:
            return []
        return [self._task(at, self.second["taskDefinition"]) for at in (1, 2)]

    def _task(self, at: int, definition: str) -> Answer:
        return {
            "taskArn": f"task/next{at}",
            "taskDefinitionArn": definition,
            "group": "service:hello_next",
            "lastStatus": "RUNNING",
            "startedAt": THEN,
            "createdAt": THEN,
            "containers": [{"name": "hello", "imageDigest": f"sha256:{self.image.rpartition(':')[2]}"}],
        }

    @property
    def image(self) -> str:
        """What the second version was made from."""
        return str(self.definitions[-1]["containerDefinitions"][0]["image"])

    def _tasks(self, asked: Answer) -> Answer:
        own = {row["taskArn"]: row for row in (*self._second_tasks(), *self.stopped)}
        others = [arn for arn in asked["tasks"] if arn not in own]
        rows = self.before["ecs:DescribeTasks"]({"tasks": others})["tasks"]
        return {"tasks": [*rows, *(own[arn] for arn in asked["tasks"] if arn in own)]}

    def _definition(self, asked: Answer) -> Answer:
        if "hello_next" in asked["taskDefinition"]:
            return {"taskDefinition": self.definitions[-1]}
        found: Answer = self.before["ecs:DescribeTaskDefinition"](asked)["taskDefinition"]
        (container,) = found["containerDefinitions"]
        variables = [{"name": "SLIPWAY_IMAGE_TAG", "value": "old"}]
        logs = {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}
        own = {**container, "environment": variables, "logConfiguration": logs}
        return {"taskDefinition": {"containerDefinitions": [own], "cpu": "256"}}

    def _register(self, asked: Answer) -> Answer:
        self.definitions.append(asked)
        return {"taskDefinition": {"taskDefinitionArn": f"{FAMILY}:{len(self.definitions)}"}}

    def _deregister(self, asked: Answer) -> Answer:
        self.gone.append(asked["taskDefinition"])
        return {}

    def _create(self, asked: Answer) -> Answer | Exception:
        if self.second:
            return Refusal("InvalidParameterException", "Creation of service was not idempotent.")
        self.second = self._made(asked)
        return {}

    def _change(self, asked: Answer) -> Answer:
        self.second = self._made(asked)
        return {}

    def _made(self, asked: Answer) -> Answer:
        primary = {
            "id": f"n{len(self.definitions)}",
            "status": "PRIMARY",
            "rolloutState": "COMPLETED",
            "taskDefinition": asked["taskDefinition"],
        }
        return {
            "serviceName": "hello_next",
            "status": "ACTIVE",
            "taskDefinition": asked["taskDefinition"],
            "desiredCount": asked["desiredCount"],
            "deployments": [primary],
        }

    def _delete(self, asked: Answer) -> Answer:
        self.second = None
        return {}

    def _update(self, asked: Answer) -> Answer | Exception:
        before = self.item.get("next", 0)
        found: Answer | Exception = self.before["dynamodb:UpdateItem"](asked)
        if asked["Key"]["pk"]["S"] == "traffic" and self.item.get("next", 0) != before:
            self.weights.append(self.item["next"])
        return found

    def _query(self, asked: Answer) -> Answer:
        if asked["ExpressionAttributeValues"].get(":pk", {}).get("S") != "gateway-tasks":
            found: Answer = self.before["dynamodb:Query"](asked)
            return found
        return {"Items": [pack({"pk": "gateway-tasks", "sk": task, **self._report(task)}) for task in self.gateways]}

    def _report(self, task: str) -> Answer:
        """Each task of the gateway has half of the requests."""
        row: Answer = {"version": "pol-1", "applied": 1.0}
        if task not in self.deaf:
            row["traffic"] = {"hello": self.item.get("revision", 0)}
        if self.item.get("holder"):
            row["versions"] = {name: self._version(name) for name in ("hello", "hello_next")}
        return row

    def _version(self, name: str) -> Answer:
        count, is_second = self.requests[name] // 2, name == "hello_next"
        bound = "500" if is_second and self.slow else "5"
        is_there = self.second is not None or not is_second
        health = {"healthy": self.healthy if is_there else 0, "endpoints": 2 if is_there else 0}
        buckets = {"5": 0, "250": 0, "500": count} if bound == "500" else {"5": count, "250": count, "500": count}
        return {"requests": count, "errors": self.failures[name] // 2, "buckets": buckets, **health}
