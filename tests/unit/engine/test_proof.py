"""What a load says: samples and moments in, figures and sentences out."""

from __future__ import annotations

import json

import pytest

from scripts.engine.proof import Marks, Proving, Sample, is_lossy, loss, sentences, tally

MARKS = Marks(updated=10.0, live=20.0)
PROVING = Proving(path="/health")


def samples(first: float, last: float, *, ms: float = 5.0, kind: str = "ok") -> list[Sample]:
    """One a second."""
    return [Sample(float(at), ms, kind) for at in range(int(first), int(last))]


CALM = [*samples(5, 10, ms=4.0), *samples(10, 20, ms=7.0), *samples(20, 23)]


@pytest.mark.parametrize(
    ("due", "phase"), [(0.0, "before"), (9.99, "before"), (10.0, "during"), (19.9, "during"), (20.0, "after")]
)
def test_a_request_belongs_to_when_it_was_due(due: float, phase: str) -> None:
    assert MARKS.phase(due) == phase


def test_before_anything_happens_all_is_before() -> None:
    assert Marks().phase(1e9) == "before"


def test_a_calm_rollout() -> None:
    found = json.loads(json.dumps(tally(CALM, [], MARKS, PROVING)))
    assert found == {
        "path": "/health",
        "rate": 20,
        "max_failed": 0,
        "sent": 13,
        "failed": 0,
        "kinds": {},
        "before": {"sent": 5, "failed": 0, "kinds": {}, "p95": 4.0, "max": 4.0},
        "during": {"sent": 10, "failed": 0, "kinds": {}, "p95": 7.0, "max": 7.0},
        "after": {"sent": 3, "failed": 0, "kinds": {}, "p95": 5.0, "max": 5.0},
        "long": None,
    }
    assert not is_lossy(found)
    assert sentences(found) == (
        "0 of 13 requests failed at 20 a second; p95 4 ms before, 7 ms during, 5 ms after; 7 ms at most",
        "no long request was sent; --prove-long PATH sends some",
    )


def test_losses_are_counted_by_kind_and_from_the_update_on() -> None:
    early = [Sample(6.5, 9.0, "5xx")]
    late = [Sample(11.5, 3.0, "reset"), Sample(12.5, 10_000.0, "timeout"), Sample(20.5, 2.0, "reset")]
    found = tally([*CALM, *early, *late], [], MARKS, PROVING)
    assert (found["sent"], found["failed"], found["kinds"]) == (16, 3, {"reset": 2, "timeout": 1})
    assert (found["before"]["failed"], found["during"]["max"]) == (1, 7.0)
    assert loss(found) == "3 of 16 requests failed (2 reset, 1 timeout)"
    assert sentences(found)[1] == "before the update 1 of 6 failed already; they are not counted"


@pytest.mark.parametrize(("allowed", "lossy"), [(0, True), (2, True), (3, False), (4, False)])
def test_the_threshold(allowed: int, lossy: bool) -> None:
    found = tally(samples(11, 14, kind="5xx"), [], MARKS, Proving(max_failed=allowed))
    assert is_lossy(found) is lossy


def test_a_long_request_that_was_cut_off_is_a_loss() -> None:
    long = [Sample(5.0, 5000.0, "ok"), Sample(12.0, 5000.0, "ok"), Sample(17.0, 1200.0, "reset")]
    found = tally(CALM, long, MARKS, Proving(long_path="/slow"))
    assert (found["sent"], found["failed"]) == (15, 1)
    assert found["long"] == {
        "path": "/slow",
        "sent": 2,
        "failed": 1,
        "kinds": {"reset": 1},
        "p95": 5000.0,
        "max": 5000.0,
    }
    assert sentences(found)[-1] == "long requests to /slow: 2 sent, 1 failed, 5.0 s at most"


def test_a_first_version_has_only_an_after() -> None:
    found = tally(samples(20, 23), [], Marks(20.0, 20.0), PROVING)
    assert (found["before"], found["during"]) == (None, None)
    assert "nothing served before" in sentences(found)[1]


def test_a_load_of_nothing_but_failures_has_no_times() -> None:
    found = tally(samples(11, 13, kind="refused"), [], MARKS, PROVING)
    assert (found["during"]["p95"], found["during"]["max"]) == (None, None)
    assert sentences(found)[0] == "2 of 2 requests failed (2 refused) at 20 a second; p95 - during; - at most"


def test_a_load_that_was_stopped_at_once() -> None:
    found = tally([], [], Marks(), Proving(long_path="/slow"))
    assert (found["sent"], found["long"]) == (0, {"path": "/slow"})
    assert sentences(found)[-1] == "no long request to /slow was sent"
