"""The load around a rollout: when it begins, what it refuses, and that it always ends."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from scripts.engine import zero_loss
from scripts.engine.errors import Cancelled, Failed, RolledBack
from scripts.engine.proof import Proving
from scripts.engine.request import Address, Reply
from scripts.engine.rollout import Baseline
from scripts.engine.world import World
from settings import Settings
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.moments import BEFORE
from tests.unit.engine.worlds import session

HEALTH = "/.gateway/health/hello"


class Service:
    """Answers every request of the load as its table of paths says."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.asked: list[str] = []
        self.hang = threading.Event()

    def send(self, where: Address, timeout: float) -> Reply:
        self.asked.append(where.path)
        if self.kinds.get(where.path) == "hang":
            self.hang.wait(timeout)
        return Reply(self.kinds.get(where.path, "ok"), "")

    def send_on(self, where: Address, timeout: float, kept: Any) -> tuple[Reply, None]:
        return self.send(where, timeout), None


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service()
    monkeypatch.setattr(zero_loss, "send", made.send)
    monkeypatch.setattr(zero_loss, "send_on", made.send_on)
    monkeypatch.setattr(zero_loss, "BEFORE_SECONDS", 0.1)
    monkeypatch.setattr(zero_loss, "AFTER_SECONDS", 0.1)
    return made


@pytest.fixture
def world(cloud: Cloud) -> World:
    made = session(cloud, [])
    made.urls |= {"gateway": "http://lb/", "hello": "http://lb/hello"}
    made.baselines["hello"] = BEFORE
    made.proving = Proving(rate=100)
    return made


def test_from_before_the_update_until_after_live(world: World, service: Service) -> None:
    text = zero_loss.begin(world, "hello")
    assert text.endswith("requests before the update, 0 failed")
    zero_loss.finish(world, "hello")
    found = world.proofs["hello"]
    assert (found["path"], found["failed"], world.loads) == ("/health", 0, {})
    assert min(found["before"]["sent"], found["after"]["sent"]) > 0
    assert set(service.asked) == {HEALTH}
    assert zero_loss.losses(world, {}) == {}


def test_a_path_of_the_user_is_asked_as_users_do(world: World, service: Service) -> None:
    world.proving = Proving(rate=100, path="/orders")
    zero_loss.begin(world, "hello")
    zero_loss.finish(world, "hello")
    assert set(service.asked) == {"/hello/orders"}


def test_a_loss_fails_a_service_that_is_live(world: World, service: Service) -> None:
    zero_loss.begin(world, "hello")
    service.kinds[HEALTH] = "reset"
    zero_loss.finish(world, "hello")
    (error,) = zero_loss.losses(world, {}).values()
    assert isinstance(error, Failed)
    assert "hello is live, but" in error.what
    assert "reset" in error.what
    assert zero_loss.losses(world, {"hello": RolledBack("it crashed")}) == {}


@pytest.mark.parametrize("path", [HEALTH, "/hello/slow"])
def test_a_path_that_fails_before_the_update_is_refused(world: World, service: Service, path: str) -> None:
    world.proving = Proving(rate=100, long_path="/slow")
    service.kinds[path] = "4xx"
    with pytest.raises(Failed, match=rf"GET {path} fails before the update already: 4xx"):
        zero_loss.begin(world, "hello")
    zero_loss.close(world)
    assert world.loads == {}
    assert world.proofs["hello"]["during"] is None


def test_one_failure_before_the_update_is_no_reason_to_stop(
    world: World, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.kinds[HEALTH] = "5xx"
    asked = service.send

    def heals(where: Address, timeout: float) -> Reply:
        reply = asked(where, timeout)
        service.kinds.clear()
        return reply

    monkeypatch.setattr(zero_loss, "send", heals)
    monkeypatch.setattr(zero_loss, "send_on", lambda where, timeout, kept: (heals(where, timeout), None))
    assert "failed" in zero_loss.begin(world, "hello")
    zero_loss.close(world)


def test_a_first_version_is_only_looked_at_afterwards(world: World, service: Service) -> None:
    world.baselines["hello"] = Baseline()
    assert "nothing serves yet" in zero_loss.begin(world, "hello")
    assert service.asked == []
    zero_loss.finish(world, "hello")
    found = world.proofs["hello"]
    assert (found["before"], found["during"]) == (None, None)
    assert found["after"]["sent"] > 0


def test_no_tasks_no_proof(world: World, service: Service) -> None:
    idle = replace(world.settings.service("hello"), desired=0)
    world.settings = _with(world.settings, idle)
    assert zero_loss.begin(world, "hello") == zero_loss.finish(world, "hello") == "no tasks wanted, nothing to prove"
    assert (service.asked, world.proofs) == ([], {})


def _with(settings: Settings, service: Any) -> Settings:
    return replace(settings, services=tuple(service if s.name == service.name else s for s in settings.services))


def test_ctrl_c_ends_a_load_whose_service_hangs(world: World, service: Service) -> None:
    service.kinds[HEALTH] = "hang"
    world.shell.cancelled.set()
    with pytest.raises(Cancelled):
        zero_loss.begin(world, "hello")
    zero_loss.close(world)
    service.hang.set()
    assert world.proofs["hello"]["sent"] == 0


def test_a_stall_delays_no_other_request(world: World, service: Service) -> None:
    """Every request hangs, and still all that are due are sent."""
    zero_loss.begin(world, "hello")
    service.kinds[HEALTH] = "hang"
    before = len(service.asked)
    while len(service.asked) < before + 10:
        assert not world.cancelled(0.01)
    service.hang.set()
    zero_loss.close(world)
