"""Corrections to ECR: unknown images are an error, and layers survive the process."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from scripts.local.corrections.upstream import Services

BLOB_DIR = "SLIPWAY_EMULATOR_BLOBS"
"""Environment variable that names the folder for image layers."""
BLOB_CACHE = "SLIPWAY_EMULATOR_BLOB_CACHE"
"""Environment variable that names the folder of layers that all embedded clouds of this user share."""
CACHED_SECONDS = 14 * 24 * 3600


def refuse_unknown_images(service: Services) -> None:
    """DescribeImages raises ImageNotFoundException for an image id that is not there, as AWS does.

    The CDK CLI takes any answer as "already published" and would skip building the asset.
    """
    ecr = service("ecr")
    original = ecr._describe_images

    def describe_images(data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        for wanted in data.get("imageIds") or []:
            if name in ecr._repositories and not ecr._find_image(name, wanted):
                return ecr.error_response_json("ImageNotFoundException", _not_found(wanted, name), 400)
        return original(data)

    ecr._describe_images = describe_images


def _not_found(wanted: dict[str, str], repository: str) -> str:
    digest, tag = wanted.get("imageDigest", "null"), wanted.get("imageTag", "null")
    return (
        f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the "
        f"repository with name '{repository}'"
    )


def keep_blobs_on_disk(service: Services) -> None:
    """Layers are files named by digest, written as they are pushed, instead of base64 in a state file at shutdown.

    All repositories share the folder: a layer that one of them has need not be pushed to another. A cache that
    outlives the cloud spares a new one the layers of base images, which take a push several seconds to compress.
    """
    ecr = service("ecr")
    cache = Path(os.environ[BLOB_CACHE])
    forget_unused(cache, time.time())
    store = BlobFolder(Path(os.environ[BLOB_DIR]), cache)
    ecr._layer_blobs = SharedBlobs(store)
    original = ecr.get_state

    def get_state() -> dict[str, Any]:
        state = original()
        del state["layer_blobs"]
        return dict(state)

    ecr.get_state = get_state


def forget_unused(cache: Path, now: float) -> None:
    """Removes cached layers that no cloud has used for a fortnight."""
    for path in cache.glob("*"):
        if now - path.stat().st_mtime > CACHED_SECONDS:
            path.unlink(missing_ok=True)


class BlobFolder(MutableMapping[str, bytes]):
    """Blobs by digest in one folder, backed by a cache; a write is complete or absent."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self.cache = folder, cache

    def _path(self, digest: str) -> Path:
        algorithm, _, value = digest.partition(":")
        if not (algorithm.isalnum() and value.isalnum()):
            raise KeyError(digest)
        return self.folder / f"{algorithm}-{value}"

    def _has(self, path: Path) -> bool:
        """Whether the blob is here, fetched from the cache when it is there."""
        if path.exists():
            return True
        cached = self.cache / path.name
        if not cached.exists():
            return False
        os.utime(cached)
        _link(cached, path)
        return True

    def __getitem__(self, digest: str) -> bytes:
        path = self._path(digest)
        if not self._has(path):
            raise KeyError(digest)
        return path.read_bytes()

    def __setitem__(self, digest: str, content: bytes) -> None:
        path = self._path(digest)
        if self._has(path):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.urandom(4).hex()}")
        partial.write_bytes(content)
        partial.replace(path)
        _link(path, self.cache / path.name)

    def __delitem__(self, digest: str) -> None:
        try:
            self._path(digest).unlink()
        except FileNotFoundError:
            raise KeyError(digest) from None

    def __contains__(self, digest: object) -> bool:
        return isinstance(digest, str) and self._has(self._path(digest))

    def __iter__(self) -> Iterator[str]:
        if self.folder.is_dir():
            yield from (path.name.replace("-", ":", 1) for path in self.folder.iterdir() if not path.suffix)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _link(source: Path, target: Path) -> None:
    """One file under two names; a copy where the folders are on different file systems."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.urandom(4).hex()}")
    try:
        os.link(source, partial)
    except OSError:
        shutil.copyfile(source, partial)
    partial.replace(target)


class SharedBlobs:
    """Stands where MiniStack keeps one mapping of blobs a repository."""

    def __init__(self, store: BlobFolder) -> None:
        self.store = store

    def get(self, _repository: str, _default: object = None) -> BlobFolder:
        """The blobs that a repository can serve."""
        return self.store

    setdefault = get

    def __deepcopy__(self, _memo: object) -> SharedBlobs:
        return self

    def update(self, _restored: object) -> None:
        """State files hold no layers."""

    def clear(self) -> None:
        """Removes every layer."""
        self.store.clear()
