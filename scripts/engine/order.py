"""The order of commits: an older one does not replace a newer one that is live, unless that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.engine.commit import is_older
from scripts.engine.errors import Refused, Superseded
from scripts.engine.history import newest_live
from scripts.engine.model import Plan
from scripts.engine.world import World

Commit = Mapping[str, Any]


def newer_live(world: World, plan: Plan, commits: Mapping[str, Commit]) -> Refused | Superseded | None:
    """Why this plan must not be carried out: what is live is newer. Asked for under the lock.

    Superseded where the newer one came while this deploy waited for its turn.
    """
    if world.manners.allow_older or world.lock is None:
        return None
    for service in plan.changed:
        # A service without a stack, as after its removal, has nothing live.
        ours = commits.get(service.service) if service.previous_tag else None
        theirs = _live_commit(world, service.service) if ours else None
        if ours and theirs and is_older(world, ours, theirs):
            return _error(service.service, ours, theirs, waited=world.lock.waited)
    return None


def _live_commit(world: World, service: str) -> Commit | None:
    """As the lock's item has it; a service whose lock was never given back by a live deploy is looked up."""
    assert world.lock is not None
    if commit := world.lock.leases[service].commit:
        return commit
    record = newest_live(world.aws, world.settings, service)
    return (record["services"][service].get("commit") or record.get("commit")) if record else None


def _error(service: str, ours: Commit, theirs: Commit, *, waited: bool) -> Refused | Superseded:
    what = f"{service}: commit {theirs['id'][:12]} is live, which is newer than {ours['id'][:12]}"
    if waited:
        return Superseded(f"{what}; it came while this deploy waited", where="lock", remedy="nothing was changed")
    return Refused(what, where="order of commits", remedy="pull the newer commit, or run it again with --allow-older")
