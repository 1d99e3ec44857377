"""Two apps of one target: neither may read, write or run anything of the other's.

Their names, and those of their secrets, begin alike: a pattern that is too wide would match both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any

import pytest

from settings import Service
from settings.model import Schedule, Worker, stack_keys_of
from tests.stacks.conftest import Synthesis, make_settings, synthesise
from tests.stacks.iam import Role, roles_of

GROUP = "AWS::EC2::SecurityGroup"
NAMED = ("AlarmName", "Family", "GroupName", "LogGroupName", "Name", "PolicyName", "RepositoryName", "ServiceName")
"""Properties that name a resource for the whole account."""


def app(name: str, secret: str, priority: int) -> Service:
    """An app that has everything."""
    return Service(
        name=name,
        source="examples/hello",
        path=f"/{name}",
        priority=priority,
        secrets=(("KEY", f"ssm:/{secret}/key"), ("PASSWORD", f"secretsmanager:{secret}")),
        release="migrate",
        workers=(Worker("mail", "work"),),
        schedules=(Schedule("nightly", "report", "rate(1 day)"),),
    )


APPS = (app("shop", "shop", 200), app("shop-admin", "shop-admin", 201), app("s", "shop-a", 202))


@dataclass(frozen=True)
class App:
    """One app's side of the synthesis."""

    synthesis: Synthesis
    service: Service

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        """Stack name -> template."""
        settings = self.synthesis.settings
        return {settings.stack_name(key): self.synthesis.template(key) for key in stack_keys_of(self.service)}

    @cached_property
    def roles(self) -> dict[str, Role]:
        """`stack/logical id` -> role."""
        account = self.synthesis.settings.target.account
        return {
            f"{stack}/{name}": role
            for stack, template in self.templates.items()
            for name, role in roles_of(stack, template, account).items()
        }

    def roles_like(self, part: str) -> list[Role]:
        """Roles whose logical id has that part."""
        return [role for name, role in self.roles.items() if part in name.partition("/")[2]]

    def requests(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        """What would read, write or run something of this app: action, resource, context."""
        for role in self.roles.values():
            yield "iam:PassRole", role.arn, {"iam__PassedToService": "ecs-tasks.amazonaws.com"}
        for family in self.families:
            task = self._arn("ecs", f"task-definition/{family}:7")
            yield "ecs:RunTask", task, {"ecs__cluster": self._arn("ecs", f"cluster/{self.synthesis.settings.cluster}")}
        yield from self.reads()

    def reads(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        """The requests of a task that starts."""
        for _, text in self.service.secrets:
            store, name = text.split(":")
            if store == "ssm":
                yield "ssm:GetParameters", self._arn("ssm", f"parameter{name}"), {}
            else:
                yield "secretsmanager:GetSecretValue", self._arn("secretsmanager", f"secret:{name}-AbC123"), {}
        repository = self._arn("ecr", f"repository/{self.synthesis.settings.repository(self.service.name)}")
        yield from ((action, repository, {}) for action in ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"))

    def writes(self) -> Iterator[tuple[str, str]]:
        """Log streams."""
        for template in self.templates.values():
            for resource in template["Resources"].values():
                if resource["Type"] == "AWS::Logs::LogGroup":
                    group = resource["Properties"]["LogGroupName"]
                    yield "logs:PutLogEvents", self._arn("logs", f"log-group:{group}:log-stream:a/b/c")

    @property
    def families(self) -> set[str]:
        """Of all its task definitions."""
        found = (row for template in self.templates.values() for row in template["Resources"].values())
        return {row["Properties"]["Family"] for row in found if row["Type"] == "AWS::ECS::TaskDefinition"}

    def _arn(self, service: str, resource: str) -> str:
        target = self.synthesis.settings.target
        return f"arn:aws:{service}:{target.region}:{target.account}:{resource}"


@pytest.fixture
def apps(variant: str) -> list[App]:
    """The apps on each target variant."""
    synthesis = synthesise(make_settings(variant, APPS))
    return [App(synthesis, service) for service in APPS]


def test_no_role_of_one_app_reaches_anything_of_another(apps: list[App]) -> None:
    for one, other in permutations(apps, 2):
        for name, role in one.roles.items():
            reached = [
                (action, what) for action, what, context in other.requests() if role.may(action, what, **context)
            ]
            reached += [request for request in other.writes() if role.may(*request)]
            assert reached == [], name


def test_an_app_reaches_its_own(apps: list[App]) -> None:
    for one in apps:
        executions = one.roles_like("Execution")
        assert len(executions) == 2
        for role in executions:
            assert all(role.may(action, what) for action, what, _ in one.reads())
        assert all(any(role.may(*request) for role in executions) for request in one.writes())


def test_the_release_command_and_the_service_write_to_their_own_logs_only(apps: list[App]) -> None:
    for one in apps:
        groups = list(one.writes())
        assert len(groups) == 2
        assert [sum(role.may(*request) for request in groups) for role in one.roles_like("Execution")] == [1, 1]


def test_a_schedule_runs_its_own_task_in_its_cluster_and_nothing_else(apps: list[App]) -> None:
    for one in apps:
        (role,) = one.roles_like("Schedules")
        allowed = [(action, what) for action, what, context in one.requests() if role.may(action, what, **context)]
        runs = [what for action, what in allowed if action == "ecs:RunTask"]
        assert [what.rpartition("/")[2] for what in runs] == [
            f"{one.synthesis.settings.prefix}-{one.service.name}-nightly:7"
        ]
        assert {what for action, what in allowed if action == "iam:PassRole"} == {
            other.arn for name, other in one.roles.items() if "Task" in name and "-service-" in name
        }
        assert not role.may("ecs:RunTask", runs[0], ecs__cluster="arn:aws:ecs:eu-central-1:111111111111:cluster/other")


def test_code_may_do_nothing_by_itself(apps: list[App]) -> None:
    for one in apps:
        tasks = one.roles_like("RolesTask")
        assert [role.statements for role in tasks] == [(), ()]


def test_the_only_wildcard_is_the_registrys_token(apps: list[App]) -> None:
    for one in apps:
        for role in one.roles.values():
            wide = [one for one in role.statements if "*" in json.dumps(one["Resource"]).strip('"[]').split('", "')]
            assert all(statement["Action"] == "ecr:GetAuthorizationToken" for statement in wide)


def test_roles_are_for_tasks_of_this_account_and_schedules_of_this_group(apps: list[App]) -> None:
    for one in apps:
        for name, role in one.roles.items():
            (trust,) = role.trust
            wanted = "scheduler.amazonaws.com" if "Schedules" in name else "ecs-tasks.amazonaws.com"
            assert trust["Principal"] == {"Service": wanted}
            (condition,) = trust["Condition"].values()
            source = condition["aws:SourceArn"]
            if "Schedules" in name:
                assert source.endswith(f":schedule-group/{one.synthesis.settings.prefix}-{one.service.name}")
            assert f":{one.synthesis.settings.target.account}:" in source


def test_only_the_load_balancer_talks_to_tasks(apps: list[App]) -> None:
    for one in apps:
        groups = [
            resource["Properties"]
            for template in one.templates.values()
            for resource in template["Resources"].values()
            if resource["Type"] == GROUP
        ]
        inward = [rule for group in groups for rule in group.get("SecurityGroupIngress", [])]
        assert len(groups) == 3
        assert len(inward) == 1
        assert "WebSecurityGroup" in json.dumps(inward[0]["SourceSecurityGroupId"])


def test_nothing_is_shared_but_the_platform(apps: list[App]) -> None:
    platform = apps[0].synthesis.settings.stack_name("platform")
    names: dict[str, str] = {}
    for one in apps:
        for stack, template in one.templates.items():
            text = json.dumps(template)
            assert "Fn::ImportValue" not in text
            assert set(re.findall(r'"StackName": "([^"]+)"', text)) == {platform}
            for kind, name in _names(template):
                assert names.setdefault(f"{kind} {name}", stack) == stack


def test_a_leak_would_be_seen(apps: list[App]) -> None:
    """The evaluation itself: a policy that is a little too wide lets the other app in."""
    one, other = apps[0], apps[1]
    stack, template = next(iter(one.templates.items()))
    wide = json.loads(json.dumps(template).replace("secret:shop-??????", "secret:shop-*"))
    assert wide != template
    account = one.synthesis.settings.target.account
    leaks = [action for role in roles_of(stack, wide, account).values() for action, _ in allowed(role, other)]
    assert leaks == ["secretsmanager:GetSecretValue"]


def allowed(role: Role, app: App) -> Iterator[tuple[str, str]]:
    """The requests on an app's things that a role may make: action, resource."""
    return ((action, what) for action, what, context in app.requests() if role.may(action, what, **context))


def _names(template: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for resource in template["Resources"].values():
        for key in NAMED:
            name = resource.get("Properties", {}).get(key)
            if isinstance(name, str) and not (key == "GroupName" and resource["Type"] == "AWS::Scheduler::Schedule"):
                yield resource["Type"], name
