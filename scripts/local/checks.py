"""What a machine needs for Slipway, one check a row: a name, how it is found out, and how it can be provided."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from scripts.local import base_images, cloud, docker_engine, engine_setup, listen_addresses
from scripts.local.docker_engine import Say
from scripts.local.ports import PREFERRED_PORT
from settings.errors import SlipwayError
from settings.model import Settings

OK, NG, SKIP = "OK", "NG", "SKIP"
LEAST_FREE = 3 * 10**9
"""Bytes: engine, base images, two builds of two services and the emulator's state take about two gigabytes."""
SET_UP = "remove .venv/.slipway and run ./poe, which sets up again"


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    state: str
    text: str
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """One thing to have; `provide` is None where only a person can."""

    group: str
    name: str
    look: Callable[[Settings], Finding]
    provide: Callable[[Settings, Say], object] | None = None


def look_at(check: Check, settings: Settings) -> Finding:
    """What the check finds; an error that it meets is what it found."""
    try:
        return check.look(settings)
    except SlipwayError as error:
        return Finding(NG, error.what, error.remedy)
    except OSError as error:
        return Finding(NG, str(error), "./poe doctor --fix")


def _python(_: Settings) -> Finding:
    return Finding(OK, f"{platform.python_version()}, {sys.prefix}")


def _program(*words: str, remedy: str) -> Callable[[Settings], Finding]:
    def look(settings: Settings) -> Finding:
        path = shutil.which(words[0], path=_search_path(settings))
        if not path:
            return Finding(NG, "not found", remedy)
        done = subprocess.run((path, *words[1:]), capture_output=True, text=True, timeout=30, check=False)
        lines = (done.stdout or done.stderr).strip().splitlines()
        if done.returncode:
            return Finding(NG, f"{path} does not work: {lines[-1] if lines else done.returncode}", remedy)
        return Finding(OK, f"{lines[0] if lines else 'no version'}, {path}")

    return look


def _search_path(settings: Settings) -> str:
    own = (settings.root / ".venv/bin", settings.root / "node_modules/.bin", settings.root / ".slipway/tools/bin")
    return os.pathsep.join([*map(str, own), os.environ.get("PATH", "")])


def _ca_bundle(_: Settings) -> Finding:
    secrets = base_images.build_secrets()
    if secrets:
        return Finding(OK, f"{secrets[0][1]}, given to builds as the secret `ca`")
    return Finding(SKIP, "none found; builds use the certificates of their base image")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.root).free
    text = f"{free / 1e9:.1f} GB free at {settings.root}"
    return Finding(OK, text) if free >= LEAST_FREE else Finding(NG, text, "free 3 GB, for example: docker system prune")


def _engine(_: Settings) -> Finding:
    host = docker_engine.engine_host()
    if not docker_engine.is_reachable():
        engine_setup.refuse_what_cannot_be_started()
        return Finding(NG, f"no engine answers at {host}", "./poe doctor --fix starts it, or installs Debian's as root")
    version = docker_engine.ask("/version")
    return Finding(OK, f"{version['Version']} at {host}")


def _start_engine(settings: Settings, say: Say) -> None:
    engine_setup.ensure(settings.state_dir, say)


def _builder(_: Settings) -> Finding:
    builder = docker_engine.find_builder()
    how = "DOCKER_BUILDKIT=1" if builder.environment else "buildx"
    return Finding(OK, f"{builder.docker[0]} ({how})")


def _install_builder(_: Settings, say: Say) -> None:
    engine_setup.install(("docker.io",), say)


def _base_images(settings: Settings) -> Finding:
    if not settings.target.embedded:
        return Finding(SKIP, "pulled by the build")
    if not docker_engine.is_reachable():
        return Finding(SKIP, "no engine")
    images = base_images.needed(settings)
    known = {image: base_images.labels(image) for image in images}
    missing = [image for image, labels in known.items() if labels is None]
    if missing:
        return Finding(
            NG, f"not in the engine: {', '.join(missing)}", "./poe doctor --fix, or the next deploy, provides it"
        )
    kinds = [f"{image}{' (stand-in)' if base_images.is_stand_in(labels) else ''}" for image, labels in known.items()]
    return Finding(OK, ", ".join(kinds) or "none needed")


def _provide_base_images(settings: Settings, say: Say) -> None:
    memory = settings.state_dir / base_images.MEMORY
    memory.unlink(missing_ok=True)
    base_images.ensure(base_images.needed(settings), docker_engine.find_builder(), say, memory=memory)


def _emulator(settings: Settings) -> Finding:
    if not settings.target.embedded:
        return Finding(SKIP, f"target {settings.target.name} is an AWS account")
    running = cloud.find(settings.state_dir)
    if running:
        return Finding(OK, f"runs on port {running.port}, process {running.pid}")
    port = cloud.Files(settings.state_dir).kept_port() or PREFERRED_PORT
    if _somebody_listens(port):
        return Finding(OK, f"does not run; port {port} is taken, so it will use another one")
    return Finding(OK, f"does not run; port {port} is free; a deploy starts it")


def _somebody_listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start_emulator(settings: Settings, say: Say) -> None:
    """Starts the embedded cloud."""
    cloud.ensure(settings.state_dir, say, addresses=listen_addresses(), region=settings.target.region)


TABLE = (
    Check("machine", "python", _python),
    Check("machine", "uv", _program("uv", "--version", remedy=SET_UP)),
    Check("machine", "node", _program("node", "--version", remedy=SET_UP)),
    Check("machine", "CDK CLI", _program("cdk", "--version", remedy=SET_UP)),
    Check(
        "machine", "git", _program("git", "--version", remedy="install git; deploys work without, but know no revision")
    ),
    Check("machine", "CA bundle", _ca_bundle),
    Check("machine", "disk", _disk),
    Check("containers", "engine", _engine, _start_engine),
    Check("containers", "BuildKit client", _builder, _install_builder),
    Check("containers", "base images", _base_images, _provide_base_images),
    Check("target", "embedded cloud", _emulator),
)
