"""An application that behaves as the environment says: well, or in one of the ways in which deploys go wrong."""

import http.server
import os
import signal
import sys
import threading
import time

MODE = os.environ.get("MODE", "good")
PORT = int(os.environ.get("PORT", "8000"))
VERSION = os.environ.get("VERSION", "1")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            time.sleep(3.5)
        status = 500 if MODE == "sick" and self.path == "/health" else 200
        body = f"{VERSION} {self.path}".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def eat_memory() -> None:
    kept = [os.urandom(1 << 20) for _ in range(1024)]
    threading.Event().wait(len(kept))


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
if MODE == "crash":
    sys.exit("the application cannot start")
if MODE == "hungry":
    eat_memory()
if MODE == "silent":
    threading.Event().wait()
print(f"version {VERSION} listens on {PORT}")
http.server.ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
