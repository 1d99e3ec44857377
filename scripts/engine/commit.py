"""Which commit the working tree is at, for the record; git is asked, and its silence is no error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.engine.errors import Failed
from scripts.engine.images import git
from scripts.engine.sources import commit_of
from scripts.engine.world import World

SHOWN = re.compile(r"(?P<id>[0-9a-f]{40,64}) (?P<time>[0-9]+)")


def read_commits(world: World, services: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Service -> the commit that its source is at, for those where that is known."""
    settings, own = world.settings, read_commit(world)
    found = {}
    for name in filter(world.contexts.__contains__, services):
        service = settings.service(name)
        found[name] = commit_of(settings.root, service) if service.repository else own
    return {name: commit for name, commit in found.items() if commit}


def is_older(world: World, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether our commit comes before theirs: by git's history, or by time where this clone does not know both."""
    if ours["id"] == theirs["id"]:
        return False
    words = ("git", "-C", str(world.settings.root), "merge-base", "--is-ancestor", ours["id"], theirs["id"])
    try:
        code = world.shell.run(words, check=False).code
    except Failed:  # there is no git
        code = 128
    # 1: both are here, and ours is not part of theirs. Source: git-merge-base(1), "--is-ancestor".
    return bool(0 < ours["time"] < theirs["time"]) if code not in (0, 1) else code == 0


def read_commit(world: World) -> dict[str, Any]:
    """`id`, `time` (Unix seconds) and `dirty`; empty without git, or where IMAGE_TAG stands for the tree."""
    if not world.contexts:
        return {}
    found = SHOWN.fullmatch(git(world.shell, world.settings.root, "log", "-1", "--format=%H %ct"))
    if found is None:
        return {}
    changes = git(world.shell, world.settings.root, "status", "--porcelain", "--", ".")
    return {"id": found["id"], "time": int(found["time"]), "dirty": bool(changes)}
