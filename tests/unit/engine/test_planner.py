"""The path of every service, as plans that are equal."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.model import Action, Path, Plan, Running, ServicePlan, Stack, TargetState, Wanted
from scripts.engine.planner import CHOICES, plan
from settings import Settings
from tests.unit.engine.projects import FOUNDATION, digest, live, project, stack, tag, wanted, with_processes

SETTINGS = project()
LIVE = live(SETTINGS)
WANTED = wanted(SETTINGS)
BOTH = ("gateway", "hello")
GATEWAY = ServicePlan(
    service="gateway",
    path=Path.NONE,
    reason="src-gateway runs in 2 tasks, settings unchanged",
    image_tag="src-gateway",
    previous_tag="src-gateway",
)


def with_stack(key: str, stack: Stack | None, state: TargetState = LIVE) -> TargetState:
    stacks = {**state.stacks, key: stack} if stack else {k: v for k, v in state.stacks.items() if k != key}
    return replace(state, stacks=stacks)


def hello_stack(**changes: Any) -> TargetState:
    return with_stack("service-hello", stack(SETTINGS, "service-hello", **changes))


def hello_runs(*digests: str, desired: int = 2, deploying: bool = False) -> TargetState:
    running = {**LIVE.running, "hello": Running(digests, desired, deploying)}
    return replace(LIVE, running=running)


def hello_wants(tag: str | None, **changes: Any) -> Wanted:
    return replace(WANTED, tags={**WANTED.tags, "hello": tag}, **changes)


def unheld(state: TargetState = LIVE) -> TargetState:
    """The registry does not hold the wanted tag of hello."""
    return replace(state, digests={"gateway": digest("gateway")})


def hello(path: Path, reason: str, **changes: Any) -> ServicePlan:
    same = ServicePlan("hello", path, reason, image_tag="src-hello", previous_tag="src-hello")
    return replace(same, **changes)


def full_of_hello(reason: str, **changes: Any) -> Plan:
    return Plan(
        "staging", Path.FULL, f"hello: {reason}", (GATEWAY, hello(Path.FULL, reason, **changes)), ("service-hello",)
    )


def fast_of_hello(reason: str, **changes: Any) -> Plan:
    return Plan("staging", Path.FAST, f"hello: {reason}", (GATEWAY, hello(Path.FAST, reason, **changes)))


CHANGED = "stack code, settings or CDK version changed since it was deployed"
UNKNOWN_BASE = "a base image is not on this machine yet, so the tag is settled when it is"

ONE_SERVICE: dict[str, tuple[TargetState, Wanted, Plan]] = {
    "nothing changed": (
        LIVE,
        WANTED,
        Plan(
            "staging",
            Path.NONE,
            "nothing changed",
            (GATEWAY, hello(Path.NONE, "src-hello runs in 2 tasks, settings unchanged")),
        ),
    ),
    "new service": (
        replace(unheld(with_stack("service-hello", None)), repositories=frozenset({"gateway"})),
        WANTED,
        full_of_hello("the service has no stack yet", previous_tag=None, build=True, inline=True),
    ),
    "new service with a repository": (
        unheld(with_stack("service-hello", None)),
        WANTED,
        full_of_hello("the service has no stack yet", previous_tag=None, build=True),
    ),
    "repository gone": (
        unheld(replace(LIVE, repositories=frozenset({"gateway"}))),
        WANTED,
        full_of_hello("the service has no image repository", build=True, inline=True),
    ),
    "stack failed": (
        hello_stack(status="UPDATE_ROLLBACK_FAILED"),
        WANTED,
        full_of_hello("its stack is in state UPDATE_ROLLBACK_FAILED"),
    ),
    "stack is moving": (
        hello_stack(status="UPDATE_IN_PROGRESS"),
        WANTED,
        full_of_hello("its stack is in state UPDATE_IN_PROGRESS"),
    ),
    "stack rolled back before": (
        hello_stack(status="UPDATE_ROLLBACK_COMPLETE"),
        hello_wants("src-new"),
        fast_of_hello("image content changed: src-hello to src-new", image_tag="src-new"),
    ),
    "stack without a tag": (
        hello_stack(parameters={}),
        WANTED,
        full_of_hello("its stack was deployed without an image tag", previous_tag=None),
    ),
    "other fingerprint": (
        hello_stack(outputs={"Fingerprint": "old"}),
        WANTED,
        full_of_hello(CHANGED),
    ),
    "no fingerprint": (hello_stack(outputs={}), WANTED, full_of_hello(CHANGED)),
    "other fingerprint and other tag": (
        unheld(hello_stack(outputs={"Fingerprint": "old"})),
        hello_wants("src-new"),
        full_of_hello(CHANGED, image_tag="src-new", build=True),
    ),
    "new content": (
        unheld(),
        hello_wants("src-new", changed_files={"hello": 3}),
        fast_of_hello("3 files changed: src-hello to src-new", image_tag="src-new", build=True),
    ),
    "one file": (
        unheld(),
        hello_wants("src-new", changed_files={"hello": 1}),
        fast_of_hello("1 file changed: src-hello to src-new", image_tag="src-new", build=True),
    ),
    "new content that was pushed before": (
        LIVE,
        hello_wants("src-new"),
        fast_of_hello("image content changed: src-hello to src-new", image_tag="src-new"),
    ),
    "unknown base image": (
        unheld(),
        hello_wants(None),
        fast_of_hello(UNKNOWN_BASE, image_tag=None, build=True),
    ),
    "rollout under way": (
        hello_runs(digest("hello"), "sha256:old", deploying=True),
        WANTED,
        fast_of_hello("a rollout of src-hello is still under way", action=Action.WATCH),
    ),
    "rollout of another tag under way": (
        hello_runs("sha256:old", "sha256:old", deploying=True),
        hello_wants("src-new"),
        fast_of_hello("image content changed: src-hello to src-new", image_tag="src-new"),
    ),
    "image expired": (
        unheld(),
        WANTED,
        fast_of_hello("the registry does not hold src-hello any more", build=True, action=Action.REASSERT),
    ),
    "image expired during a rollout": (
        unheld(hello_runs("sha256:x", deploying=True)),
        WANTED,
        fast_of_hello("the registry does not hold src-hello any more", build=True, action=Action.REASSERT),
    ),
    "another digest runs": (
        hello_runs(digest("hello"), "sha256:old"),
        WANTED,
        fast_of_hello("the stack wants src-hello, but only 1 of 2 tasks run it", action=Action.REASSERT),
    ),
    "too few run": (
        hello_runs(digest("hello")),
        WANTED,
        fast_of_hello("the stack wants src-hello, but only 1 of 2 tasks run it", action=Action.REASSERT),
    ),
    "nothing runs": (
        hello_runs(desired=1),
        WANTED,
        fast_of_hello("the stack wants src-hello, but only 0 of 1 task run it", action=Action.REASSERT),
    ),
    "a task without a digest": (
        hello_runs(digest("hello"), ""),
        WANTED,
        fast_of_hello("the stack wants src-hello, but only 1 of 2 tasks run it", action=Action.REASSERT),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ONE_SERVICE)
def test_one_service_differs(case: str) -> None:
    state, want, expected = ONE_SERVICE[case]
    assert plan(SETTINGS, state, want, BOTH) == expected


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (hello_runs(digest("hello"), desired=1), "src-hello runs in 1 task, settings unchanged"),
        (hello_runs(*[digest("hello")] * 4), "src-hello runs in 4 tasks, settings unchanged"),
        (hello_runs(desired=0), "src-hello runs in 0 tasks, settings unchanged"),
    ],
)
def test_none_whatever_the_number_of_right_tasks(state: TargetState, reason: str) -> None:
    assert plan(SETTINGS, state, WANTED, ["hello"]).services == (hello(Path.NONE, reason),)


def test_an_empty_target_is_bootstrapped_with_everything_inline() -> None:
    made = plan(SETTINGS, TargetState(), WANTED, BOTH)
    reason = "the target has no image repositories yet"
    services = tuple(
        ServicePlan(name, Path.BOOTSTRAP, reason, image_tag=tag(name), build=True, inline=True) for name in BOTH
    )
    keys = (*FOUNDATION, "service-gateway", "service-hello")
    assert made == Plan("staging", Path.BOOTSTRAP, reason, services, keys, bootstrap_toolkit=True)


@pytest.mark.parametrize(
    ("state", "want", "needed"),
    [
        (TargetState(bootstrapped=True), WANTED, False),
        (replace(hello_stack(outputs={}), bootstrapped=False), WANTED, True),
        (replace(LIVE, bootstrapped=False), hello_wants("src-new"), False),
    ],
)
def test_the_toolkit_is_made_where_a_synthesis_needs_it(state: TargetState, want: Wanted, needed: bool) -> None:
    assert plan(SETTINGS, state, want, BOTH).bootstrap_toolkit is needed


@pytest.mark.parametrize(
    ("change", "stacks", "reason"),
    [
        (lambda s: {**s, "platform": stack(SETTINGS, "platform", outputs={})}, ("platform",), "the platform stack"),
        (
            lambda s: {
                **s,
                "ledger": stack(SETTINGS, "ledger", status="UPDATE_FAILED"),
                "registry": stack(SETTINGS, "registry", outputs={}),
            },
            ("registry", "ledger"),
            "the registry and ledger stacks",
        ),
        (lambda s: {k: v for k, v in s.items() if k != "analysis"}, ("analysis",), "the analysis stack"),
    ],
)
def test_the_foundation_alone(
    change: Callable[[dict[str, Stack]], dict[str, Stack]], stacks: tuple[str, ...], reason: str
) -> None:
    made = plan(SETTINGS, replace(LIVE, stacks=change(dict(LIVE.stacks))), WANTED, BOTH)
    assert (made.path, made.reason, made.stacks) == (Path.FULL, f"{reason} changed", stacks)
    assert made.changed == ()


def test_a_mixed_change_takes_the_widest_path_and_every_changed_stack_along() -> None:
    state = with_stack("service-gateway", stack(SETTINGS, "service-gateway", outputs={}), unheld())
    state = with_stack("platform", None, state)
    made = plan(SETTINGS, state, hello_wants("src-new"), BOTH)
    assert made.path is Path.FULL
    assert made.reason == f"gateway: {CHANGED}"
    assert [service.path for service in made.services] == [Path.FULL, Path.FAST]
    assert made.stacks == ("platform", "service-gateway", "service-hello")


def test_an_unchanged_neighbour_stays_out_of_cdk_deploy() -> None:
    made = plan(SETTINGS, hello_stack(outputs={}), WANTED, BOTH)
    assert made.stacks == ("service-hello",)
    assert [service.service for service in made.changed] == ["hello"]


def test_only_the_chosen_services_are_planned() -> None:
    state = with_stack("service-gateway", None, unheld())
    made = plan(SETTINGS, state, hello_wants("src-new"), ["hello"])
    assert (made.path, [service.service for service in made.services]) == (Path.FAST, ["hello"])


def test_the_last_choice_always_holds_so_that_every_service_has_a_path() -> None:
    assert CHOICES[-1][0] is Path.NONE
    assert [path.width for path, _, _ in CHOICES] == sorted((path.width for path, _, _ in CHOICES), reverse=True)


def test_none_only_when_every_task_runs_the_wanted_digest() -> None:
    for seed in range(300):
        rng = random.Random(seed)
        digests = [rng.choice((digest("hello"), digest("hello"), "sha256:old", "")) for _ in range(rng.randint(0, 3))]
        state = hello_runs(*digests, desired=rng.randint(0, 3), deploying=rng.random() < 0.2)
        state = unheld(state) if rng.random() < 0.2 else state
        running = state.running["hello"]
        is_right = (
            "hello" in state.digests
            and not running.deploying
            and all(found == digest("hello") for found in digests)
            and len(digests) >= running.desired
        )
        assert (plan(SETTINGS, state, WANTED, ["hello"]).path is Path.NONE) == is_right


def test_a_hundred_services_are_planned_at_once() -> None:
    settings: Settings = project(*(f"s{n}" for n in range(100)))
    found = plan(settings, live(settings), wanted(settings), [service.name for service in settings.services])
    assert (found.path, len(found.services)) == (Path.NONE, 100)


WITH = with_processes(SETTINGS)
WORKING = live(WITH)
WANT = wanted(WITH)


def hello_of(state: TargetState, want: Wanted = WANT) -> ServicePlan:
    return plan(WITH, state, want, BOTH).services[1]


def mailer_runs(*digests: str, desired: int = 1, deploying: bool = False) -> TargetState:
    return replace(WORKING, running={**WORKING.running, "hello-mailer": Running(digests, desired, deploying)})


def test_tasks_of_workers_count() -> None:
    found = hello_of(WORKING)
    assert (found.path, found.reason) == (Path.NONE, "src-hello runs in 3 tasks, settings unchanged")


@pytest.mark.parametrize(
    ("state", "reason", "action"),
    [
        (mailer_runs(), "the stack wants src-hello, but only 0 of 1 task of hello-mailer run it", Action.REASSERT),
        (
            mailer_runs("sha256:hello", "sha256:old", desired=2),
            "the stack wants src-hello, but only 1 of 2 tasks of hello-mailer run it",
            Action.REASSERT,
        ),
        (mailer_runs("sha256:hello", deploying=True), "a rollout of src-hello is still under way", Action.WATCH),
        (
            replace(WORKING, running={name: row for name, row in WORKING.running.items() if name != "hello-mailer"}),
            "the stack wants src-hello, but only 0 of 1 task of hello-mailer run it",
            Action.REASSERT,
        ),
    ],
)
def test_a_worker_that_does_not_run_what_it_should(state: TargetState, reason: str, action: Action) -> None:
    found = hello_of(state)
    assert (found.path, found.reason, found.action, found.release) == (Path.FAST, reason, action, False)


def test_a_new_image_asks_for_the_release_command() -> None:
    found = plan(WITH, WORKING, replace(WANT, tags={**WANT.tags, "hello": "src-new"}), BOTH)
    assert [service.release for service in found.services] == [False, True]
    assert (found.path, found.stacks) == (Path.FAST, ())


@pytest.mark.parametrize("left", [None, {"Fingerprint": "old"}])
def test_a_new_release_command_takes_the_full_path(left: dict[str, str] | None) -> None:
    made = stack(WITH, "release-hello", outputs=left) if left else None
    found = plan(WITH, with_stack("release-hello", made, WORKING), WANT, BOTH)
    assert (found.path, found.reason) == (Path.FULL, "hello: its release command changed since it was deployed")
    assert found.stacks == ("release-hello", "service-hello")
    assert found.services[1].release


def test_a_changed_setting_does_not_touch_the_stack_of_the_release_command() -> None:
    found = plan(WITH, with_stack("service-hello", stack(WITH, "service-hello", outputs={}), WORKING), WANT, BOTH)
    assert (found.stacks, found.services[1].release) == (("service-hello",), True)


def test_a_new_service_publishes_its_image_through_the_stack_of_its_release_command() -> None:
    state = with_stack("service-hello", None, replace(WORKING, repositories=frozenset({"gateway"})))
    found = plan(WITH, state, WANT, BOTH)
    assert found.stacks == ("release-hello", "service-hello")
    assert (found.services[1].inline, found.services[1].release) == (True, True)


def test_only_policies_changed() -> None:
    made = plan(SETTINGS, replace(LIVE, policies="old"), replace(WANTED, policies="new"), ["gateway", "hello"])
    assert (made.path, made.reason, made.stacks) == (Path.POLICY, "gateway: its policies changed", ())
    assert [(s.path, s.policies) for s in made.services] == [(Path.POLICY, True), (Path.NONE, False)]


def test_policies_that_are_live_already() -> None:
    made = plan(SETTINGS, replace(LIVE, policies="same"), replace(WANTED, policies="same"), ["gateway", "hello"])
    assert made.path is Path.NONE


def test_changed_policies_go_along_on_a_wider_path() -> None:
    state = replace(with_stack("platform", None), policies="old")
    made = plan(SETTINGS, state, replace(WANTED, policies="new"), ["gateway", "hello"])
    assert (made.path, made.stacks) == (Path.FULL, ("platform",))
    assert made.services[0].policies
