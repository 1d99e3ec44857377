"""How long a hundred policies take from Cedar text to what the real Envoy has said to take."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from scripts.bench.gateway import rules
from scripts.bench.process import run
from scripts.bench.site import Site
from scripts.bench.spread import spread
from scripts.engine.errors import Failed
from scripts.engine.policies.bundle import Bundle, compile_folder
from scripts.engine.policies.validation import validate
from scripts.engine.shell import Shell
from settings import Settings

Say = Callable[[str], None]


def measure(site: Site, repeats: int, say: Say) -> dict[str, Any]:
    """Facts: seconds of compiling and of Envoy's check in a warm interpreter, and of the whole command."""
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        folder = shutil.copytree(site.root / "policies", Path(name) / "policies")
        rules.replace_with(folder)
        settings = replace(site.settings, root=folder.parent)
        compiled_in(settings)
        turns = [_turn(settings) for _ in range(repeats)]
    whole = [compiling + checking for compiling, checking in turns]
    command = [_command(site) for _ in range(repeats)]
    found = {"seconds": whole, "compile": [turn[0] for turn in turns], "check": [turn[1] for turn in turns]}
    say(
        f"compile  {rules.POLICIES} policies {spread(whole).median:27.3f} s, the command {spread(command).median:.2f} s"
    )
    return {name: spread(values).as_facts() for name, values in {**found, "command": command}.items()}


def compiled_in(settings: Settings) -> Bundle:
    """The hundred policies; raises Failed when there are others."""
    bundle = compile_folder(settings)
    if len(bundle.ids) != rules.POLICIES:
        raise Failed(f"{len(bundle.ids)} policies, not {rules.POLICIES}", where="bench")
    return bundle


def _turn(settings: Settings) -> tuple[float, float]:
    began = time.perf_counter()
    bundle = compiled_in(settings)
    between = time.perf_counter()
    validate(Shell(), bundle)
    return between - began, time.perf_counter() - between


def _command(site: Site) -> float:
    """`./poe compile-policies --check` with a hundred policies in the copy, which gets its own back."""
    folder = site.root / "policies"
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        kept = shutil.copytree(folder, Path(name) / "policies")
        try:
            rules.replace_with(folder)
            words = [str(site.root / "poe"), "compile-policies", "--check"]
            return run(words, cwd=site.root, env=site.environ).seconds
        finally:
            shutil.rmtree(folder)
            shutil.copytree(kept, folder)
