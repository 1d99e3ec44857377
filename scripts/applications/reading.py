"""Fetches and analyzes what is to be deployed. An analysis is kept by the content that it is of, so an unchanged tree,
or a commit that changes nothing the analyzer reads, is not analyzed twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.applications.wishes import Place, is_bare
from scripts.engine.errors import BadInput
from scripts.engine.failures import explained
from scripts.engine.fetching import Checkout, fetch

if TYPE_CHECKING:
    from analyzer.model import Analysis, Service

ANALYSES = Path(".slipway") / "analyses"
KEPT_ANALYSES = 100


@dataclass(frozen=True)
class Read:
    """A source on disk."""

    base: Path
    """What `tree` of its place is relative to."""
    checkout: Checkout | None = None
    """None for a folder as it is."""


def read(root: Path, place: Place, is_cancelled: Callable[[], bool] = lambda: False) -> Read:
    """The source on disk; raises SlipwayError."""
    origin = place.origin
    if origin is None:
        return Read(root)
    if origin.is_folder and not is_bare(Path(origin.repository)):
        return Read(Path(origin.repository))
    checkout = fetch(root, origin, is_cancelled=is_cancelled)
    return Read(checkout.folder, checkout)


def analyzed(root: Path, folder: Path, place: Place) -> tuple[Service, bool]:
    """The service that is to be deployed, and whether its analysis was kept; raises BadInput when it is one of many."""
    if not folder.is_dir():
        raise BadInput(f"there is no folder {place.tree}", where="--folder", remedy="name one that the source has")
    with explained("analyze"):
        analysis, was_kept = _analysis(root, folder, place.service)
    if len(analysis.services) > 1:
        found = ", ".join(_named(service) for service in analysis.services)
        raise BadInput(
            f"there are {len(analysis.services)} services in it: {found}",
            where="--service",
            remedy=f"choose one, for example --service {analysis.services[0].root}",
        )
    return analysis.services[0], was_kept


def _named(service: Service) -> str:
    words = [service.value(key) for key in ("framework", "language", "kind")]
    what = next((str(word) for word in words if word), "unknown")
    return f"{service.root} ({what})"


def _analysis(root: Path, folder: Path, service: str | None) -> tuple[Analysis, bool]:
    from analyzer import document
    from analyzer.analyze import Options, analyze
    from analyzer.key import content_key
    from analyzer.source.folder import folder_tree

    options = Options(service=service)
    tree = folder_tree(folder)
    key = content_key(tree, options)
    path = root / ANALYSES / f"{key}.json"
    try:
        return document.loaded(path.read_text("utf-8")), True
    except (OSError, ValueError, LookupError, TypeError):  # not there, or not whole
        pass
    found = analyze(tree.view(), key, options)
    _keep(path, document.text(found))
    return found, False


def _keep(path: Path, text: str) -> None:
    """Best effort: it only saves time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(text, "utf-8")
        fresh.replace(path)
        kept = sorted(path.parent.iterdir(), key=lambda old: -old.stat().st_mtime)
        for old in kept[KEPT_ANALYSES:]:
            old.unlink(missing_ok=True)
    except OSError:
        return
