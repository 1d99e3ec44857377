"""Requests are shifted to a new version at the real gateway, under load: forward, back by itself, and after a kill."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.e2e.hello import APP, edit
from tests.e2e.observer import Answer, Observer
from tests.e2e.project import Project
from tests.e2e.running import Event, Result

GOOD = '"message": MESSAGE,'
BAD = '"message": MESSAGE[: 10 // (os.urandom(1)[0] % 3)],'
"""An answer of three is an error."""
ASKERS = 4


@contextmanager
def load(project: Project) -> Iterator[list[Observer]]:
    """Several who ask for hello again and again."""
    with ExitStack() as stack:
        yield [stack.enter_context(Observer(project.url())) for _ in range(ASKERS)]


def misses(seen: list[Observer]) -> list[Answer]:
    return [answer for one in seen for answer in one.misses]


def versions(seen: list[Observer]) -> set[str]:
    return {version for one in seen for version in one.versions}


def deploy(project: Project, *words: str, expect: int = 0) -> Result:
    return project.run("deploy", "--json", "hello", *words, expect=expect)


def shift_of(result: Result) -> dict[str, Any]:
    return dict(result.report["services"]["hello"]["shift"])


def services(project: Project) -> set[str]:
    """The ECS services of hello's versions; other tests of this cloud leave services of their own."""
    arns = project.client("ecs").list_services(cluster="slipway-local")["serviceArns"]
    return {name for arn in arns if (name := arn.rpartition("/")[2]).startswith("hello")}


@pytest.fixture(scope="module")
def hello(project: Project) -> Iterator[Project]:
    """The project with hello live; it is left with the application as it was found."""
    before = project.read(APP)
    yield project
    project.write(APP, before)
    assert deploy(project).report["verdict"] in ("live", "unchanged")
    assert services(project) == {"hello"}


def test_canary(hello: Project) -> None:
    """Forward and no request lost; a bad one comes back by itself; the record tells of both."""
    before = hello.stack_tag("hello")
    edit(hello)
    with load(hello) as seen:
        result = deploy(hello, "--canary", "25,100", "--bake", "3s")
    new = hello.stack_tag("hello")
    assert not misses(seen), misses(seen)[:5]
    assert versions(seen) == {before, new}
    shift = shift_of(result)
    assert [step["weight"] for step in shift["steps"]] == [25, 100]
    assert all(step["requests"] > 0 and step["errors"] == 0 for step in shift["steps"]), shift
    assert shift["went_back"] is None
    assert services(hello) == {"hello"}

    hello.replace(APP, GOOD, BAD)
    with load(hello):
        bad = deploy(hello, "--canary", "50,100", "--bake", "60s", expect=5)
    assert (bad.report["verdict"], hello.stack_tag("hello")) == ("rolled_back", new)
    assert "of the new version failed" in bad.error["what"]
    assert bad.only("evidence")["cause"] == "bad_while_shifting"
    assert shift_of(bad)["went_back"]["weight"] == 50
    assert services(hello) == {"hello"}
    hello.replace(APP, BAD, GOOD)
    with load(hello) as seen:
        record = json.loads(hello.run("show", "--json", bad.report["deployment"]).out)
    assert record["services"]["hello"]["shift"] == shift_of(bad)
    assert (misses(seen), versions(seen)) == ([], {new})


def is_shifted(event: Event) -> bool:
    """Half of the requests are on the second version, and it is watched."""
    return event["event"] == "progress" and event["stage"] == "verify" and str(event["text"]).startswith("50 %")


def test_killed_half_way_and_blue_green(hello: Project) -> None:
    """What a killed deploy leaves is found, shown and taken away by the next; all at once, the old one kept warm."""
    before = hello.stack_tag("hello")
    edit(hello)
    with load(hello) as seen:
        killed = hello.start("deploy", "--json", "hello", "--canary", "50,100", "--bake", "60s")
        killed.wait_for(is_shifted)
        killed.send(signal.SIGKILL)
        killed.finish(-signal.SIGKILL)
        assert hello.stack_tag("hello") == before
        status = json.loads(hello.run("status", "--json").out)["services"]["hello"]
        assert (status["second"]["weight"], status["second"]["running"]) == (50, 2)
        assert hello.plan("hello")["services"]["hello"]["leftover"]
        converged = deploy(hello)
        assert (converged.report["verdict"], services(hello)) == ("live", {"hello"})
        edit(hello)
        shift = shift_of(deploy(hello, "--blue-green", "--bake", "2s"))
    assert [step["weight"] for step in shift["steps"]] == [100]
    assert not misses(seen), misses(seen)[:5]
    assert len(versions(seen)) == 3
    assert deploy(hello).report["path"] == "none"


def test_maintenance(hello: Project) -> None:
    """The gateway answers in the service's place, within a second."""
    try:
        on = json.loads(hello.run("maintenance", "hello", "on", "--json").out)
        with load(hello) as seen:
            status = json.loads(hello.run("status", "--json").out)["services"]["hello"]
        assert (on["on"], status["maintenance"]) == (True, True)
        assert misses(seen)
        assert all("503" in answer.trouble for answer in misses(seen))
    finally:
        hello.run("maintenance", "hello", "off")
    assert hello.ask()["service"] == "hello"
