"""Sees which programs a command starts: every Python process says so, and `node` cannot be started at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.e2e.project import Project

SITE = """
import atexit, json, os, sys
def tell():
    row = {"argv": sys.orig_argv, "modules": sorted(n for n in sys.modules if n in ("aws_cdk", "jsii", "constructs"))}
    with open(os.environ["E2E_SPY"], "a") as log:
        log.write(json.dumps(row) + "\\n")
atexit.register(tell)
"""
NODE = '#!/bin/sh\necho "{\\"argv\\": [\\"node\\"], \\"modules\\": []}" >>"$E2E_SPY"\nexit 99\n'


class Spy:
    """The environment that makes processes tell, and what they told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "started"
        (folder / "sitecustomize.py").write_text(SITE, "ascii")
        node = folder / "node"
        node.write_text(NODE, "ascii")
        node.chmod(0o755)

    def environment(self, project: Project) -> dict[str, str]:
        """To be added to a command's environment."""
        path = os.pathsep.join([str(self.folder), project.environment["PATH"]])
        return {"PYTHONPATH": str(self.folder), "PATH": path, "E2E_SPY": str(self.log)}

    @property
    def argvs(self) -> list[str]:
        """Command lines of the Python and Node processes that were started."""
        return [" ".join(row["argv"]) for row in self._rows()]

    @property
    def modules(self) -> set[str]:
        """CDK modules that any of them imported."""
        return {name for row in self._rows() for name in row["modules"]}

    def _rows(self) -> list[dict[str, list[str]]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]
