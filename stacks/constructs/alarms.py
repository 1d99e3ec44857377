"""What is worth waking somebody for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

Dimensions = Mapping[str, Mapping[str, str]]
"""Metric namespace -> the dimensions that pick one service in it."""
MINUTES = 3
"""Minutes in a row that have to be bad."""


@dataclass(frozen=True)
class Rule:
    """One alarm: the metric, how a minute of it becomes a number, and the number that is bad."""

    name: str
    namespace: str
    metric: str
    statistic: str
    bad: float
    """From this number on, or up to it where `low`."""
    low: bool = False
    minutes: int = MINUTES


GATEWAY_METRICS = "Slipway/Gateway"
"""Namespace of what the gateway tells; `envoy/agent/metrics.py` makes it."""
HEALTH = (Rule("UnhealthyTasks", "AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", 1),)
REQUESTS = (*HEALTH, Rule("ServerErrors", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", 5))
"""Of what the load balancer sends by itself; it counts no request of a service behind the gateway."""
LOAD = (
    Rule("Cpu", "AWS/ECS", "CPUUtilization", "Average", 90),
    Rule("Memory", "AWS/ECS", "MemoryUtilization", "Average", 90),
)
DROPPED = (Rule("SchedulesDropped", "AWS/Scheduler", "InvocationDroppedCount", "Sum", 1, minutes=1),)
"""A schedule whose task could not be started in the end. Source: EventBridge Scheduler user guide, "Monitoring"."""


def slow_answers(milliseconds: int | None) -> tuple[Rule, ...]:
    """The slowest task of the gateway counts: percentiles of several cannot be added."""
    if milliseconds is None:
        return ()
    return (Rule("SlowAnswers", GATEWAY_METRICS, "P95", "Maximum", milliseconds),)


def missing_workers(desired: int) -> tuple[Rule, ...]:
    """Nobody's requests fail when a worker stands still, so that fewer run than wanted is told by itself."""
    if desired == 0:
        return ()
    return (Rule("Running", "ECS/ContainerInsights", "RunningTaskCount", "Average", desired - 1, low=True),)


class Alarms(Construct):
    """Alarms of one service or worker; without a topic they only show in CloudWatch.

    No data is bad where a low number is: a
    service without tasks may report none. Source: ECS developer guide, "CloudWatch metrics".
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        rules: Iterable[Rule],
        dimensions: Dimensions,
        topic_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        actions = [topic_arn] if topic_arn else None
        self.resources = {
            rule.name: cloudwatch.CfnAlarm(
                self,
                rule.name,
                alarm_name=f"{prefix}-{rule.name}",
                namespace=rule.namespace,
                metric_name=rule.metric,
                statistic=rule.statistic,
                threshold=rule.bad,
                comparison_operator=f"{'LessThan' if rule.low else 'GreaterThan'}OrEqualToThreshold",
                period=60,
                evaluation_periods=rule.minutes,
                treat_missing_data="breaching" if rule.low else "notBreaching",
                dimensions=[
                    cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
                    for name, value in dimensions[rule.namespace].items()
                ],
                alarm_actions=actions,
                ok_actions=actions,
            )
            for rule in rules
        }
