"""Which commit the working tree is at, for the record; git is asked, and its silence is no error."""

from __future__ import annotations

import re
from typing import Any

from scripts.engine.images import git
from scripts.engine.world import World

SHOWN = re.compile(r"(?P<id>[0-9a-f]{40,64}) (?P<time>[0-9]+)")


def read_commit(world: World) -> dict[str, Any]:
    """`id`, `time` (Unix seconds) and `dirty`; empty without git, or where IMAGE_TAG stands for the tree."""
    if not world.contexts:
        return {}
    found = SHOWN.fullmatch(git(world.shell, world.settings.root, "log", "-1", "--format=%H %ct"))
    if found is None:
        return {}
    changes = git(world.shell, world.settings.root, "status", "--porcelain", "--", ".")
    return {"id": found["id"], "time": int(found["time"]), "dirty": bool(changes)}
