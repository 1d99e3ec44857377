"""Clouds that files share: which files run one after the other beside the others, and how long a cloud is kept.

Starting a cloud takes as long as a few tests, and one that idles slows all others down. So the files of a cloud are one
share of the work, the longest shares come first, and a cloud ends with the last test that uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar

import pytest

FOLDER = "tests/e2e/"
SHARES = (
    # The last of these moves its cloud to another port.
    ("test_bake", "test_kills", "test_broken_versions", "test_outages"),
    ("test_turns", "test_locks", "test_prove"),
    ("test_faults", "test_rollback", "test_records", "test_notifications"),
    ("test_apps",),
    # The main story comes first in its cloud: what it tells is what a new user sees.
    ("test_story", "test_looking", "test_policy", "test_canary"),
    (
        "test_analyzer_lambda",
        "test_generated",
        "test_policy_path",
        "test_behind_gateway",
        "test_first_policy",
        "test_trees",
    ),
    ("local/test_corrections", "local/test_restart", "local/test_process", "local/test_connect"),
    ("processes/test_release_commands", "processes/test_workers"),
    ("test_apps_side_by_side",),
)
"""Files of one share; a file that stands nowhere is a share of its own and comes later."""
PLACES = {file: (share, at) for share, files in enumerate(SHARES) for at, file in enumerate(files)}
Cloud = TypeVar("Cloud")


def place(nodeid: str) -> tuple[int, int]:
    """Where the test's file stands among the others."""
    return PLACES.get(_file(nodeid), (len(SHARES), 0))


def share_of(nodeid: str) -> str:
    """Name of the test's share."""
    share, _ = place(nodeid)
    return SHARES[share][0] if share < len(SHARES) else _file(nodeid)


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0].removeprefix(FOLDER).removesuffix(".py")


class Clouds:
    """The open clouds of this process, by the name of the fixture that opens them."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Any, ExitStack]] = {}

    def get(self, name: str, make: Callable[[], AbstractContextManager[Cloud]]) -> Cloud:
        """The open one, or a new one."""
        if name not in self._open:
            stack = ExitStack()
            self._open[name] = (stack.enter_context(make()), stack)
        found: Cloud = self._open[name][0]
        return found

    def keep(self, names: Collection[str]) -> None:
        """Close the others."""
        for name in self._open.keys() - set(names):
            _, stack = self._open.pop(name)
            stack.close()


CLOUDS = pytest.StashKey[Clouds]()
