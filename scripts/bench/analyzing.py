"""How long the analyzer takes: a call of its library in a warm interpreter, and the command as a whole."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.bench.process import run
from scripts.bench.site import Site
from scripts.bench.spread import Spread, spread
from scripts.engine import analyzer_path

USUAL, LARGE = 100, 50_000
"""Files of a usual repository, and of one of the largest."""
APPLICATION = "examples/apps/python-celery"
MODULE = '''"""Part {number}."""

from __future__ import annotations

import os

LIMIT = int(os.environ.get("LIMIT_{number}", "10"))


def part_{number}(values: list[int]) -> int:
    """The sum of what is below the limit."""
    return sum(value for value in values if value < LIMIT)
'''
Say = Callable[[str], None]


def measure(site: Site, repeats: int, say: Say) -> dict[str, Any]:
    """Facts: files -> seconds of a library call, and seconds of `./poe analyze` on the usual repository."""
    facts: dict[str, Any] = {"library": []}
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        for files in (USUAL, LARGE):
            folder = repository(site.root / APPLICATION, Path(name) / str(files), files)
            seconds = _library(folder, repeats)
            say(f"analyze  {files:>6} files {seconds.median:28.3f} s")
            facts["library"].append({"files": files, "seconds": seconds.as_facts()})
        command = spread([_command(site, Path(name) / str(USUAL)) for _ in range(repeats)])
        say(f"analyze  ./poe analyze {command.median:28.3f} s")
    return {**facts, "command": command.as_facts()}


def repository(application: Path, folder: Path, files: int) -> Path:
    """An application with modules around it, until there are that many files."""
    shutil.copytree(application, folder)
    missing = files - sum(path.is_file() for path in folder.rglob("*"))
    for number in range(missing):
        path = folder / "parts" / f"group{number // 100}" / f"part{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MODULE.format(number=number), "utf-8")
    return folder


def _library(folder: Path, repeats: int) -> Spread:
    """Seconds of opening the folder, its key and its analysis; the first call, which imports, is not counted."""
    analyzer_path.add()
    from analyzer.analyze import analyze
    from analyzer.key import content_key
    from analyzer.source.opening import open_source

    def call() -> float:
        began = time.perf_counter()
        with open_source(str(folder)) as tree:
            analyze(tree.view(), content_key(tree))
        return time.perf_counter() - began

    call()
    return spread([call() for _ in range(repeats)])


def _command(site: Site, folder: Path) -> float:
    return run([str(site.root / "poe"), "analyze", str(folder)], cwd=site.root, env=site.environ).seconds
