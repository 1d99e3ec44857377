"""The process of the embedded cloud: MiniStack, configured, corrected, and saved as it runs.

Started by `scripts/local/cloud.py` as `python -m scripts.local.emulator`; MiniStack reads its settings from the
environment when it is imported, so the environment is prepared first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.local import corrections
from scripts.local.cloud import IDENTITY_PATH, code_version
from scripts.local.corrections.registry import BLOB_CACHE, BLOB_DIR
from scripts.local.corrections.saving import Saver
from scripts.local.corrections.upstream import part
from scripts.local.leftovers import instance
from scripts.local.snapshots import Application, Changes, Message, Receive, Send, Snapshots, watched
from scripts.local.stand_ins import cache_folder

WITHOUT = "SLIPWAY_EMULATOR_WITHOUT"
"""Environment variable: corrections to leave out, or `all`; tests show with it that a correction is still needed."""


def main() -> None:
    """Serves until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m scripts.local.emulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder for everything that outlives the process")
    parser.add_argument("--bind", action="append", required=True, help="address to listen on (repeatable)")
    parser.add_argument("--region", default="us-east-1")
    options = parser.parse_args()
    os.environ.update(environment(options.port, options.state, options.region))
    application = corrected(options.state, frozenset(os.environ.get(WITHOUT, "").split()))
    raise SystemExit(serve(application, [f"{host}:{options.port}" for host in options.bind]))


def environment(port: int, state: Path, region: str) -> dict[str, str]:
    """Settings of MiniStack: state under the project, no listener besides the one port."""
    return {
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOSTNAME": instance(state),
        "MINISTACK_REGION": region,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "ministack"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        BLOB_DIR: str(state / "blobs"),
        BLOB_CACHE: str(cache_folder() / "blobs"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO"),
        "ECS_RESTORE_RECONCILE_DELAY_SECONDS": "0.5",
    }


def corrected(state: Path, without: frozenset[str]) -> Application:
    """MiniStack's application with our corrections, snapshots and identity."""
    app = part("app")
    reaper, persistence = part("core.container_reaper"), part("core.persistence")
    # Upstream adds the port, and a restart may have to move to another one; the state folder is who we are.
    reaper.instance_id = lambda: os.environ["MINISTACK_HOSTNAME"]
    applied = corrections.apply(without)
    changes = Changes()
    snapshots = Snapshots(state / "snapshots")
    saver = Saver(app, persistence, snapshots, changes)
    persistence.STATE_DIR, app.save_all = str(snapshots.current), saver.close
    threading.Thread(target=saver.run, daemon=True, name="slipway-snapshots").start()
    return identified(watched(app.app, changes), identity(state, applied))


def identity(state: Path, applied: tuple[str, ...]) -> dict[str, Any]:
    """What tells this emulator from any other server on the port."""
    return {"state": str(state.resolve()), "pid": os.getpid(), "corrections": list(applied), "code": code_version()}


def identified(application: Application, card: dict[str, Any]) -> Application:
    """The application, answering who it is on `IDENTITY_PATH`."""
    body = json.dumps(card).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def run(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != IDENTITY_PATH:
            await application(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return run


def serve(application: Application, binds: list[str]) -> int:
    """Runs the HTTP server until a signal; returns the exit code."""
    hypercorn = import_module("hypercorn.asyncio")
    config = import_module("hypercorn.config").Config()
    config.bind, config.keep_alive_timeout, config.loglevel = binds, 75, "WARNING"
    config.graceful_timeout = 1

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await hypercorn.serve(application, config, shutdown_trigger=stop.wait)

    try:
        asyncio.run(run())
    except OSError as error:
        print(f"cannot serve on {', '.join(binds)}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    main()
