"""Edits of the `hello` example, each unlike all before it."""

from __future__ import annotations

import itertools
import re

from tests.e2e.project import Project

APP = "examples/hello/app.py"
_numbers = itertools.count(1)


def edit(project: Project) -> str:
    """Change one line of the source; returns the message that the new version answers with."""
    message = f"Hello, number {next(_numbers)}"
    text, count = re.subn(r'^MESSAGE = ".*"$', f'MESSAGE = "{message}"', project.read(APP), flags=re.M)
    assert count == 1
    project.write(APP, text)
    return message


def set_up_differently(project: Project) -> None:
    """Change an infrastructure setting of `hello`."""
    project.set_key("services.hello", "environment", f'{{ ROUND = "{next(_numbers)}" }}')
