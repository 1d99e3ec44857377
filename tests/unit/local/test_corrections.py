"""The decisions inside the corrections, without an emulator."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.local import corrections
from scripts.local.corrections import containers
from scripts.local.corrections.containers import Census, start_error
from scripts.local.corrections.draining import InFlight, has_gateway
from scripts.local.corrections.embedded_metrics import Datum, embedded
from scripts.local.corrections.housekeeping import STOPPED_SECONDS, is_over
from scripts.local.corrections.listeners import public_port
from scripts.local.corrections.load_balancer import policy_of
from scripts.local.corrections.queries import evaluate_key_conditions_once
from scripts.local.corrections.registry import CACHED_SECONDS, BlobFolder, forget_unused
from scripts.local.corrections.rewriting import rewritten
from scripts.local.corrections.scheduler import one_at_a_time
from scripts.local.corrections.sockets import has_listener
from scripts.local.corrections.throttling import LONGEST_PAUSE, Throttle, pause
from scripts.local.corrections.upstream import part
from scripts.local.target_health import Policy

LAYER = "sha256:" + "ab" * 32


def test_each_correction_names_a_function() -> None:
    names = [row.name for row in corrections.TABLE]
    assert len(set(names)) == len(names)
    for row in corrections.TABLE:
        module = __import__(f"scripts.local.corrections.{row.module}", fromlist=[row.function])
        assert callable(getattr(module, row.function))


def test_a_correction_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections.Correction, "apply", lambda _: None)
    everything = tuple(row.name for row in corrections.TABLE)
    assert corrections.apply() == everything
    assert corrections.apply(frozenset({everything[0]})) == everything[1:]
    assert corrections.apply(frozenset({"all"})) == ()


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (
            "ResourceInitializationError: unable to pull image or start container: 400 Client Error for "
            'http+docker://localhost/v1.41/containers/x/start: Bad Request ("failed to create shim task: OCI runtime '
            'create failed: exec: "/nope": no such file or directory: unknown")',
            "CannotStartContainerError: Error response from daemon: failed to create shim task: OCI runtime create "
            'failed: exec: "/nope": no such file or directory: unknown',
        ),
        (
            "CannotPullContainerError: 404 Client Error for http+docker://localhost/v1.41/images/create?tag=nope: "
            'Not Found ("manifest for localhost:1/app:nope not found: manifest unknown")',
            "CannotPullContainerError: manifest for localhost:1/app:nope not found: manifest unknown",
        ),
        ("ResourceInitializationError: unable to pull secrets", "ResourceInitializationError: unable to pull secrets"),
    ],
)
def test_stopped_reasons_use_the_words_of_ecs(reason: str, expected: str) -> None:
    assert start_error(reason) == expected


def test_one_listing_serves_every_watch_until_it_is_too_old() -> None:
    answers, now = iter([frozenset({"a"}), frozenset({"b"})]), [10.0]
    census = Census(lambda: next(answers), lambda: now[0])
    assert census.running(0.5) == census.running(0.0) == {"a"}
    now[0] += 0.2
    assert census.running(0.5) == {"a"}
    assert census.running(0.1) == {"b"}


class Tasks:
    """Stands in for MiniStack's ECS: which tasks were looked at."""

    def __init__(self) -> None:
        self.looked: list[str] = []
        self._maybe_mark_stopped: Callable[[dict[str, Any]], None] = lambda task: self.looked.append(task["taskArn"])


def test_only_tasks_with_a_container_that_does_not_run_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    ecs, now, running = Tasks(), [10.0], {"a", "b"}
    monkeypatch.setattr(containers, "_running", lambda _: frozenset(running))
    containers.watch_calmly(lambda _: ecs, lambda: now[0])
    tasks: list[dict[str, Any]] = [
        {"taskArn": name, "_docker_ids": ids, "_startup_stable": True}
        for name, ids in (("runs", ["a", "b"]), ("half", ["a", "c"]), ("none yet", []))
    ]
    for _ in range(2):
        for task in tasks:
            ecs._maybe_mark_stopped(task)
    assert ecs.looked == ["half", "none yet"], "each once in an interval"
    running.clear()
    now[0] += containers.CALM_INTERVAL + 0.1
    ecs._maybe_mark_stopped(tasks[0])
    assert ecs.looked[2:] == ["runs"], "an engine that does not answer names none"


