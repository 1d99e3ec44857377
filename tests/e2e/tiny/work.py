"""The other processes of the tiny service: its release command, its worker, what its schedule starts."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

MODE = Path(__file__).with_name("mode").read_text("ascii").split()[0]
SLOW_SECONDS = 12
LIFE_SECONDS = 3.0
"""How long the worker of `worker-dies` lives."""


def release() -> None:
    """Ends well, unless the mode has it otherwise."""
    print(f"migrating to {os.environ['SLIPWAY_IMAGE_TAG']}")
    if MODE == "release-fails":
        print("relation users exists already")
        sys.exit(3)
    for second in range({"release-hangs": 3600, "release-slow": SLOW_SECONDS}.get(MODE, 0)):
        print(f"step {second}")
        time.sleep(1)
    print("migrated")


def worker() -> None:
    """Waits for work until SIGTERM."""
    if MODE == "worker-crash":
        sys.exit("the queue is missing")
    print(f"worker of {os.environ['SLIPWAY_IMAGE_TAG']}")
    time.sleep(LIFE_SECONDS if MODE == "worker-dies" else 1e6)
    sys.exit("the queue went away")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    {"release": release, "worker": worker, "schedule": worker}[sys.argv[1]]()
