"""Where alarms go."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.constructs.arns import arn


class AlarmTopic(sns.Topic):
    """Mails alarms to one address.

    A topic policy replaces the default one, so CloudWatch has to be allowed explicitly next to the rule that
    `enforce_ssl` adds. Source: Amazon CloudWatch user guide, "Set up Amazon SNS notifications".
    """

    def __init__(self, scope: Construct, construct_id: str, *, email: str) -> None:
        super().__init__(scope, construct_id, enforce_ssl=True)
        sns.Subscription(self, "Email", topic=self, protocol=sns.SubscriptionProtocol.EMAIL, endpoint=email)
        self.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic_arn],
                conditions={"ArnLike": {"aws:SourceArn": arn(self, "cloudwatch", "alarm:*")}},
            )
        )
