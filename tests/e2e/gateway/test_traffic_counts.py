"""What the gateway counts about services: also the answers that it makes itself because no task is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.envoy_api import EnvoyApi
from agent.stats import Counts, read
from tests.e2e.gateway.agent_process import Gateway, until
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.upstream import Upstream


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    made = FakeAws()
    yield made
    made.close()


def test_answers_errors_tasks_and_times_are_counted(tmp_path: Path, aws: FakeAws) -> None:
    shop = Upstream("shop")
    aws.run("shop-1", "shop", shop.address)
    aws.offer(shop.name, shop.port, path="/shop", public=True)
    with Gateway(tmp_path, aws) as gateway:
        gateway.ready()
        until(lambda: gateway.status("/shop"), lambda status: status == 200)
        api = EnvoyApi(gateway.state, gateway.port)
        before = read(api)["shop"]
        assert (before.healthy, before.endpoints) == (1, 1)
        for _ in range(5):
            assert gateway.status("/shop") == 200
        assert gateway.status("/shop/fails") == 500
        after = until(lambda: read(api)["shop"], lambda now: now.buckets["300000"] - _slowest(before) >= 6)
        assert (after.requests - before.requests, after.errors - before.errors) == (6, 1)
        assert list(after.buckets.values()) == sorted(after.buckets.values())
        aws.tasks.clear()
        until(lambda: gateway.status("/shop"), lambda status: status == 503)
        before = read(api)["shop"]
        assert gateway.status("/shop") == 503
        assert read(api)["shop"].errors == before.errors + 1
    shop.close()


def _slowest(counts: Counts) -> int:
    return counts.buckets.get("300000", 0)
