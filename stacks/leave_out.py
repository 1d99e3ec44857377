"""What the embedded cloud does not know is left out of its templates, and said."""

from __future__ import annotations

import jsii
from aws_cdk import IAspect
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import IConstruct

from settings import Settings

UNKNOWN = (
    autoscaling.CfnScalableTarget,
    autoscaling.CfnScalingPolicy,
    ec2.CfnEIP,
    ec2.CfnNatGateway,
    ec2.CfnSecurityGroupEgress,
    ec2.CfnSecurityGroupIngress,
)
"""Resource types that MiniStack 1.5 refuses; a test tells when it learns one."""
METRIC_MATH = f"{cloudwatch.CfnAlarm.CFN_RESOURCE_TYPE_NAME} of several metrics"
"""Refused too: it knows alarms of one metric only. Another test tells when it learns this."""


@jsii.implements(IAspect)
class LeaveOut:
    """Removes those resources, and what cannot stand without them. The only code of the stacks that knows of it.

    The count of a service that scales is then named in its template, since no autoscaling holds it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._left_out: set[str] = set()

    @property
    def left_out(self) -> tuple[str, ...]:
        """CloudFormation types of the removed resources, or what is special about them; complete after synthesis."""
        return tuple(sorted(self._left_out))

    def visit(self, node: IConstruct) -> None:
        """Called by the CDK for each construct."""
        if isinstance(node, UNKNOWN):
            self._left_out.add(node.cfn_resource_type)
            self._remove(node)
        elif isinstance(node, cloudwatch.CfnAlarm) and node.metrics is not None:
            self._left_out.add(METRIC_MATH)
            self._remove(node)
        elif isinstance(node, ec2.CfnRoute) and node.nat_gateway_id is not None:
            self._remove(node)
        elif isinstance(node, ecs.CfnService) and node.desired_count is None:
            node.desired_count = self._settings.service(str(node.service_name)).desired

    @staticmethod
    def _remove(node: IConstruct) -> None:
        scope = node.node.scope
        if scope is not None:
            scope.node.try_remove_child(node.node.id)
