"""How to reach a target: endpoint, credentials, registry, Docker client and load balancer, as plain data.

Whoever opens a session makes one (`scripts/session.py` for AWS, `scripts/local/` for the embedded cloud); the engine
only uses it, so that nothing below has to ask which kind of target it talks to.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Connection:
    """Everything that differs between two targets besides their settings."""

    account: str
    region: str
    registry_host: str
    """What image references start with, for pushes and for task definitions."""
    docker: tuple[str, ...] = ("docker",)
    """Words that start a Docker client able to build with BuildKit."""
    docker_env: tuple[tuple[str, str], ...] = ()
    """Environment the client needs, such as DOCKER_BUILDKIT=1 or DOCKER_HOST."""
    endpoint_url: str | None = None
    profile: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    cdk_env: tuple[tuple[str, str], ...] = ()
    """Environment that points the CDK CLI at this target."""
    load_balancer_url: str = "http://{dns}"
    """Format of the base URL of a load balancer by its own name; knows `{dns}` and `{name}`."""
    registry_cache: bool = True
    """Whether builds keep their layer cache in the registry."""
    registry_login: bool = True
    """Whether the registry wants `docker login` with an authorization token first."""
    deploy_role_arn: str | None = None
    """CDK bootstrap's deploy role, assumed for CloudFormation calls as the CDK CLI does."""
    build_secrets: tuple[tuple[str, str], ...] = ()
    """BuildKit secrets as (id, file), such as the host's CA bundle."""
    exists: bool = True
    """False for an embedded cloud that was never started: nothing is deployed there, and there is nobody to ask."""
    notices: tuple[str, ...] = ()
    """What a person should know about this session, such as stand-in base images in use."""
