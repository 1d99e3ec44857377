"""A service of the end-to-end tests: says which version answers, or fails in the way that the file `mode` names."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODE = Path(__file__).with_name("mode").read_text("ascii").split()[0]
LIFE_SECONDS = 5.0
"""How long a `dies` lives."""
GOOD_CHECKS = 6
"""Checks of a version that bakes which each task answers well before it turns bad."""
SLOW_SECONDS, LONG_SECONDS = 0.4, 3.0
"""How long each answer of `slow` takes, and every answer to `/long`."""
asked, checked, turned = itertools.count(1), itertools.count(1), threading.Event()


def status_of(path: str, agent: str) -> int:
    """What the mode has this request answered with."""
    number, checks = next(asked), next(checked) if agent == "slipway" else 0
    if MODE == "late" and checks > GOOD_CHECKS:
        os._exit(1)
    if MODE == "turns" and checks > GOOD_CHECKS:
        turned.set()
    if MODE == "slow" or path == "/long":
        time.sleep(LONG_SECONDS if path == "/long" else SLOW_SECONDS)
    if path == "/missing":
        return 404
    if turned.is_set() or (MODE == "errors" and number % 5 == 0):
        return 500
    return int(MODE) if MODE.isdigit() and path == "/health" else 200


class Handler(BaseHTTPRequestHandler):
    """Answers every path."""

    def do_GET(self) -> None:
        """One answer."""
        status = status_of(self.path, self.headers.get("User-Agent", ""))
        body = json.dumps({"version": os.environ["SLIPWAY_IMAGE_TAG"]}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def main() -> None:
    """Serve until SIGTERM, unless the mode has another end."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if MODE == "crash":
        sys.exit("the database password is missing")
    if MODE == "memory":
        held = []
        while True:
            held.append(bytearray(16 << 20))
    if MODE == "dies":
        threading.Timer(LIFE_SECONDS, os._exit, (1,)).start()
    port = int(os.environ["PORT"]) + (MODE == "port")
    ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
