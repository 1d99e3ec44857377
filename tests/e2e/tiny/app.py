"""A service of the end-to-end tests: says which version answers, or fails in the way that the file `mode` names."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODE = Path(__file__).with_name("mode").read_text("ascii").split()[0]
LIFE_SECONDS = 5.0
"""How long a `dies` lives."""


class Handler(BaseHTTPRequestHandler):
    """Answers every path; `/health` with the status that the mode names."""

    def do_GET(self) -> None:
        """One answer."""
        status = int(MODE) if MODE.isdigit() and self.path == "/health" else 200
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
