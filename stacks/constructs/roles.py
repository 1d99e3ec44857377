"""The two roles of a task: the one that starts it and the one that its code runs as."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

from settings import Service, Settings
from stacks.constructs import gateway_access
from stacks.constructs.arns import arn
from stacks.constructs.log_group import LogGroup
from stacks.constructs.secrets import read_statements
from stacks.nag import acknowledge

PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


class TaskRoles(Construct):
    """`execution` pulls this service's images, reads its secrets and writes its logs; `task` may do nothing, but
    that of the gateway reads policies and what there is to route to, and reports.

    Policies are inline, so that they exist before the first task starts. The path is the log group's name: the names
    are CloudFormation's, and who may hand the roles to ECS has to name them in a policy.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, service: Service, log_group: LogGroup
    ) -> None:
        super().__init__(scope, construct_id)
        secrets = read_statements(self, service)
        self.execution = iam.Role(
            self,
            "Execution",
            path=f"{log_group.name}/",
            assumed_by=self._tasks_of_this_account(),
            inline_policies={
                "pull": self._pull(settings.repository(service.name)),
                "logs": iam.PolicyDocument(statements=[log_group.write_statement()]),
                **({"secrets": iam.PolicyDocument(statements=secrets)} if secrets else {}),
            },
        )
        self.task = iam.Role(
            self,
            "Task",
            path=f"{log_group.name}/",
            assumed_by=self._tasks_of_this_account(),
            inline_policies=self._of_gateway(settings) if service == settings.gateway else None,
        )
        if service == settings.gateway:
            acknowledge(self.task, gateway_access.reasons(self, settings))
        acknowledge(
            self.execution,
            {
                "AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken takes no resource.",
                f"AwsSolutions-IAM5[Resource::{log_group.streams_arn}]": "ECS names the streams of this log group.",
            },
        )

    def _tasks_of_this_account(self) -> iam.IPrincipal:
        """ECS, but only for tasks of this account. Source: ECS developer guide, "Task IAM role", confused deputy."""
        return iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com", conditions={"ArnLike": {"aws:SourceArn": arn(self, "ecs", "*")}}
        )

    def _of_gateway(self, settings: Settings) -> dict[str, iam.PolicyDocument]:
        return {
            "policies": iam.PolicyDocument(statements=gateway_access.policy_statements(self, settings)),
            "routes": iam.PolicyDocument(statements=gateway_access.route_statements(self, settings)),
        }

    def _pull(self, repository: str) -> iam.PolicyDocument:
        return iam.PolicyDocument(
            statements=[
                iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
                iam.PolicyStatement(actions=PULL, resources=[arn(self, "ecr", f"repository/{repository}")]),
            ]
        )
