"""The client of Amazon Bedrock that the one call is made with."""

from __future__ import annotations

from typing import Any

from analyzer.assist.conversation import SECONDS


def client(*, region: str | None = None, profile: str | None = None) -> Any:
    """A client that asks once; credentials, region and endpoint as usual for AWS unless given."""
    import botocore.session
    from botocore.config import Config

    config = Config(connect_timeout=3, read_timeout=SECONDS, retries={"total_max_attempts": 1})
    session = botocore.session.Session(profile=profile)
    return session.create_client("bedrock-runtime", region_name=region, config=config)
