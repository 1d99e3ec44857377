"""Clients of AWS, made when first used and kept for the life of the function.

botocore without boto3: boto3 also loads the S3 transfer manager and resources, which nothing here uses.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _session() -> Any:
    import botocore.session

    return botocore.session.get_session()


@cache
def client(service: str) -> Any:
    """The client of an AWS service; a call is tried twice, so that one that hangs leaves time for the work."""
    from botocore.config import Config

    config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
    return _session().create_client(service, config=config)
