"""Paths as policies name them and as the gateway sees them: a path holds itself and all that is below it."""

from __future__ import annotations

import re

from scripts.engine.policies.problems import Unsupported
from scripts.engine.policies.tree import TRUE, PathTest, Text, Tree, some

INTERNAL = "/.gateway/"
"""The gateway's own paths: no policy permits or forbids them."""
NORMAL = re.compile(r"/|(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")


def checked(path: str) -> str:
    """The path when it is spelled as the gateway sees it; raises Unsupported."""
    if not NORMAL.fullmatch(path) or any(part in (".", "..") for part in path.split("/")):
        raise Unsupported(
            f'Path::"{path}" is not how the gateway sees a path',
            "begin it with /, without a slash at its end, //, dots, %-escapes and query",
        )
    if f"{path}/".startswith(INTERNAL):
        raise Unsupported(f'Path::"{path}" is the gateway\'s own', "no policy reaches it")
    return path


def at(path: str) -> Tree:
    """Exactly that path."""
    return PathTest(Text((checked(path),)))


def under(path: str) -> Tree:
    """That path and all below it, by whole segments."""
    if checked(path) == "/":
        return TRUE
    return some((PathTest(Text((path,))), PathTest(Text((f"{path}/", "")))))


def ancestors(path: str) -> list[str]:
    """The paths that hold a path, itself left out, in the sense of `under`."""
    parts = path.split("/")
    found = ["/".join(parts[:count]) or "/" for count in range(1, len(parts))]
    return [one for one in found if one != path]
