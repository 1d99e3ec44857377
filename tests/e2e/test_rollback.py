"""Going back: the version before serves again, from its image alone; what cannot be gone back to is refused at once."""

from __future__ import annotations

import json
import signal
from typing import Any

from tests.e2e import fault_proxy
from tests.e2e.fault_proxy import Fault
from tests.e2e.guarded import Guarded
from tests.e2e.running import Event, Result, begins
from tests.e2e.workshop import Lane

NO_BUILD = "FROM nothing-like-this\nRUN false\n"


def back(lane: Lane, *words: str, expect: int | None = 0) -> Result:
    return lane.project.run("rollback", "--json", *words, expect=expect)


def history(lane: Lane, *words: str) -> list[Event]:
    return list(json.loads(lane.project.run("history", "--json", *words).out))


def deployed(lane: Lane) -> tuple[str, str]:
    """A new version: its deployment and its tag."""
    lane.make()
    report = lane.deploy().report
    return report["deployment"], report["services"][lane.name]["image_tag"]


def versions(lane: Lane) -> set[str | None]:
    return {answer.version for answer in lane.answers()}


def show(lane: Lane, deployment: str) -> dict[str, Any]:
    return dict(json.loads(lane.project.run("show", "--json", deployment).out))


def test_back_and_further_back(lane: Lane) -> None:
    (first, one), (second, two), (third, three) = (deployed(lane) for _ in range(3))
    with lane.observed() as seen:
        result = back(lane)
    stages = {stage["name"] for stage in result.report["stages"]}
    assert not seen.misses, seen.misses
    assert (result.report["verdict"], lane.tag, versions(lane)) == ("live", two, {two})
    assert stages == {"prepare", "analyze", "update", "rollout", "verify"}
    assert lane.digests() == {result.report["services"][lane.name]["digest"]}

    record = show(lane, result.report["deployment"])
    own = record["services"][lane.name]
    assert (record["verdict"], record["path"], record["rollback_of"]) == ("live", "fast", third)
    assert (own["rollback_to"], own["image_tag"], own["previous_tag"]) == (second, two, three)
    assert f"rollback to {second}" in record["reason"]
    assert {stage["name"] for stage in record["stages"]} >= {"update", "rollout", "verify"}
    assert [event["stage"] for event in record["events"] if event["event"] == "stage_done"][-1] == "verify"
    assert [row["id"] for row in history(lane, lane.name, "--limit", "4")] == [record["id"], third, second, first]

    again = back(lane, lane.name)
    assert (again.report["verdict"], lane.tag) == ("live", one)
    assert show(lane, again.report["deployment"])["rollback_of"] == record["id"]
    plan = lane.project.plan(lane.name)["services"][lane.name]
    assert (plan["path"], plan["previous_tag"], plan["image_tag"]) == ("fast", one, three), "the tree holds the newest"
    forward = back(lane, lane.name, "--to", third)
    assert (forward.report["verdict"], lane.tag, versions(lane)) == ("live", three, {three})
    assert lane.deploy().report["verdict"] == "unchanged"
    assert back(lane, lane.name, "--to", third).report["verdict"] == "unchanged"


def test_a_dry_run_changes_nothing(guarded: Guarded, lane: Lane) -> None:
    (first, one), (_, two) = deployed(lane), deployed(lane)
    records = history(lane)
    with guarded.proxy.recorded() as requests:
        plan = lane.project.run("rollback", "--json", "--dry-run").only("plan")
        text = lane.project.run("rollback", "--dry-run").out
    assert (plan["path"], plan["rollback_to"]) == ("fast", {lane.name: first})
    assert plan["services"][lane.name]["image_tag"] == one
    assert f"rollback to {first}: {two} to {one}" in text
    assert requests
    assert not [request for request in requests if request.mutates]
    assert (lane.tag, history(lane)) == (two, records)


