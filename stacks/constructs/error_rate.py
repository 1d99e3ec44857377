"""An alarm on a share of requests: one lost answer of three is no error rate, so that it asks for some."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.constructs.alarms import GATEWAY_METRICS, MINUTES

PERCENT = 5
LEAST_REQUESTS = 20
"""In a minute."""


class ErrorRate(Construct):
    """More than so many percent of a service's requests are errors, as all tasks of the gateway count them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        dimensions: Mapping[str, str],
        topic_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._dimensions = dimensions
        actions = [topic_arn] if topic_arn else None
        self.resource = cloudwatch.CfnAlarm(
            self,
            "Alarm",
            alarm_name=f"{prefix}-ErrorRate",
            metrics=[
                self._counted("requests", "Requests"),
                self._counted("errors", "Errors"),
                cloudwatch.CfnAlarm.MetricDataQueryProperty(
                    id="rate",
                    expression=f"IF(requests >= {LEAST_REQUESTS}, 100 * FILL(errors, 0) / requests, 0)",
                    label="Errors in percent",
                    return_data=True,
                ),
            ],
            threshold=PERCENT,
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=MINUTES,
            treat_missing_data="notBreaching",
            alarm_actions=actions,
            ok_actions=actions,
        )

    def _counted(self, query: str, metric: str) -> cloudwatch.CfnAlarm.MetricDataQueryProperty:
        named = [
            cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value) for name, value in self._dimensions.items()
        ]
        return cloudwatch.CfnAlarm.MetricDataQueryProperty(
            id=query,
            metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
                metric=cloudwatch.CfnAlarm.MetricProperty(
                    namespace=GATEWAY_METRICS, metric_name=metric, dimensions=named
                ),
                period=60,
                stat="Sum",
            ),
            return_data=False,
        )
