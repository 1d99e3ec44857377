"""Release commands: what runs once before a version."""

from __future__ import annotations

import signal

from tests.e2e.processes.stories import Found, assert_live, assert_untouched, told, update_texts


@told("once")
def test_it_runs_once_a_version(found: Found) -> None:
    first, second, third = found.results
    assert first.report["verdict"] == "live", first
    release, update = update_texts(first)
    assert release == "release command: exit code 0"
    assert update.startswith("ImageTag src-")
    assert second.report["verdict"] == "unchanged", second
    assert second.report["mutating_calls"] == 0
    assert third.report["path"] == "full"
    assert any(text.startswith("release command: ran in 20") for text in update_texts(third)), update_texts(third)
    assert found.runs == (1, 1, 1)
    assert found.misses == 0
    assert_live(found)


@told("fails")
def test_one_that_fails_stops_the_deploy_with_its_log(found: Found) -> None:
    for failed in found.results[:2]:
        assert (failed.code, failed.report["verdict"]) == (4, "failed"), failed
        assert failed.error["what"].endswith("the release command ended with exit code 3")
        assert "relation users exists already" in failed.only("evidence")["logs"]
        assert len(update_texts(failed)) == 1
    assert found.runs == (2, 2, 1), "what failed runs again, what succeeded does not"
    assert_untouched(found)
    assert_live(found)


@told("hangs")
def test_one_that_hangs_is_stopped(found: Found) -> None:
    hung = found.results[0]
    assert (hung.code, hung.report["verdict"]) == (7, "timed_out"), hung
    assert "did not end within its release_timeout of 30 s" in hung.error["what"]
    assert any("step 2" in line for line in hung.only("evidence")["logs"])
    assert_untouched(found)
    assert_live(found)


@told("killed")
def test_the_next_deploy_waits_for_that_of_a_killed_one(found: Found) -> None:
    killed, finished = found.results
    assert killed.code == -signal.SIGKILL
    assert finished.report["verdict"] == "live", finished
    assert update_texts(finished)[0] == "release command: exit code 0"
    assert found.runs == (1, 1)
    assert_untouched(found)
    assert_live(found)


@told("killed-late")
def test_one_that_ended_after_its_deploy_was_killed_is_not_repeated(found: Found) -> None:
    finished = found.results[-1]
    assert update_texts(finished)[0].startswith("release command: ran in 20")
    assert found.runs == (1, 1)
    assert_live(found)


@told("cancelled")
def test_a_cancel_leaves_it_running(found: Found) -> None:
    cancelled, finished = found.results
    assert (cancelled.code, cancelled.report["verdict"]) == (130, "stopped"), cancelled
    assert "goes on as task" in cancelled.error["what"]
    assert "--process release" in cancelled.error["remedy"]
    assert finished.report["verdict"] == "live", finished
    assert found.runs == (1, 1)
    assert_untouched(found)
    assert_live(found)


@told("overtaken")
def test_another_version_does_not_run_beside_it(found: Found) -> None:
    refused = found.results[1]
    assert (refused.code, refused.error["exit_code"]) == (3, 3), refused
    assert "the release command of another version" in refused.error["what"]
    assert "aws ecs stop-task --cluster slipway-local --task " in refused.error["remedy"]
    assert_untouched(found)
    assert_live(found)
