"""Where the source of a service is: in this project, in another folder of this machine, or in a git repository.

`commit` in slipway.toml says what is built of a repository; `fetching` keeps commits on disk, where they may vanish.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.engine.errors import BadInput
from scripts.engine.fetching import Origin, facts_of, fetch, place_of
from settings import Service, Settings


def base_of(root: Path, service: Service) -> Path:
    """The folder that a service's `source` is relative to; it is there once `provide` was called."""
    if service.repository is None:
        return root
    if service.commit is not None:
        return place_of(root, service.repository) / service.commit
    return Path(service.repository)


def commit_of(root: Path, service: Service) -> dict[str, Any] | None:
    """`id`, `time` and `dirty` of what a service is built from; None for one that is not built from a commit."""
    if service.repository is None or service.commit is None:
        return None
    time_of_it = facts_of(place_of(root, service.repository), service.commit).get("time", 0)
    return {"id": service.commit, "time": time_of_it, "dirty": False}


def missing(settings: Settings, names: Sequence[str]) -> tuple[str, ...]:
    """Services whose commit is not on this machine."""
    chosen = [settings.service(name) for name in names]
    return tuple(s.name for s in chosen if s.commit and not base_of(settings.root, s).is_dir())


def provide(root: Path, service: Service) -> tuple[str, ...]:
    """Fetch a service's commit unless it is here; answers what is not as a clone would have it.

    Raises BadInput, Failed or Transient.
    """
    if service.repository is None:
        return ()
    if service.commit is None:
        if not service.repository.startswith("/"):
            raise BadInput(
                "no commit says what to build",
                where=f"slipway.toml: services.{service.name}.commit",
                remedy=f"./poe deploy-app {service.name} takes the newest one",
            )
        return ()
    origin = Origin(service.repository, service.ref, service.commit)
    return fetch(root, origin, where=f"services.{service.name}").warnings
