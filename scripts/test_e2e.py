"""`./poe test-e2e`: the end-to-end tests, files side by side; what fails runs once more, alone, and both are shown.

Most of their time is waiting for rollouts, so more files run at once than there are processors. Rollouts, kills and
outages run against the clock of a machine that others use too: a test that fails twice has found something; one that
passes the second time is named in the output.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.local import engine_setup

COMMAND = (sys.executable, "-m", "pytest", "-q", "tests/e2e")
SIDE_BY_SIDE = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
TESTS_FAILED = 1
"""pytest's exit code for failed tests, as against a run that could not be made."""


def main() -> None:
    """Entry point; arguments go to pytest: `-n 0` runs one test after the other."""
    words = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        engine_setup.ensure(Path(folder), print)
    code = _run(*SIDE_BY_SIDE, *words)
    if code == TESTS_FAILED:
        print("\nWhat failed above runs once more, alone:\n", flush=True)
        code = _run("--last-failed", *words)
    raise SystemExit(code)


def _run(*words: str) -> int:
    return subprocess.run([*COMMAND, *words], check=False).returncode


if __name__ == "__main__":
    main()
