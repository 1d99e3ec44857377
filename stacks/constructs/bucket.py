"""An S3 bucket as every bucket here is: private, encrypted, reached over TLS only, emptied by time."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.nag import acknowledge


class Bucket(s3.Bucket):
    """A bucket whose objects expire: prefix -> days.

    It goes with its stack, which CloudFormation only does to an empty bucket; `./poe destroy` empties it first.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, days: Mapping[str, int]) -> None:
        super().__init__(
            scope,
            construct_id,
            bucket_name=name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    prefix=prefix,
                    expiration=cdk.Duration.days(count),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                )
                for prefix, count in days.items()
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        acknowledge(
            self,
            {"AwsSolutions-S1": "Its objects are copies that can be made again; an access log would outlive them."},
        )