def test_blobs_are_shared_through_the_cache(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first, second = BlobFolder(tmp_path / "first", cache), BlobFolder(tmp_path / "second", cache)
    assert LAYER not in first
    first[LAYER] = b"layer"
    assert list(first) == [LAYER]
    assert list(second) == []
    assert LAYER in second
    assert second[LAYER] == b"layer"
    del second[LAYER]
    assert first[LAYER] == b"layer"
    assert [path.name for path in (tmp_path / "first").iterdir()] == [LAYER.replace(":", "-")]


@pytest.mark.parametrize("digest", ["", "sha256", "sha256:../../etc/passwd", "a/b:c"])
def test_a_digest_cannot_leave_the_folder(tmp_path: Path, digest: str) -> None:
    with pytest.raises(KeyError):
        BlobFolder(tmp_path, tmp_path)[digest]


def test_unused_layers_leave_the_cache(tmp_path: Path) -> None:
    for name, used in (("old", 1000.0), ("new", 3000.0)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (used, used))
    forget_unused(tmp_path, 2000.0 + CACHED_SECONDS)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_in_flight_counts_requests_by_target() -> None:
    in_flight = InFlight()
    in_flight.change("10.0.0.1", +1)
    in_flight.change("10.0.0.1", +1)
    in_flight.change("10.0.0.1", -1)
    assert in_flight.count == {"10.0.0.1": 1}
    in_flight.change("10.0.0.1", -1)
    in_flight.change("10.0.0.1", -1)
    assert in_flight.count == {}
    in_flight.wait_until_idle("10.0.0.1", 60)


@pytest.mark.parametrize(
    ("services", "group", "expected"),
    [
        (("shop/hello", "shop/gateway"), "service:hello", True),
        (("shop/hello", "other/gateway"), "service:hello", False),
        (("shop/hello", "shop/gateway"), "service:gateway", False),
    ],
)
def test_requests_through_a_gateway_are_not_seen_by_the_load_balancer(
    services: tuple[str, ...], group: str, expected: bool
) -> None:
    ecs = SimpleNamespace(_services=services, _cluster_name_from_arn=lambda arn: arn.rpartition("/")[2])
    task = {"clusterArn": "arn:aws:ecs:us-east-1:000000000000:cluster/shop", "group": group}
    assert has_gateway(ecs, task) is expected


def test_a_stopped_task_is_over_after_an_hour() -> None:
    stopped = "2026-01-01T00:00:00Z"
    at = 1767225600.0
    assert not is_over(stopped, at + STOPPED_SECONDS)
    assert is_over(stopped, at + STOPPED_SECONDS + 1)
    assert not is_over(None, at)


def test_policy_of_a_target_group_record() -> None:
    record = {
        "HealthCheckPath": "/ready",
        "HealthCheckPort": "9000",
        "HealthCheckIntervalSeconds": 5,
        "HealthCheckTimeoutSeconds": 2,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 3,
        "Matcher": {"HttpCode": "200-204"},
    }
    assert policy_of(record) == Policy("/ready", 9000, "HTTP", "200-204", 5, 2, 2, 3)
    assert policy_of({}) == Policy()


def test_the_first_listener_is_the_public_one_also_after_a_restart() -> None:
    persistence, made = part("core.persistence"), part("core.responses").AccountRegionScopedDict()
    for name, balancer, port in (("z", "other", 80), ("y", "own", 443), ("a", "own", 8081), ("b", "own", 80)):
        made[name] = {"LoadBalancerArn": balancer, "Port": port}
    again = json.loads(json.dumps(made, default=persistence._json_default), object_hook=persistence._json_object_hook)
    for listeners in (made, again):
        alb = SimpleNamespace(_listeners=listeners)
        assert public_port(alb, {"LoadBalancerArn": "own"}, 40277) == 443
        assert public_port(alb, {"LoadBalancerArn": "none"}, 40277) == 40277


def test_rewrites() -> None:
    transforms = [{"UrlRewriteConfig": {"Rewrites": [{"Regex": "^/hello/?(.*)$", "Replace": "/$1"}]}}]
    assert rewritten("/hello", transforms) == "/"
    assert rewritten("/hello/a/b", transforms) == "/a/b"
    assert rewritten("/other", transforms) == "/other"
    assert rewritten("/other", []) == "/other"


def test_reconciliations_of_a_service_may_nest() -> None:
    calls: list[str] = []

    def reconcile(cluster: str, key: str) -> None:
        calls.append(key)
        if len(calls) < 3:
            run(cluster, key)

    run = one_at_a_time(reconcile)
    run("c", "c/s")
    assert calls == ["c/s"] * 3


TABLE = "  sl  local_address rem_address   st\n   0: 00000000:1F40 00000000:0000 {} 0:0\n"


@pytest.mark.parametrize(("state", "expected"), [("0A", True), ("01", False)])
def test_listening_socket(tmp_path: Path, state: str, expected: bool) -> None:
    table = tmp_path / "tcp"
    table.write_text(TABLE.format(state))
    assert has_listener(table) is expected
    assert not has_listener(tmp_path / "absent")


def test_throttle_waits_longer_after_each_failure() -> None:
    assert [pause(failures) for failures in range(1, 9)] == [0, 1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    assert throttle.failed("d", was_stable=False) == 0
    assert throttle.failed("d", was_stable=False) == 1
    assert throttle.holds_back("d")
    assert not throttle.holds_back("other")
    now[0] = 1.0
    assert not throttle.holds_back("d")
    assert throttle.failed("d", was_stable=True) == 0
    assert throttle.failed("d", was_stable=False, engine_answers=False) == 1
    assert throttle.failures["d"] == 1, "a lost engine is not the application's failure"


class Evaluations:
    """A DynamoDB module that counts how often it evaluates."""

    def __init__(self) -> None:
        self.count = 0

    def _evaluate_condition(self, expr: str, item: Any, *others: Any, slot: str) -> bool:
        self.count += 1
        return bool(item["pk"] == others[0][":pk"])


def test_a_key_condition_is_read_once_and_others_each_time() -> None:
    dynamodb = Evaluations()
    evaluate_key_conditions_once(lambda name: dynamodb)
    a, b = {"S": "a"}, {"S": "b"}
    ask = dynamodb._evaluate_condition
    assert [ask("pk = :pk", {"pk": pk}, {":pk": a}, {}, slot="KeyConditionExpression") for pk in (a, b, a)] == [
        True,
        False,
        True,
    ]
    assert dynamodb.count == 1
    for slot, names, expression in (
        ("FilterExpression", {}, "pk = :pk"),
        ("KeyConditionExpression", {"#pk": "pk"}, "pk = :pk"),
        ("KeyConditionExpression", {}, "pk = :pk AND sk > :sk"),
    ):
        before = dynamodb.count
        assert [ask(expression, {"pk": pk}, {":pk": a}, names, slot=slot) for pk in (a, b)] == [True, False]
        assert dynamodb.count == before + 2


METRICS = [{"Name": "Requests", "Unit": "Count"}, {"Name": "P95"}, {"Name": "Missing"}]
DIRECTIVE = {"Namespace": "Shop", "Dimensions": [["Target", "Service"], ["Absent"]], "Metrics": METRICS}


def event(*directives: Any, **members: Any) -> str:
    """A log line with metrics."""
    metadata = {"Timestamp": 1_500, "CloudWatchMetrics": list(directives)}
    return json.dumps({"_aws": metadata, "Target": "t", "Service": "s", "Requests": 3, "P95": [1, 2.5], **members})


def test_metrics_are_read_from_a_log_line() -> None:
    dimensions = (("Target", "t"), ("Service", "s"))
    assert list(embedded(event(DIRECTIVE))) == [
        Datum("Shop", "Requests", "Count", 1.5, dimensions, (3.0,)),
        Datum("Shop", "P95", "None", 1.5, dimensions, (1.0, 2.5)),
    ]
    assert list(embedded(event(DIRECTIVE, Service=7))) == []
    assert [datum.name for datum in embedded(event(DIRECTIVE, Requests="3"))] == ["P95"]
    assert [datum.name for datum in embedded(event(DIRECTIVE, P95=[1] * 101))] == ["Requests"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain",
        '"CloudWatchMetrics"',
        '["CloudWatchMetrics"]',
        "before " + event(DIRECTIVE),
        event(DIRECTIVE, _aws={"CloudWatchMetrics": [DIRECTIVE]}),
        event(DIRECTIVE, _aws={"Timestamp": "now", "CloudWatchMetrics": [DIRECTIVE]}),
        event({}),
        event(7),
        event({**DIRECTIVE, "Dimensions": None}),
        event({**DIRECTIVE, "Dimensions": ["Target"]}),
        event({**DIRECTIVE, "Dimensions": [[{}]]}),
        event({**DIRECTIVE, "Metrics": [{}]}),
        event({**DIRECTIVE, "Metrics": METRICS * 40}),
    ],
)
def test_other_log_lines_hold_no_metrics(line: str) -> None:
    assert list(embedded(line)) == []
