"""The machine and the versions that figures were measured with; nothing that names the machine or its owner."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.bench.process import run
from scripts.bench.site import Site
from scripts.local import docker_engine

PACKAGES = ("aws-cdk-lib", "boto3", "ministack", "poethepoet")


def describe(site: Site) -> dict[str, Any]:
    """Hardware, kernel and versions as plain data."""
    env = site.plain_environment()
    client = run([*site.builder.docker, "version", "--format", "{{.Client.Version}}"], cwd=site.root, env=env)
    node = run(["node", "--version"], cwd=site.root, env=env)
    cdk = json.loads((site.root / "node_modules" / "aws-cdk" / "package.json").read_text("utf-8"))
    return {
        "cpu": cpu_model(Path("/proc/cpuinfo").read_text("utf-8", "replace")),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": platform.release(),
        "system": _system(),
        "versions": {
            "python": platform.python_version(),
            "node": node.lines[0].removeprefix("v"),
            "aws-cdk (CLI)": str(cdk["version"]),
            **{name: version(name) for name in PACKAGES},
            "docker client": client.lines[0],
            "docker engine": str(docker_engine.ask("/version")["Version"]),
        },
    }


def load() -> float:
    """Runnable processes, average of the last minute."""
    return round(os.getloadavg()[0], 2)


def cpu_model(cpuinfo: str) -> str:
    """The first processor's model name."""
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.M)
    return found[1].strip() if found else platform.machine()


def as_text(facts: Mapping[str, Any]) -> str:
    """One sentence."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return (
        f"{facts['cores']} cores ({facts['cpu']}), {facts['memory_gb']} GB of memory, {facts['system']}, "
        f"kernel {facts['kernel']}; {versions}"
    )


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()
