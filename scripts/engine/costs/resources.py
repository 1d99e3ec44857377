"""From templates to quantities: what runs all month, what is paid by use, and what is not known.

A resource type is in the table of `fixed`, in that of `by_use`, in both, or in `FREE`. Any other type, and any resource
whose properties the price table does not cover, is reported as unknown and never taken for free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from scripts.engine.costs import by_use, fixed
from scripts.engine.costs.by_use import TaskHour, rows_by_use, task_hours
from scripts.engine.costs.fixed import Item, fixed_items, has_insights, secrets_read
from scripts.engine.costs.templates import Resource, Template, resources

FREE = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::CDK::Metadata",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ECS::TaskDefinition",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",  # alarms are mailed: the first 1,000 mails of a month are free
        "AWS::SNS::TopicPolicy",
        "AWS::Scheduler::ScheduleGroup",
    }
)


@dataclass(frozen=True)
class Found:
    """What templates hold."""

    items: tuple[Item, ...]
    by_use: tuple[str, ...]
    """Price rows that count once something is used."""
    tasks: tuple[TaskHour, ...]
    unknown: tuple[tuple[str, str], ...]
    """Stack key and type of each resource that nothing is known of."""


def read(templates: Mapping[str, Template]) -> Found:
    """Quantities of stacks, given by stack key."""
    everything = resources(templates)
    insights = has_insights(everything)
    items: list[Item] = []
    unknown: list[tuple[str, str]] = []
    for resource in everything:
        own = _items(resource, insights=insights)
        items += own or ()
        if own is None:
            unknown.append((resource.stack, resource.kind))
    return Found(
        items=_merged([*items, *secrets_read(everything)]),
        by_use=rows_by_use(everything),
        tasks=tuple(task_hours(everything)),
        unknown=tuple(unknown),
    )


def _items(resource: Resource, *, insights: bool) -> list[Item] | None:
    if resource.kind in fixed.KINDS or resource.kind == "AWS::ECS::Service":
        return fixed_items(resource, insights=insights)
    return [] if resource.kind in FREE or resource.kind in by_use.KINDS else None


def _merged(items: Iterable[Item]) -> tuple[Item, ...]:
    """Items of one stack that say the same, as one."""
    found: dict[tuple[str, str, str], Item] = {}
    for item in items:
        key = (item.stack, item.what, item.price)
        before = found.get(key)
        found[key] = item if before is None else _sum(before, item)
    return tuple(found.values())


def _sum(one: Item, two: Item) -> Item:
    return replace(one, quantity=one.quantity + two.quantity, low=one.low + two.low, high=one.high + two.high)
