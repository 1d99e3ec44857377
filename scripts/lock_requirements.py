"""Compiles each requirements.in into the requirements.txt beside it: every version and hash, no registry's address."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (".", "envoy", "examples/hello")
COMPILE = (
    "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate",
    "--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "./poe lock-requirements",
    "requirements.in", "-o", "requirements.txt",
)  # fmt: skip


def main() -> None:
    """Further words go to uv, such as `--upgrade-package NAME`."""
    for folder in FOLDERS:
        done = subprocess.run([*COMPILE, *sys.argv[1:]], cwd=ROOT / folder, check=False)
        if done.returncode:
            raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
