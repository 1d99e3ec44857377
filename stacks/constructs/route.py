"""How requests reach a service: its target group and its rule on the shared listener."""

from __future__ import annotations

from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from settings import Service

LAST_PRIORITY = 50_000
"""The last priority that a listener takes; settings allow services one less. Source: CreateRule API."""


class Route(Construct):
    """A target group with quick health checks, and the rule that sends the service's path or host to it.

    A prefix is taken off on the way; requests to a host are passed on as they are. With an alternate target group the
    rule has weights, which are ECS's from the first deployment on: CloudFormation sees no change and leaves them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: Service,
        vpc_id: str,
        listener_arn: str,
        is_shifted: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        self.target_group = self._target_group("Targets", service, vpc_id)
        self.alternate = self._target_group("Alternate", service, vpc_id) if is_shifted else None
        self.rule = elbv2.CfnListenerRule(
            self,
            "Rule",
            listener_arn=listener_arn,
            priority=LAST_PRIORITY if service.route == "/" else service.priority,
            conditions=[_condition(service)],
            actions=[self._forward()],
            transforms=[_strip(service.prefix)] if service.prefix else None,
        )

    def _forward(self) -> elbv2.CfnListenerRule.ActionProperty:
        if self.alternate is None:
            return elbv2.CfnListenerRule.ActionProperty(type="forward", target_group_arn=self.target_group.ref)
        groups = [
            elbv2.CfnListenerRule.TargetGroupTupleProperty(target_group_arn=group.ref, weight=weight)
            for group, weight in ((self.target_group, 100), (self.alternate, 0))
        ]
        weighted = elbv2.CfnListenerRule.ForwardConfigProperty(target_groups=groups)
        return elbv2.CfnListenerRule.ActionProperty(type="forward", forward_config=weighted)

    def _target_group(self, construct_id: str, service: Service, vpc_id: str) -> elbv2.CfnTargetGroup:
        return elbv2.CfnTargetGroup(
            self,
            construct_id,
            vpc_id=vpc_id,
            target_type="ip",
            port=service.port,
            protocol="HTTP",
            health_check_path=service.health_path,
            health_check_interval_seconds=service.health_interval,
            health_check_timeout_seconds=min(5, service.health_interval - 1),
            healthy_threshold_count=2,
            unhealthy_threshold_count=2,
            target_group_attributes=[
                {"key": "deregistration_delay.timeout_seconds", "value": str(service.deregistration_delay)}
            ],
        )


def _condition(service: Service) -> elbv2.CfnListenerRule.RuleConditionProperty:
    if service.host:
        return elbv2.CfnListenerRule.RuleConditionProperty(
            field="host-header",
            host_header_config=elbv2.CfnListenerRule.HostHeaderConfigProperty(values=[service.host]),
        )
    return elbv2.CfnListenerRule.RuleConditionProperty(
        field="path-pattern",
        path_pattern_config=elbv2.CfnListenerRule.PathPatternConfigProperty(values=path_patterns(service.path)),
    )


def path_patterns(path: str) -> list[str]:
    """What a service's path matches on the load balancer."""
    return ["/*"] if path == "/" else [path, f"{path}/*"]


def _strip(prefix: str) -> elbv2.CfnListenerRule.TransformProperty:
    """Takes the prefix off: the service sees `/` for `/hello` and `/a?b` for `/hello/a?b`."""
    return elbv2.CfnListenerRule.TransformProperty(
        type="url-rewrite",
        url_rewrite_config=elbv2.CfnListenerRule.RewriteConfigObjectProperty(
            rewrites=[elbv2.CfnListenerRule.RewriteConfigProperty(regex=strip_regex(prefix), replace="/$1")]
        ),
    )


def strip_regex(prefix: str) -> str:
    """Matches a prefix at the start of a URL and captures what follows its slash."""
    return "^" + prefix.replace(".", r"\.") + "/?(.*)$"
