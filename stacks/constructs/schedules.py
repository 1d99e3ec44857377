"""Processes that run by the clock: EventBridge Scheduler starts a task of the service's image."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from settings import Service, Settings
from settings.model import Schedule
from stacks.constructs.arns import arn
from stacks.constructs.placement import Placement
from stacks.constructs.process import Process, beside_web
from stacks.constructs.task import Task
from stacks.nag import acknowledge

RETRIES = {"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 900}
"""For a task that could not be started; one that was started and failed waits for its next time."""


class Schedules(Construct):
    """The schedules of one service in a group of their own, each with a role that may start its task and nothing else.

    The group bounds who may use those roles, and picks the schedules' metrics.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, service: Service, task: Task
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._service, self._task = settings, service, task
        self._cluster = arn(self, "ecs", f"cluster/{settings.cluster}")
        self.group_name = f"{settings.prefix}-{service.name}"
        self._group = scheduler.CfnScheduleGroup(self, "Group", name=self.group_name)

    def add(self, schedule: Schedule, placement: Placement) -> None:
        """One more schedule, whose tasks run where the placement says."""
        process = beside_web(self._service, schedule)
        scope = Construct(self, schedule.name)
        scheduler.CfnSchedule(
            scope,
            "Schedule",
            name=process.container,
            group_name=self._group.ref,
            schedule_expression=schedule.schedule,
            schedule_expression_timezone="UTC",
            flexible_time_window={"mode": "OFF"},
            state="ENABLED",
            target={
                "arn": self._cluster,
                "roleArn": self._role(scope, process).role_arn,
                "retryPolicy": RETRIES,
                "ecsParameters": {
                    "group": f"schedule:{process.container}",
                    "launchType": "FARGATE",
                    "networkConfiguration": placement.network_configuration(),
                    "taskCount": 1,
                    "taskDefinitionArn": self._task.definition(scope, process).ref,
                },
            },
        )

    def _role(self, scope: Construct, process: Process) -> iam.Role:
        """May start any revision of the family: each rollout brings a new one, and the role would change with it."""
        family = arn(self, "ecs", f"task-definition/{self._settings.prefix}-{process.family}:*")
        roles = self._task.roles
        run = iam.PolicyStatement(
            actions=["ecs:RunTask"], resources=[family], conditions={"ArnEquals": {"ecs:cluster": self._cluster}}
        )
        hand_over = iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[roles.execution.role_arn, roles.task.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        )
        role = iam.Role(
            scope,
            "Role",
            assumed_by=self._this_group(),
            inline_policies={"run": iam.PolicyDocument(statements=[run, hand_over])},
        )
        acknowledge(role, {f"AwsSolutions-IAM5[Resource::{family}]": "Each rollout brings a new revision."})
        return role

    def _this_group(self) -> iam.IPrincipal:
        """Scheduler, for this group. Source: EventBridge Scheduler user guide, "Confused deputy prevention"."""
        group = arn(self, "scheduler", f"schedule-group/{self.group_name}")
        return iam.ServicePrincipal("scheduler.amazonaws.com", conditions={"ArnEquals": {"aws:SourceArn": group}})