def test_with_a_broken_tree_and_no_way_to_push(guarded: Guarded, lane: Lane) -> None:
    (_, one), _ = deployed(lane), deployed(lane)
    lane.make(dockerfile=NO_BUILD)
    stack_code = lane.project.read("app.py")
    lane.project.write("app.py", "this is no Python\n")
    pushes = Fault(lambda request: request.path.startswith("/v2/") and request.mutates, fault_proxy.denied)
    try:
        with guarded.proxy.fault(pushes):
            assert back(lane).report["verdict"] == "live"
        assert (lane.tag, versions(lane), pushes.hits) == (one, {one}, 0)
    finally:
        lane.project.write("app.py", stack_code)
        lane.make()
    assert lane.deploy().report["verdict"] == "live"


def test_an_image_that_is_gone_is_refused_before_any_change(guarded: Guarded, lane: Lane) -> None:
    (older, zero), (first, one), (_, two) = deployed(lane), deployed(lane), deployed(lane)
    ecr, repository = lane.project.client("ecr"), f"slipway-local/{lane.name}"
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": one}, {"imageTag": f"live-{one}"}])
    with guarded.proxy.recorded() as requests:
        result = back(lane, expect=3)
    assert one in result.error["what"]
    assert f"./poe rollback {lane.name} --to {older}" in result.error["remedy"]
    assert not [request for request in requests if request.mutates]
    assert (lane.tag, versions(lane)) == (two, {two})
    assert back(lane, lane.name, "--to", older).report["services"][lane.name]["image_tag"] == zero
    assert back(lane, lane.name, "--to", first, expect=3).error["where"] == "rollback"
    lane.make()
    assert lane.deploy().report["verdict"] == "live"


def test_a_version_that_never_was_live_is_skipped_and_refused(lane: Lane) -> None:
    (_, one), (_, two) = deployed(lane), deployed(lane)
    lane.make("crash")
    failed = lane.deploy(expect=5).report["deployment"]
    assert back(lane, lane.name, "--to", failed, expect=3).error["what"].endswith(f"in {failed}: rolled_back")
    assert lane.tag == two
    assert back(lane, lane.name).report["services"][lane.name]["image_tag"] == one
    rows = history(lane, lane.name, "--verdict", "rolled_back", "--limit", "1")
    assert [row["id"] for row in rows] == [failed]
    record = show(lane, failed)
    assert record["evidence"][0]["cause"] == "crash_at_start"
    assert "likely cause" in lane.project.run("show", failed).out
    lane.make()
    assert lane.deploy().report["verdict"] == "live"


def test_two_people_at_once(lane: Lane) -> None:
    (_, one), _ = deployed(lane), deployed(lane)
    lane.steady(10)
    commands = [lane.project.start("rollback", "--json", lane.name) for _ in range(2)]
    results = [command.finish(expect=(0, 3)) for command in commands]
    assert sorted(result.code for result in results) == [0, 3], results
    refused = next(result for result in results if result.code == 3)
    assert refused.error["where"] in ("lock", "rollback")
    assert (lane.tag, versions(lane)) == (one, {one})


def test_a_killed_deploy_is_told_as_what_it_is_and_left_behind(lane: Lane) -> None:
    _, one = deployed(lane)
    lane.steady(120)
    lane.make()
    command = lane.start()
    command.wait_for(begins("rollout"))
    running = history(lane, lane.name, "--limit", "1")[0]
    assert running["verdict"] == "running"
    assert [row["id"] for row in history(lane, "--verdict", "running")] == [running["id"]]
    command.send(signal.SIGKILL)
    command.finish(expect=None)
    lane.steady(1)
    killed = history(lane, "--limit", "1")[0]
    assert (killed["id"], killed["verdict"], killed["lost"]) == (running["id"], "stopped", True)
    assert history(lane, "--verdict", "stopped", "--limit", "1") == [killed]
    assert history(lane, "--verdict", "running") == []
    assert "rollout" in lane.project.run("show", killed["id"]).out
    assert back(lane).report["verdict"] == "live"
    assert (lane.tag, versions(lane)) == (one, {one})
    lane.make()
    assert lane.deploy().report["verdict"] == "live"
