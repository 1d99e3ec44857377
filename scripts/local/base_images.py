"""Base images that Dockerfiles start from: in the engine, from their registry, or a stand-in where none answers.

A registry that cannot be reached is remembered for a day, so that a closed network costs its seconds once.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from scripts.engine.dockerfile import base_images
from scripts.engine.dockerfiles import dockerfile_of
from scripts.engine.errors import BadInput
from scripts.local import docker_engine, stand_in_table, stand_ins
from scripts.local.docker_engine import Builder, EngineRefusal
from settings.errors import SlipwayError
from settings.model import Settings

Say = Callable[[str], None]

DEFAULT_REGISTRY = "docker.io"
MEMORY = "registries.json"
"""File in the state folder that remembers registries which do not answer."""
PROBE_SECONDS = 8.0
PULL_SECONDS = 900
REMEMBERED_SECONDS = 24 * 3600
LARGEST_SECRET = 500 * 1024
"""Bytes. Source: BuildKit, session/secrets, MaxSecretSize."""
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


class BaseImageMissing(SlipwayError):
    """A base image that neither the engine nor a registry nor a stand-in provides."""


def build_secrets() -> tuple[tuple[str, str], ...]:
    """The host's bundle of certificate authorities as the BuildKit secret `ca`, when there is one."""
    for path in (*(os.environ.get(name) for name in CA_VARIABLES), CA_BUNDLE):
        if path and Path(path).is_file() and 0 < Path(path).stat().st_size <= LARGEST_SECRET:
            return (("ca", path),)
    return ()


def needed(settings: Settings) -> tuple[str, ...]:
    """Base images of all services, sorted; a Dockerfile that cannot be read is its build's error, not ours."""
    images: set[str] = set()
    for service in settings.services:
        try:
            text = dockerfile_of(settings.root, service).text
        except (BadInput, OSError):
            continue
        images.update(base_images(text, dict(service.build_args)))
    return tuple(sorted(images))


def ensure(images: tuple[str, ...], builder: Builder, say: Say, *, memory: Path) -> tuple[str, ...]:
    """Every image is in the engine when this returns; the answer names those that are stand-ins.

    `memory` is the file that remembers registries which do not answer. Raises BaseImageMissing.
    """
    for image in images:
        if labels(image) is None:
            _provide(image, builder, say, memory)
    return tuple(image for image in images if is_stand_in(labels(image)))


def pull_official(settings: Settings, builder: Builder, say: Say, *, first: Callable[[], None] = lambda: None) -> None:
    """Pull what the services build on and the engine lacks; a stand-in is replaced. Raises BaseImageMissing.

    `first` is called once before anything is pulled, and not at all when everything is there.
    """
    missing = [image for image in needed(settings) if _lacks_official(image)]
    if missing:
        first()
    for image in missing:
        _pull(image, builder, say)


def _lacks_official(image: str) -> bool:
    try:
        found = labels(image)
    except OSError as error:
        raise BaseImageMissing(
            f"the Docker engine does not answer: {error}", where="docker", remedy="./poe doctor"
        ) from None
    return found is None or is_stand_in(found)


def is_stand_in(found: dict[str, str] | None) -> bool:
    """Whether these are the labels of a stand-in."""
    return (found or {}).get(stand_ins.LABEL) == "true"


def labels(image: str) -> dict[str, str] | None:
    """Labels of an image in the engine; None when it is not there."""
    try:
        description = docker_engine.ask(f"/images/{quote(image, safe='/:@')}/json")
    except EngineRefusal as refusal:
        if refusal.status == http.client.NOT_FOUND:
            return None
        raise
    return dict((description.get("Config") or {}).get("Labels") or {})


def _provide(image: str, builder: Builder, say: Say, memory: Path) -> None:
    registry = registry_of(image)
    if not is_remembered(memory, registry, time.time()):
        if _registry_answers(image):
            _pull(image, builder, say)
            return
        remember(memory, registry, time.time())
    row = stand_in_table.find(image)
    if not row:
        raise BaseImageMissing(
            f"base image {image} is not in the engine, and the registry {registry} does not answer",
            where="docker",
            remedy=f"pull it where the registry answers and load it here (docker save, docker load), or use a base "
            f"image that has a stand-in: {', '.join(stand_in_table.names())}",
        )
    say(f"{registry} does not answer: making a stand-in for {image} from Debian packages, once")
    started = time.monotonic()
    stand_ins.make(row, builder, say, is_there=lambda: labels(image) is not None)
    say(f"stand-in for {image} made in {time.monotonic() - started:.0f} s")


def registry_of(image: str) -> str:
    """Host of the registry that an image reference names."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else DEFAULT_REGISTRY


def _registry_answers(image: str) -> bool:
    try:
        docker_engine.ask(f"/distribution/{quote(image, safe='/:@')}/json", timeout=PROBE_SECONDS)
    except EngineRefusal as refusal:
        # A registry that denies the image or does not have it has answered; the pull says so in its own words.
        return refusal.status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN, http.client.NOT_FOUND)
    except OSError:
        return False
    return True


def _pull(image: str, builder: Builder, say: Say) -> None:
    say(f"pulling base image {image}")
    try:
        done = subprocess.run(
            (*builder.docker, "pull", "-q", image),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PULL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BaseImageMissing(
            f"no end after {PULL_SECONDS} s", where=f"docker pull {image}", remedy="check the network, then try again"
        ) from None
    if done.returncode:
        raise BaseImageMissing(
            (done.stderr.strip().splitlines() or ["failed"])[-1],
            where=f"docker pull {image}",
            remedy="check the name in the Dockerfile, or log in to the registry",
        )


def is_remembered(memory: Path, registry: str, now: float) -> bool:
    """Whether the registry did not answer within the last day."""
    since = _read(memory).get(registry)
    return since is not None and 0 <= now - since < REMEMBERED_SECONDS


def remember(memory: Path, registry: str, now: float) -> None:
    """Notes that the registry does not answer."""
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(json.dumps({**_read(memory), registry: now}), "utf-8")


def _read(memory: Path) -> dict[str, float]:
    try:
        return {str(name): float(at) for name, at in json.loads(memory.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        # Absent or damaged: nothing is remembered.
        return {}
