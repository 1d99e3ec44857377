"""Edits of the `hello` example, each unlike all before it."""

from __future__ import annotations

import re
from uuid import uuid4

from tests.e2e.project import Project

APP = "examples/hello/app.py"


def edit(project: Project) -> str:
    """Change one line of the source; returns the message that the new version answers with."""
    message = f"Hello, {uuid4()}"
    text, count = re.subn(r'^MESSAGE = ".*"$', f'MESSAGE = "{message}"', project.read(APP), flags=re.M)
    assert count == 1
    project.write(APP, text)
    return message


def set_up_differently(project: Project) -> None:
    """Change an infrastructure setting of `hello`."""
    project.set_key("services.hello", "environment", f'{{ ROUND = "{uuid4()}" }}')
