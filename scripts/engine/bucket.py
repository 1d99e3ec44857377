"""Empties the analyzer's bucket: CloudFormation deletes only a bucket that holds nothing."""

from __future__ import annotations

from typing import Any

from scripts.engine.aws import Aws, error_code, translated


def empty(aws: Aws, bucket: str, owner: str) -> int:
    """Delete every object of a bucket that belongs to an account; returns their number, 0 for no such bucket."""
    client = aws.client("s3")
    deleted = 0
    with translated(f"empty the bucket {bucket}"):
        try:
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, ExpectedBucketOwner=owner):
                deleted += _delete(client, bucket, owner, [row["Key"] for row in page.get("Contents", [])])
        except client.exceptions.ClientError as error:
            if error_code(error) != "NoSuchBucket":
                raise
    return deleted


def _delete(client: Any, bucket: str, owner: str, keys: list[str]) -> int:
    """One page, which has as many keys as one call may delete."""
    if keys:
        wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        client.delete_objects(Bucket=bucket, Delete=wanted, ExpectedBucketOwner=owner)
    return len(keys)
