"""Which version a service goes back to, decided from records written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.engine.versions import good_versions, present, previous, version_of

Record = tuple[str, str, str]
"""Verdict, tag, and the deployment gone back to, if any."""


def rows(*records: Record) -> list[dict[str, Any]]:
    """Records of hello, newest first; the oldest has id 1."""
    made = []
    for at, (verdict, tag, to) in enumerate(records, 1):
        own = {"path": "fast", "image_tag": tag, "verdict": verdict, **({"rollback_to": to} if to else {})}
        made.append({"id": str(at), "verdict": verdict, "path": "fast", "services": {"hello": own}})
    return made[::-1]


def live(tag: str, to: str = "") -> Record:
    return ("live", tag, to)


STORIES: dict[str, tuple[tuple[Record, ...], str | None, tuple[str, str] | None]] = {
    "the one before": ((live("a"), live("b")), "b", ("1", "a")),
    "failed ones are skipped": ((live("a"), ("rolled_back", "x", ""), ("failed", "y", ""), live("b")), "b", ("1", "a")),
    "the same tag again is no other version": ((live("a"), live("b"), live("b")), "b", ("1", "a")),
    "nothing before the first": ((live("a"),), "a", None),
    "nothing at all": ((), "a", None),
    "back twice": ((live("a"), live("b"), live("c"), live("b", "2")), "b", ("1", "a")),
    "and never forward": ((live("a"), live("b"), live("a", "1")), "a", None),
    "a deploy after a rollback": ((live("a"), live("b"), live("a", "1"), live("c")), "c", ("3", "a")),
    "and back again from there": ((live("a"), live("b"), live("a", "1"), live("c"), live("a", "1")), "a", None),
    "a tag that never was live": ((live("a"), live("b"), ("running", "c", "")), "c", ("2", "b")),
    "a tag that nobody recorded": ((live("a"), live("b")), "z", ("2", "b")),
    "unchanged repeats": ((live("a"), live("b"), live("a", "1"), ("unchanged", "a", "")), "a", None),
    "unchanged is all that is left": ((("unchanged", "a", ""), live("b")), "b", ("1", "a")),
    "forward, then back": ((live("a"), live("b"), live("a", "1"), live("b", "2")), "b", ("1", "a")),
    "the bad one deployed once more": ((live("a"), live("b"), live("a", "1"), live("b")), "b", ("3", "a")),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_previous_good_version(story: str) -> None:
    records, now, expected = STORIES[story]
    found = previous(good_versions(rows(*records), "hello"), now)
    assert (found and (found.deployment, found.tag)) == expected


def test_a_rollback_stands_for_the_deployment_that_it_went_back_to() -> None:
    versions = good_versions(rows(live("a"), live("b"), live("a", "1")), "hello")
    now = present(versions, "a")
    assert now is not None
    assert (now.deployment, now.origin) == ("3", "1")
    assert present(versions, "z") is None


def test_a_record_of_others_tells_no_version() -> None:
    row = {"id": "1", "verdict": "live", "services": {"gateway": {"image_tag": "a"}}}
    assert version_of(row, "hello") is None
    assert version_of({"id": "1", "verdict": "failed", "services": {"hello": {"path": "fast"}}}, "hello") is None


def test_a_record_from_before_services_had_verdicts() -> None:
    version = version_of({"id": "1", "verdict": "live", "services": {"hello": {"image_tag": "a"}}}, "hello")
    assert version is not None
    assert (version.verdict, version.origin, version.commit) == ("live", "1", {})
