"""Folders that a stack packs for a Lambda function, with the packages of the environment that go along."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

LOCK = "requirements.txt"


@dataclass(frozen=True)
class Asset:
    """The sources of a function, and names of pure Python packages as the lock file spells them."""

    folder: str
    packages: tuple[str, ...] = ()


ANALYZER = Asset("lambda/analyzer", ("defusedxml", "dulwich", "packaging", "pyyaml", "semantic-version", "urllib3"))
"""boto3 is part of Lambda's runtime. urllib3 too, in a release that is too old for dulwich."""


def digest(root: Path, asset: Asset) -> str:
    """64 hex digits that change with the sources and with the pinned versions; no time and no machine counts."""
    facts = [
        [
            [path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()]
            for path in files(root, asset)
        ],
        [f"{name}=={version}" for name, version in sorted(pinned(root, asset).items())],
    ]
    return hashlib.sha256(json.dumps(facts, separators=(",", ":")).encode()).hexdigest()


def files(root: Path, asset: Asset) -> list[Path]:
    """The sources, sorted."""
    found = (path for path in (root / asset.folder).rglob("*") if path.is_file())
    return sorted(path for path in found if "__pycache__" not in path.parts)


def pinned(root: Path, asset: Asset) -> dict[str, str]:
    """Package -> version, of those that the lock file names."""
    lock = root / LOCK
    lines = lock.read_text("utf-8").splitlines() if lock.exists() else []
    pins = (line.split(";")[0].split("\\")[0].strip().partition("==") for line in lines)
    return {name: version for name, _, version in pins if name in asset.packages}
