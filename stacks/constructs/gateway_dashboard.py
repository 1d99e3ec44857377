"""One page about the gateway and what is behind it.

Services and policies come and go without a deploy of this stack, so graphs search for them instead of naming them.
Source: CloudWatch user guide, "Dashboard body structure and syntax" and "Search expression syntax".
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from settings import Settings
from settings.model import GATEWAY
from stacks.constructs.alarms import GATEWAY_METRICS

PERIOD = 60
WIDTH, HEIGHT, COLUMNS = 12, 6, 24
"""Of a graph, in units of the page's grid, which has 24 columns."""

Json = dict[str, Any]


class GatewayDashboard(Construct):
    """Graphs of requests, errors, times, decisions, and of the tasks that serve."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, load_balancer: str) -> None:
        super().__init__(scope, construct_id)
        self._target, self._region = settings.prefix, settings.target.region
        balancer = f'LoadBalancer="{load_balancer}"'
        gateway = ["ClusterName", settings.cluster, "ServiceName", GATEWAY]
        graphs = [
            self._graph("Requests", self._of_services("Requests", "Sum")),
            self._graph("Errors", self._of_services("Errors", "Sum")),
            self._graph("Answers: p50", self._of_services("P50", "Average")),
            self._graph("Answers: p95", self._of_services("P95", "Maximum")),
            self._graph("Answers: p99", self._of_services("P99", "Maximum")),
            self._graph("Requests that policies allowed", self._of_policies("Allowed")),
            self._graph("Requests that policies denied", self._of_policies("Denied")),
            self._graph(
                "Errors of the load balancer itself",
                ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", load_balancer, {"stat": "Sum"}],
            ),
            self._graph(
                "Gateway: CPU and memory, %",
                ["AWS/ECS", "CPUUtilization", *gateway, {"stat": "Average"}],
                ["AWS/ECS", "MemoryUtilization", *gateway, {"stat": "Average"}],
            ),
            self._graph(
                "Running tasks",
                search(
                    f'{{ECS/ContainerInsights,ClusterName,ServiceName}} ClusterName="{settings.cluster}" '
                    'MetricName="RunningTaskCount"',
                    "Average",
                    label="ServiceName",
                ),
            ),
            self._graph(
                "Tasks that the load balancer finds healthy",
                search(
                    f'{{AWS/ApplicationELB,LoadBalancer,TargetGroup}} {balancer} MetricName="HealthyHostCount"',
                    "Minimum",
                    label="TargetGroup",
                ),
            ),
        ]
        body = {"widgets": [{**graph, **_place(at)} for at, graph in enumerate(graphs)]}
        self.resource = cloudwatch.CfnDashboard(
            self,
            "Dashboard",
            dashboard_name=f"{settings.prefix}-gateway",
            dashboard_body=cdk.Stack.of(self).to_json_string(body),
        )

    def _of_services(self, metric: str, statistic: str) -> list[Any]:
        return self._ours("Service", metric, statistic)

    def _of_policies(self, metric: str) -> list[Any]:
        return self._ours("Policy", metric, "Sum")

    def _ours(self, dimension: str, metric: str, statistic: str) -> list[Any]:
        schema = f"{{{GATEWAY_METRICS},Target,{dimension}}}"
        words = f'{schema} Target="{self._target}" MetricName="{metric}"'
        return search(words, statistic, label=dimension)

    def _graph(self, title: str, *metrics: list[Any]) -> Json:
        properties = {
            "title": title,
            "region": self._region,
            "view": "timeSeries",
            "period": PERIOD,
            "metrics": list(metrics),
        }
        return {"type": "metric", "properties": properties}


def search(words: str, statistic: str, *, label: str) -> list[Any]:
    """A row of a graph: all metrics that are found, each named by one of its dimensions."""
    expression = f"SEARCH('{words}', '{statistic}', {PERIOD})"
    return [{"expression": expression, "label": f"${{PROP('Dim.{label}')}}"}]


def _place(at: int) -> Json:
    in_a_row = COLUMNS // WIDTH
    return {"x": at % in_a_row * WIDTH, "y": at // in_a_row * HEIGHT, "width": WIDTH, "height": HEIGHT}
