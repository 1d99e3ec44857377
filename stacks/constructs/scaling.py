"""Autoscaling of a service between its minimum and maximum."""

from __future__ import annotations

from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from settings import Service

TARGETS = {"ECSServiceAverageCPUUtilization": 70, "ECSServiceAverageMemoryUtilization": 80}
"""Predefined metric -> percent that autoscaling holds it at."""
OUT_COOLDOWN, IN_COOLDOWN = 30, 120
"""Seconds: quick to grow, slow to shrink."""


class Scaling(Construct):
    """Follows CPU and memory, whichever asks for more tasks."""

    def __init__(
        self, scope: Construct, construct_id: str, *, service: Service, cluster: str, resource: ecs.CfnService
    ) -> None:
        super().__init__(scope, construct_id)
        target = autoscaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{cluster}/{service.name}",
            min_capacity=service.min,
            max_capacity=service.max,
        )
        target.add_resource_dependency(resource)
        for metric, percent in TARGETS.items():
            autoscaling.CfnScalingPolicy(
                self,
                metric,
                policy_name=f"{cluster}-{service.name}-{metric}",
                policy_type="TargetTrackingScaling",
                scaling_target_id=target.ref,
                target_tracking_scaling_policy_configuration={
                    "predefinedMetricSpecification": {"predefinedMetricType": metric},
                    "targetValue": percent,
                    "scaleOutCooldown": OUT_COOLDOWN,
                    "scaleInCooldown": IN_COOLDOWN,
                },
            )
