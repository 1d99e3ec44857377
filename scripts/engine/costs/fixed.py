"""What a resource takes all month, whether or not anybody uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from scripts.engine.costs.tasks import size_of
from scripts.engine.costs.templates import Resource, owner_of, text_of

HOURS = 730
"""Hours of a month: 365 * 24 / 12. AWS's calculator uses the same number."""
CLUSTER_METRICS, SERVICE_METRICS, FAMILY_METRICS = 13, 15, 10
"""Metrics of Container Insights by dimension set, on Fargate, without EBS volumes and restart policies.

Source: CloudWatch user guide, "Amazon ECS Container Insights metrics" and "performance log events".
"""

GATEWAY_SERVICES, GATEWAY_METRICS = "/gateway/services/", 5
"""Path of the services' parameters, and the custom metrics of each service: requests, errors, p50, p95, p99."""
POLICY_ALARMS = 2
"""Alarms that autoscaling makes for a target tracking policy. Source: PutScalingPolicy, examples of its answer."""


@dataclass(frozen=True)
class Item:
    """A quantity a month of one price row: as it is asked for, and the least and the most that autoscaling allows."""

    stack: str
    what: str
    price: str
    quantity: float
    low: float
    high: float

    @property
    def owner(self) -> str:
        """The service that pays for it, or `shared`."""
        return owner_of(self.stack)


def fixed_items(resource: Resource, *, insights: bool) -> list[Item] | None:
    """Its items; None where its properties are not what the price table covers."""
    if resource.kind == "AWS::ECS::Service":
        return _service(resource, insights=insights)
    return KINDS[resource.kind](resource)


def has_insights(everything: Iterable[Resource]) -> bool:
    """Whether a cluster has the standard Container Insights on."""
    return any(_insights(resource) == "enabled" for resource in everything if resource.kind == "AWS::ECS::Cluster")


def _same(resource: Resource, what: str, price: str, quantity: float) -> Item:
    return Item(resource.stack, what, price, quantity, quantity, quantity)


def _service(resource: Resource, *, insights: bool) -> list[Item] | None:
    definition = resource.referred(resource.properties.get("TaskDefinition"))
    size = size_of(definition) if definition else None
    counts = _counts(resource)
    if size is None or counts is None or resource.properties.get("LaunchType") != "FARGATE":
        return None
    name, (asked, low, high) = text_of(resource.properties.get("ServiceName")), counts
    often = f"{low} to {high}" if low != high else str(asked)
    items = [
        Item(resource.stack, f"{name}: {often} x {what}", price, *(each * HOURS * n for n in (asked, low, high)))
        for what, price, each in size.rows(public=_is_public(resource))
    ]
    if insights and high:
        metrics = SERVICE_METRICS + FAMILY_METRICS
        items.append(_same(resource, f"{name}: {metrics} Container Insights metrics", "metric", metrics))
    return items


def _counts(resource: Resource) -> tuple[int, int, int] | None:
    """Tasks as asked for, at least, at most. Where autoscaling holds the count, its least is what is asked for."""
    name = text_of(resource.properties.get("ServiceName"))
    for own in resource.named("AWS::ApplicationAutoScaling::ScalableTarget"):
        if text_of(own.get("ResourceId")).rpartition("/")[2] == name:
            low, high = own.get("MinCapacity"), own.get("MaxCapacity")
            return (low, low, high) if isinstance(low, int) and isinstance(high, int) else None
    count = resource.properties.get("DesiredCount", 1)
    return (count, count, count) if isinstance(count, int) else None


def _is_public(resource: Resource) -> bool:
    network = resource.properties.get("NetworkConfiguration", {}).get("AwsvpcConfiguration", {})
    return bool(network.get("AssignPublicIp") == "ENABLED")


def _load_balancer(resource: Resource) -> list[Item] | None:
    if resource.properties.get("Type", "application") != "application":
        return None
    items = [_same(resource, "Application Load Balancer", "alb", HOURS)]
    if resource.properties.get("Scheme", "internet-facing") == "internet-facing":
        zones = len(resource.properties.get("Subnets", ()))
        items.append(_same(resource, f"{zones} public addresses of the load balancer", "public_ipv4", zones * HOURS))
    return items


def _alarm(resource: Resource) -> list[Item] | None:
    """A standard-resolution alarm is paid for by the metrics that it reads; others have other prices."""
    queries = resource.properties.get("Metrics", [{"MetricStat": resource.properties}])
    periods = [query["MetricStat"].get("Period", 60) for query in queries if "MetricStat" in query]
    if not periods or not all(isinstance(period, int) and period >= 60 for period in periods):
        return None
    return [_same(resource, "metrics of alarms", "alarm", len(periods))]


def _policy(resource: Resource) -> list[Item] | None:
    """Autoscaling makes its own alarms, and they are paid for like any other."""
    tracks = resource.properties.get("PolicyType") == "TargetTrackingScaling"
    return [_same(resource, "alarms of autoscaling", "alarm", POLICY_ALARMS)] if tracks else []


def _cluster(resource: Resource) -> list[Item] | None:
    kind = _insights(resource)
    if kind == "enabled":
        what = f"{CLUSTER_METRICS} Container Insights metrics of the cluster"
        return [_same(resource, what, "metric", CLUSTER_METRICS)]
    return [] if kind in (None, "disabled") else None


def _insights(cluster: Resource) -> str | None:
    rows = cluster.properties.get("ClusterSettings", ())
    return next((str(row.get("Value")) for row in rows if row.get("Name") == "containerInsights"), None)


def _table(resource: Resource) -> list[Item] | None:
    """Nothing where it is on demand; provisioned capacity is not in the price table."""
    return [] if resource.properties.get("BillingMode") == "PAY_PER_REQUEST" else None


def _parameter(resource: Resource) -> list[Item]:
    """A parameter costs nothing; that of a service behind the gateway stands for what the gateway tells of it."""
    if GATEWAY_SERVICES not in text_of(resource.properties.get("Name")):
        return []
    return [_same(resource, f"{GATEWAY_METRICS} metrics of the gateway", "metric", GATEWAY_METRICS)]


def _one(what: str, price: str, quantity: float) -> Callable[[Resource], list[Item] | None]:
    return lambda resource: [_same(resource, what, price, quantity)]


KINDS: Mapping[str, Callable[[Resource], list[Item] | None]] = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": _policy,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::EIP": _one("public address of the NAT gateway", "public_ipv4", HOURS),
    "AWS::EC2::NatGateway": _one("NAT gateway", "nat", HOURS),
    "AWS::ECS::Cluster": _cluster,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _load_balancer,
    "AWS::SSM::Parameter": _parameter,
    "AWS::SecretsManager::Secret": _one("secrets", "secret", 1),
}
"""Resource type -> its items; `AWS::ECS::Service` needs to know of its cluster besides."""


def secrets_read(everything: Iterable[Resource]) -> Iterator[Item]:
    """Secrets that tasks read: they stand outside of the stacks, and each is paid for once."""
    seen: set[str] = set()
    for resource in everything:
        for container in resource.properties.get("ContainerDefinitions", ()):
            for row in container.get("Secrets", ()):
                name = _secret_name(text_of(row.get("ValueFrom")))
                if name and name not in seen:
                    seen.add(name)
                    yield _same(resource, f"secret {name}", "secret", 1)


def _secret_name(reference: str) -> str | None:
    """Name of a secret of Secrets Manager; None for a parameter of Systems Manager, which costs nothing."""
    return reference.partition(":secret:")[2].partition(":")[0] if ":secretsmanager:" in reference else None
