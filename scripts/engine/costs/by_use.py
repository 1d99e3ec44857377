"""What is paid by use: the price rows that count once something is used, and estimates for stated amounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scripts.engine.costs.prices import Prices
from scripts.engine.costs.tasks import Size, size_of
from scripts.engine.costs.templates import Resource

FUNCTION = "AWS::Lambda::Function"
KINDS: Mapping[str, tuple[str, ...]] = {
    "AWS::DynamoDB::Table": ("dynamodb_write", "dynamodb_read", "dynamodb_storage", "dynamodb_pitr"),
    "AWS::EC2::NatGateway": ("nat_data",),
    "AWS::ECR::Repository": ("ecr_storage",),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("alb_capacity", "data_out", "data_zones"),
    FUNCTION: ("lambda_requests",),
    "AWS::Logs::LogGroup": ("logs_ingest", "logs_storage"),
    "AWS::S3::Bucket": ("s3_storage",),
    "AWS::SSM::Parameter": ("metric",),
    "AWS::Scheduler::Schedule": ("scheduler",),
    "AWS::SecretsManager::Secret": ("secret_calls",),
}
WORDS = {
    "alb_capacity": "load balancer capacity",
    "data_out": "data to the internet",
    "data_zones": "data between availability zones",
    "dynamodb_pitr": "point-in-time recovery of tables",
    "dynamodb_read": "reads of tables",
    "dynamodb_storage": "data in tables",
    "dynamodb_write": "writes to tables",
    "ecr_storage": "images",
    "lambda_arm": "analyzer, run time",
    "lambda_requests": "analyzer, calls",
    "lambda_x86": "analyzer, run time",
    "logs_ingest": "log lines, written",
    "logs_storage": "log lines, kept",
    "metric": "metrics of policies that decide something",
    "nat_data": "data through the NAT gateway",
    "s3_storage": "objects of the analyzer",
    "scheduler": "starts of schedules",
    "secret_calls": "reads of secrets",
}
"""Price row -> what it is paid for."""
CONNECTIONS, GIGABYTES = 90_000, 1
"""What an LCU-hour takes: 25 new connections a second, a GB. Source: Elastic Load Balancing pricing, LCU details."""


@dataclass(frozen=True)
class TaskHour:
    """A task that only runs at times, such as a release command or a schedule."""

    stack: str
    family: str
    size: Size


@dataclass(frozen=True)
class Usage:
    """Amounts a month that somebody expects; None where nothing was said."""

    requests: float | None = None
    gb_out: float | None = None
    log_gb: float | None = None


@dataclass(frozen=True)
class Estimate:
    """One row of an estimate: a quantity a month of a price row."""

    price: str
    quantity: float
    how: str


def rows_by_use(everything: Iterable[Resource]) -> tuple[str, ...]:
    """The price rows that these resources may need, in the order of the table of kinds."""
    found = {row: None for resource in everything for row in _rows(resource)}
    return tuple(row for row in WORDS if row in found)


def _rows(resource: Resource) -> tuple[str, ...]:
    rows = KINDS.get(resource.kind, ())
    if resource.kind == FUNCTION:
        arm = "arm64" in resource.properties.get("Architectures", ())
        return (*rows, "lambda_arm" if arm else "lambda_x86")
    kept = resource.properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled")
    return tuple(row for row in rows if row != "dynamodb_pitr" or kept)


def task_hours(everything: Iterable[Resource]) -> Iterator[TaskHour]:
    """Task definitions that no ECS service runs."""
    for resource in everything:
        if resource.kind == "AWS::ECS::TaskDefinition" and not _is_run_by_a_service(resource):
            size = size_of(resource.properties)
            if size is not None:
                yield TaskHour(resource.stack, str(resource.properties.get("Family", resource.stack)), size)


def _is_run_by_a_service(definition: Resource) -> bool:
    services = definition.named("AWS::ECS::Service")
    return any(definition.referred(own.get("TaskDefinition")) is definition.properties for own in services)


def hour_price(prices: Prices, size: Size, *, public: bool) -> float:
    """US dollars of one hour of a task; raises Refused where a price is missing."""
    return sum(prices.of(row).usd * each for _, row, each in size.rows(public=public))


def estimates(usage: Usage, retention_days: int) -> list[Estimate]:
    """What the stated amounts take; each request counts as a new connection, the dearest case."""
    found = []
    if usage.requests is not None or usage.gb_out is not None:
        hours = max((usage.requests or 0) / CONNECTIONS, (usage.gb_out or 0) / GIGABYTES)
        found.append(Estimate("alb_capacity", hours, "the larger of requests / 90,000 and GB out"))
    if usage.gb_out is not None:
        found.append(Estimate("data_out", usage.gb_out, "GB out"))
    if usage.log_gb is not None:
        found.append(Estimate("logs_ingest", usage.log_gb, "GB of log lines"))
        months = retention_days * 24 / 730
        found.append(Estimate("logs_storage", usage.log_gb * months, f"kept {retention_days} days, not compressed"))
    return found
