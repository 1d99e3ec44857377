"""How ECS itself shifts requests from one version to the next: it changes the weights of the service's listener rule.

Each version has a target group of its own, and they take turns. ECS needs a role that may change the rule and register
targets. Source: ECS developer guide, "Required resources for Amazon ECS blue/green deployments".
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.route import Route
from stacks.nag import acknowledge

BAKE_MINUTES = 2
"""Minutes that the old version is kept beside the new one, which has all requests."""
CANARY_PERCENT, CANARY_MINUTES = 10, 2
"""A canary's first share of the requests, and how long it has no more."""
ROLE_POLICY = "AmazonECSInfrastructureRolePolicyForLoadBalancers"


class Shifting(Construct):
    """What a service's deployments need for that; `strategy` is `blue-green` or `canary`.

    An alarm while the version is watched takes ECS back to the old one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        strategy: str,
        route: Route,
        alarms: Sequence[cloudwatch.CfnAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self._strategy, self._route, self.alarms = strategy, route, alarms
        self._role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(ROLE_POLICY)],
        )
        finding = f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{ROLE_POLICY}]"
        acknowledge(self._role, {finding: "ECS asks for this policy."})

    @property
    def deployment_configuration(self) -> ecs.CfnService.DeploymentConfigurationProperty:
        """Both versions at full strength."""
        is_canary = self._strategy == "canary"
        canary = ecs.CfnService.CanaryConfigurationProperty(
            canary_percent=CANARY_PERCENT, canary_bake_time_in_minutes=CANARY_MINUTES
        )
        return ecs.CfnService.DeploymentConfigurationProperty(
            strategy="CANARY" if is_canary else "BLUE_GREEN",
            bake_time_in_minutes=BAKE_MINUTES,
            canary_configuration=canary if is_canary else None,
            minimum_healthy_percent=100,
            maximum_percent=200,
            deployment_circuit_breaker=ecs.CfnService.DeploymentCircuitBreakerProperty(enable=True, rollback=True),
            alarms=ecs.CfnService.DeploymentAlarmsProperty(
                alarm_names=[alarm.ref for alarm in self.alarms], enable=True, rollback=True
            ),
        )

    @property
    def advanced_configuration(self) -> ecs.CfnService.AdvancedConfigurationProperty:
        """The second target group, the rule, and the role."""
        alternate = self._route.alternate
        if alternate is None:
            raise ValueError("a route with one target group leaves nothing to shift")
        return ecs.CfnService.AdvancedConfigurationProperty(
            alternate_target_group_arn=alternate.ref,
            production_listener_rule=self._route.rule.ref,
            role_arn=self._role.role_arn,
        )
