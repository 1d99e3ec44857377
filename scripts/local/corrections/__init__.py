"""Where the embedded cloud differs from AWS in a way that would make a deploy's verdict wrong, put right.

MiniStack is pinned and imported unchanged; each row of `TABLE` names one upstream behaviour and the function that
replaces it in our launcher. For every row tests/e2e/local has a test of the corrected behaviour, and one that starts
the emulator without the row and fails as soon as upstream behaves like AWS: then the row can go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from scripts.local.corrections.upstream import Services, service


@dataclass(frozen=True)
class Correction:
    """One difference from AWS."""

    name: str
    upstream: str
    """What MiniStack 1.5.33 does."""
    module: str
    function: str

    def apply(self) -> None:
        """Puts the correction in place; MiniStack must be configured (environment) before."""
        correct: Callable[[Services], None] = getattr(import_module(f"{__name__}.{self.module}"), self.function)
        correct(service)


TABLE = (
    Correction(
        "ecr-describe-images",
        "DescribeImages answers an empty list for an unknown tag",
        "registry",
        "refuse_unknown_images",
    ),
    Correction(
        "ecr-blobs-on-disk",
        "image layers live in memory and are lost when the process is killed",
        "registry",
        "keep_blobs_on_disk",
    ),
    Correction(
        "elb-target-health", "every registered target is healthy at once and for ever", "load_balancer", "check_targets"
    ),
    Correction(
        "elb-healthy-routing", "requests go to any registered target", "load_balancer", "route_to_healthy_targets"
    ),
    Correction("elb-url-rewrite", "a rule's URL rewrite is stored and not applied", "rewriting", "rewrite_urls"),
    Correction(
        "elb-public-listener",
        "the port in a request's Host header chooses the listener",
        "listeners",
        "enter_at_the_first",
    ),
    Correction(
        "ecs-service-stability",
        "a new service counts as deployed before any task runs",
        "scheduler",
        "deploy_new_services",
    ),
    Correction(
        "ecs-target-health",
        "a task counts as stable whatever its load balancer says",
        "scheduler",
        "judge_by_target_health",
    ),
    Correction(
        "ecs-throttling", "a task that keeps failing is replaced at once, for ever", "throttling", "throttle_restarts"
    ),
    Correction(
        "ecs-draining",
        "tasks get SIGTERM while requests are in flight, and SIGKILL after a fixed 5 s",
        "draining",
        "drain_before_stop",
    ),
    Correction(
        "ecs-restored-tasks",
        "a task that a restart has stopped is listed as one that should run",
        "housekeeping",
        "stop_restored_tasks",
    ),
    Correction(
        "ecs-removed-containers",
        "a task whose container was removed counts as running for ever",
        "containers",
        "notice_removed_containers",
    ),
    Correction(
        "ecs-calm-watch", "every task's containers are inspected 20 times a second", "containers", "watch_calmly"
    ),
    Correction("ecs-stopped-tasks", "stopped tasks are listed for ever", "housekeeping", "forget_stopped_tasks"),
    Correction(
        "ecs-failed-deployments", "failed deployments are listed for ever", "housekeeping", "forget_failed_deployments"
    ),
    Correction(
        "ecs-memory",
        "a task's memory is not limited and running out of it is not reported",
        "containers",
        "limit_memory",
    ),
    Correction(
        "ecs-start-errors",
        "a command that cannot start is reported as an image that cannot be pulled",
        "containers",
        "report_start_errors",
    ),
    Correction(
        "ecs-entry-point",
        "a container definition's entry point is stored and not used",
        "processes",
        "use_entry_points",
    ),
    Correction(
        "ecs-secure-strings",
        "a container gets a SecureString parameter as it is stored, encrypted",
        "processes",
        "decrypt_parameters",
    ),
    Correction(
        "ecs-template-secrets",
        "secrets of a container definition that comes from a template reach no container",
        "processes",
        "keep_template_secrets",
    ),
    Correction(
        "ecs-template-grace-period",
        "a service that a template creates has no health check grace period",
        "processes",
        "keep_grace_periods",
    ),
    Correction("ecs-scheduled-tasks", "a schedule of an ECS task never runs it", "processes", "run_scheduled_tasks"),
    Correction(
        "dynamodb-key-conditions",
        "a query checks its key condition anew for every item that its index holds",
        "queries",
        "evaluate_key_conditions_once",
    ),
    Correction(
        "logs-embedded-metrics",
        "metrics embedded in log lines are not extracted",
        "embedded_metrics",
        "extract_embedded_metrics",
    ),
)


def apply(without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Applies the table except the named rows (`all` leaves everything out); returns the names applied."""
    chosen = tuple(row for row in TABLE if row.name not in without and "all" not in without)
    for row in chosen:
        row.apply()
    return tuple(row.name for row in chosen)
