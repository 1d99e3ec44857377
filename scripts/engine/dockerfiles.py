"""The Dockerfile of a service: its own, or the one that the analyzer writes where there is none.

A generated one is kept under `.slipway/generated/`, outside the build context, with its ignore file beside it as
BuildKit has it. It is made anew from the source each time, so it can never be older than the source.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scripts.engine import analyzer_path
from scripts.engine.errors import BadInput
from scripts.engine.sources import base_of
from settings import Service

GENERATED = Path(".slipway") / "generated"
DEFAULT = "Dockerfile"


@dataclass(frozen=True)
class Dockerfile:
    """Where it is and what it says."""

    path: Path
    text: str
    is_generated: bool = False


def dockerfile_of(root: Path, service: Service) -> Dockerfile:
    """The service's Dockerfile; raises BadInput when it cannot be read, or is not there and cannot be written."""
    path = base_of(root, service) / service.source / service.dockerfile
    if service.folder != "." and service.dockerfile == DEFAULT:
        return _generated(root, service)  # the one at the top of a workspace is another service's
    try:
        return Dockerfile(path, path.read_text("utf-8"))
    except FileNotFoundError:
        if service.dockerfile != DEFAULT:
            raise BadInput(
                f"there is no {service.dockerfile} in {service.source}",
                where=f"services.{service.name}.dockerfile",
                remedy="write it, or leave the key out to have one generated",
            ) from None
        return _generated(root, service)
    except (UnicodeDecodeError, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise BadInput(
            f"{service.source}/{service.dockerfile} cannot be read: {why}",
            where=f"services.{service.name}",
            remedy="it must be UTF-8 text that you may read",
        ) from None


def _generated(root: Path, service: Service) -> Dockerfile:
    if not (base_of(root, service) / service.source).is_dir():
        raise BadInput(
            f"there is no folder {service.source!r}",
            where=f"services.{service.name}.source",
            remedy="correct slipway.toml",
        )
    files = _image_files(root, service)
    folder = root / GENERATED / service.name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / DEFAULT
    _replace(path, files[DEFAULT])
    _replace(folder / f"{DEFAULT}.dockerignore", files[".dockerignore"])
    return Dockerfile(path, files[DEFAULT], is_generated=True)


def _image_files(root: Path, service: Service) -> dict[str, str]:
    """What the analyzer writes for the service's folder. It is imported here: most deploys need none of it."""
    analyzer_path.add()
    from analyzer.analyze import Options, analyze
    from analyzer.failure import Failure
    from analyzer.render.files import image_files, why_no_dockerfile
    from analyzer.source.folder import of_folder

    where = f"services.{service.name}"
    try:
        view = of_folder(base_of(root, service) / service.source)
        found = analyze(view, options=Options(service=service.folder)).services[0]
    except Failure as failure:
        raise BadInput(failure.message, where=where, remedy=failure.remedy or "write a Dockerfile") from None
    files = image_files(found)
    if not files:
        what, remedy = why_no_dockerfile(found)
        raise BadInput(f"there is no Dockerfile in {service.source}, and {what}", where=where, remedy=remedy)
    return files


def _replace(path: Path, text: str) -> None:
    """Write it unless it says so already; whoever reads it at the same time sees the old text or the new one."""
    if path.exists() and path.read_text("utf-8") == text:
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)
