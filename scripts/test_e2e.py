"""`./poe test-e2e`: the end-to-end tests; what fails is run once more, alone, and both results are shown.

Rollouts, kills and outages run against the clock of a machine that others use too. A test that fails twice has found
something; one that passes the second time is named in the output.
"""

from __future__ import annotations

import subprocess
import sys

COMMAND = (sys.executable, "-m", "pytest", "-q", "tests/e2e")
TESTS_FAILED = 1
"""pytest's exit code for failed tests, as against a run that could not be made."""


def main() -> None:
    """Entry point; arguments go to pytest."""
    code = subprocess.run([*COMMAND, *sys.argv[1:]], check=False).returncode
    if code == TESTS_FAILED:
        print("\nWhat failed above runs once more, alone:\n", flush=True)
        code = subprocess.run([*COMMAND, "--last-failed", *sys.argv[1:]], check=False).returncode
    raise SystemExit(code)


if __name__ == "__main__":
    main()
