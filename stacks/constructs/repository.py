"""Where a service's images are kept, and for how long."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from constructs import Construct

KEPT_LIVE = 50
"""Images that ran or may be rolled back to: tagged `live-...`."""
KEPT = 10
"""Other images."""


class ServiceRepository(ecr.Repository):
    """The image repository of one service: tags never move, images are scanned, old ones expire.

    An image that matches a rule's tags cannot be expired by a rule of lower priority, so the first rule shields the
    `live-` images from the second. Source: Amazon ECR user guide, "Lifecycle policies", evaluation rules.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str) -> None:
        super().__init__(
            scope,
            construct_id,
            repository_name=name,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[
                ecr.LifecycleRule(
                    rule_priority=1,
                    description="Keep images that run or are rollback targets",
                    tag_prefix_list=["live-"],
                    max_image_count=KEPT_LIVE,
                ),
                ecr.LifecycleRule(
                    rule_priority=2,
                    description="Keep the newest of the others",
                    tag_status=ecr.TagStatus.ANY,
                    max_image_count=KEPT,
                ),
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
            empty_on_delete=True,
        )
