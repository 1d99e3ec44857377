"""When a task takes requests."""

from __future__ import annotations

from agent.readiness import Readiness
from tests.unit.envoy.fakes import Time


class Admin:
    """Takes commands from the third on."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def post(self, command: str) -> bool:
        self.asked.append(command)
        return len(self.asked) > 2


def test_a_task_that_knows_everything_is_ready_from_the_start() -> None:
    admin = Admin()
    readiness = Readiness(admin, Time().clock, policies=lambda: True, services=lambda: True)
    readiness.hold()
    readiness.step()
    assert admin.asked == []


def test_a_task_is_held_back_until_nothing_is_missing_and_never_again() -> None:
    admin, known = Admin(), dict.fromkeys(("policies", "services"), False)
    readiness = Readiness(admin, Time().clock, policies=lambda: known["policies"], services=lambda: known["services"])
    readiness.hold()
    readiness.hold()
    assert admin.asked == ["/healthcheck/fail"] * 3
    known["policies"] = True
    readiness.step()
    assert len(admin.asked) == 3
    known["services"] = True
    readiness.step()
    assert admin.asked[3:] == ["/healthcheck/ok"]
    known["services"] = False
    readiness.step()
    assert len(admin.asked) == 4
