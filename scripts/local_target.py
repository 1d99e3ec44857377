"""`./poe local`: start, stop, show or reset the embedded cloud."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from scripts import command
from scripts.engine.errors import BadInput, Refused
from scripts.local import cloud, docker_engine, engine_setup, leftovers, listen_addresses
from scripts.local.failures import told
from scripts.session import settings_for
from settings import Settings

ACTIONS = {
    "up": "start the container engine and the cloud",
    "down": "stop the cloud; its state stays",
    "status": "show what runs",
    "reset": "remove its containers, images and state",
}


def local_verb() -> int:
    """Do what the first argument says."""
    actions = "; ".join(f"{name}: {text}" for name, text in ACTIONS.items())
    parser = command.parser("local", f"The embedded cloud of this machine. {actions}.", as_json=True)
    parser.add_argument("action", choices=tuple(ACTIONS), metavar="|".join(ACTIONS), help="what to do")
    parser.add_argument("--yes", action="store_true", help="reset without asking")
    arguments = parser.parse_args()
    settings = settings_for(arguments.target)
    if not settings.target.embedded:
        remedy = "choose a target with `embedded = true` in slipway.toml"
        raise BadInput(f"target {settings.target.name!r} is no embedded cloud", where="--target", remedy=remedy)
    verbs = {"up": up, "down": down, "status": status, "reset": reset}
    with told():
        return verbs[arguments.action](settings, arguments)


def up(settings: Settings, arguments: argparse.Namespace) -> int:
    """Start what does not run."""
    folder = settings.state_dir
    engine_setup.ensure(folder, _say)
    cloud.ensure(folder, _say, addresses=listen_addresses(), region=settings.target.region)
    return status(settings, arguments)


def down(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Stop it, state kept."""
    stopped = cloud.stop(settings.state_dir)
    _say("the embedded cloud has stopped; its state is kept" if stopped else "the embedded cloud does not run")
    return 0


def status(settings: Settings, arguments: argparse.Namespace) -> int:
    """Facts, as text or JSON."""
    facts = read_status(settings)
    if arguments.json:
        print(json.dumps(facts))
        return 0
    state = f"runs on {facts['endpoint']} (process {facts['pid']})" if facts["running"] else "does not run"
    engine = "answers" if facts["engine"] else "does not answer"
    print(f"embedded cloud  {state}")
    print(f"engine          {engine} at {docker_engine.engine_host()}")
    print(f"containers      {facts['containers']}")
    print(f"state           {facts['state_bytes'] / 1e6:.1f} MB in {facts['folder']}")
    print(f"log             {facts['log']}")
    return 0


def read_status(settings: Settings) -> dict[str, Any]:
    """What runs, as plain data."""
    folder = settings.state_dir
    files = cloud.Files(folder)
    running, engine = cloud.find(folder), docker_engine.is_reachable()
    return {
        "target": settings.target.name,
        "running": running is not None,
        "endpoint": f"http://127.0.0.1:{running.port}" if running else None,
        "port": running.port if running else None,
        "pid": running.pid if running else None,
        "corrections": list(running.corrections) if running else [],
        "engine": engine,
        "containers": len(leftovers.containers(files.state, running=True)) if engine else 0,
        "folder": str(folder),
        "state_bytes": _size(files.state),
        "log": str(files.log),
    }


def reset(settings: Settings, arguments: argparse.Namespace) -> int:
    """Back to an empty cloud."""
    if not arguments.yes:
        _ask(settings)
    folder = settings.state_dir
    cloud.stop(folder)
    with cloud.exclusive(folder):
        if docker_engine.is_reachable():
            leftovers.remove(cloud.Files(folder).state, settings.target.registry_host)
        for path in folder.iterdir():
            if path != cloud.Files(folder).lock:
                _remove(path)
    _say("the embedded cloud is empty")
    return 0


def _ask(settings: Settings) -> None:
    print(f"This removes everything deployed to {settings.target.name}: containers, images, tables. There is no undo.")
    if not sys.stdin.isatty():
        raise Refused("not confirmed", where="local reset", remedy="add --yes to run it without a terminal")
    if input("Type yes to go on: ").strip() != "yes":
        raise Refused("not confirmed", where="local reset", remedy="nothing was changed")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _say(text: str) -> None:
    print(f"slipway: {text}", file=sys.stderr)


def main() -> None:
    """Entry point."""
    command.run(local_verb)


if __name__ == "__main__":
    main()
