"""What the analyzer says of the example applications, kept as files so that every change of it is seen in a review."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from analyzer import document
from analyzer.analyze import analyze
from analyzer.render.files import image_files
from analyzer.source.folder import of_folder

APPS = Path("examples/apps")
GOLDENS = Path("tests/golden/apps")


def apps(root: Path) -> list[str]:
    """Names of the example applications."""
    return sorted(path.name for path in (root / APPS).iterdir() if path.is_dir())


def golden_files(root: Path, app: str) -> dict[str, str]:
    """File name -> text that is kept for an application."""
    analysis = analyze(of_folder(root / APPS / app))
    files = {"analysis.json": json.dumps(document.document(analysis), indent=1, ensure_ascii=False) + "\n"}
    for service in analysis.services:
        place = "" if service.root == "." else f"{service.root}/"
        files |= {f"{place}{_visible(name)}": text for name, text in image_files(service).items()}
    return files


def _visible(name: str) -> str:
    """Under its own name a .dockerignore would count for builds of this project."""
    return name.lstrip(".")


def refresh(root: Path) -> Iterator[str]:
    """Rewrite the kept files; the answer names what changed."""
    for app in apps(root):
        folder = root / GOLDENS / app
        wanted = golden_files(root, app)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            if str(path.relative_to(folder)) not in wanted:
                path.unlink()
                yield f"removed {path.relative_to(root)}"
        for name, text in wanted.items():
            path = folder / name
            if not path.exists() or path.read_text("utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
                yield f"written {path.relative_to(root)}"
