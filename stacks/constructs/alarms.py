"""What is worth waking somebody for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

MINUTES = 3
"""Minutes in a row that have to be bad."""


@dataclass(frozen=True)
class Rule:
    """One alarm: the metric, how a minute of it becomes a number, and the number that is bad."""

    name: str
    namespace: str
    metric: str
    statistic: str
    bad_from: float


RULES = (
    Rule("UnhealthyTasks", "AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", 1),
    Rule("ServerErrors", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", 5),
    Rule("Cpu", "AWS/ECS", "CPUUtilization", "Average", 90),
    Rule("Memory", "AWS/ECS", "MemoryUtilization", "Average", 90),
)


class Alarms(Construct):
    """The alarms of one service; without a topic they only show in CloudWatch.

    `dimensions` maps a metric namespace to the dimensions that pick this service in it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        dimensions: Mapping[str, Mapping[str, str]],
        topic_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        actions = [topic_arn] if topic_arn else None
        for rule in RULES:
            cloudwatch.CfnAlarm(
                self,
                rule.name,
                alarm_name=f"{prefix}-{rule.name}",
                namespace=rule.namespace,
                metric_name=rule.metric,
                statistic=rule.statistic,
                threshold=rule.bad_from,
                comparison_operator="GreaterThanOrEqualToThreshold",
                period=60,
                evaluation_periods=MINUTES,
                treat_missing_data="notBreaching",
                dimensions=[
                    cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
                    for name, value in dimensions[rule.namespace].items()
                ],
                alarm_actions=actions,
                ok_actions=actions,
            )
