"""Folders that a stack packs for a Lambda function, with the packages of the environment that go along."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

LOCK = "requirements.txt"


@dataclass(frozen=True)
class Asset:
    """The sources of a function, and names of pure Python packages as the lock file spells them."""

    folder: str
    packages: tuple[str, ...] = ()


ANALYZER = Asset("lambda/analyzer", ("defusedxml", "dulwich", "packaging", "pyyaml", "urllib3"))
"""boto3 is part of Lambda's runtime. urllib3 too, in a release that is too old for dulwich."""


def digest(root: Path, asset: Asset) -> str:
    """64 hex digits that change with the sources and with the pinned versions; no time and no machine counts."""
    found = hashlib.sha256()
    folder = str(root / asset.folder)
    for path in files(root, asset):
        with open(f"{folder}/{path}", "rb") as file:
            found.update(f"{path}\0{hashlib.sha256(file.read()).hexdigest()}\n".encode())
    for name, version in sorted(pinned(root, asset).items()):
        found.update(f"{name}=={version}\n".encode())
    return found.hexdigest()


def files(root: Path, asset: Asset) -> list[str]:
    """The sources, relative to the asset's folder, sorted.

    By os.walk: every deploy waits for this, and `Path.rglob` takes four times as long.
    """
    top = str(root / asset.folder)
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [f"{folder}/{name}"[len(top) + 1 :] for name in names]
    return sorted(found)


def pinned(root: Path, asset: Asset) -> dict[str, str]:
    """Package -> version, of those that the lock file names."""
    lock = root / LOCK
    lines = lock.read_text("utf-8").splitlines() if lock.exists() else []
    pins = (line.split(";")[0].split("\\")[0].strip().partition("==") for line in lines)
    return {name: version for name, _, version in pins if name in asset.packages}
