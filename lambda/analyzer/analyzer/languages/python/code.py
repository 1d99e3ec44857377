"""The Python files of a service: which count, a bounded number of them parsed, and where a dotted name lives."""

from __future__ import annotations

import ast
import re
from itertools import chain, islice
from typing import Any

from analyzer.languages.python.nodes import assignments
from analyzer.languages.python.syntax import Source, parse
from analyzer.source.view import SourceView

LISTED = 300
"""Files that are considered at all, the nearest to the root first."""
PARSED = 80
"""Files that are parsed in one analysis."""
ASIDE = frozenset(
    """
    test tests testing docs doc examples example samples migrations alembic site-packages node_modules
    venv env .venv .git .github .tox build dist benchmarks __pycache__ vendor third_party notebooks
    typings
    """.split()  # noqa: SIM905 - a column of quotes says no more
)
"""Folders whose Python files start nothing."""
TOOLING = re.compile(
    r"(^|/)(tests?|test_[^/]*|[^/]*_test|conftest|setup|noxfile|fabfile|conf|versioneer|_version)\.py$"
)


class Code:
    """Python files of a view, parsed when they are first asked for."""

    def __init__(self, view: SourceView) -> None:
        self.view = view
        self.paths = tuple(_listed(view))
        self._parsed: dict[str, Source | None] = {}
        self.applications: dict[str, list[Any]] = {}
        """What `applications` found in a file, so that it looks once; empty while it is looking: imports are cyclic."""
        self._containing: dict[re.Pattern[str], list[str]] = {}
        self.unparsed: list[str] = []
        """Files that no syntax of today's Python parses."""

    def source(self, path: str) -> Source | None:
        """The parsed file; None when it is not there, too large, or the number of parsed files is used up."""
        if path not in self._parsed:
            text = self.view.text(path) if len(self._parsed) < PARSED else None
            self._parsed[path] = self._read(path, text) if text is not None else None
        return self._parsed[path]

    def _read(self, path: str, text: str) -> Source:
        source = parse(path, text)
        if source.tree is None:
            self.unparsed.append(path)
        return source

    def containing(self, pattern: re.Pattern[str], limit: int = 40) -> list[Source]:
        """Files whose text has a pattern, nearest to the root first; only those are parsed."""
        if pattern not in self._containing:
            texts = ((path, self.view.text(path) or "") for path in self.paths)
            self._containing[pattern] = [path for path, text in texts if pattern.search(text)]
        sources = (self.source(path) for path in self._containing[pattern][:limit])
        return [source for source in sources if source]

    def locate(self, dotted: str, near: str = "") -> tuple[str, str] | None:
        """The file that a dotted name leads to, and what is left of the name: the attribute in it.

        Looked for from the tree's root, from `src`, and from the folder of the file `near`, as imports are.
        """
        parts = dotted.split(".")
        for root in self.roots(near):
            for length in range(len(parts), 0, -1):
                if path := self._module("/".join([*([root] if root else []), *parts[:length]])):
                    return path, ".".join(parts[length:])
        return None

    def setting(self, dotted: str, near: str) -> object:
        """The default of a class's attribute by the full name of an instance: "app.config.settings.PORT"."""
        place = self.locate(dotted, near)
        source = self.source(place[0]) if place and "." in place[1] else None
        name = place[1].rpartition(".")[2] if place else ""
        for node in source.classes.values() if source else ():
            for statement in node.body:
                for target, value in assignments(statement):
                    if isinstance(target, ast.Name) and target.id == name and isinstance(value, ast.Constant):
                        return value.value
        return None

    def roots(self, near: str = "") -> list[str]:
        """Folders that imports of a file may be relative to."""
        folder = near.rpartition("/")[0]
        return list(dict.fromkeys(["", "src", folder]))

    def _module(self, place: str) -> str | None:
        return self.view.first(f"{place}.py", f"{place}/__init__.py")

    def root_of(self, path: str) -> str:
        """The folder that has to be on the import path for a file: what its own imports show.

        A file below the root that imports its neighbours by their bare names is started in its own folder; one below
        `src/<package>` is imported without `src`.
        """
        folder = path.rpartition("/")[0]
        if not folder:
            return ""
        if folder.startswith("src/"):
            return "src"
        source = self.source(path)
        names = {name.partition(".")[0] for name in source.imports.values()} if source else set()
        bare = any(self._module(f"{folder}/{name}") and not self._module(name) for name in sorted(names))
        return folder if bare and not self._module(folder) else ""


def module_name(path: str, root: str = "") -> str:
    """The dotted name that a file is imported by."""
    inside = path.removeprefix(root + "/") if root else path
    return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def importable(path: str) -> bool:
    """Whether every part of a path can be written in an import."""
    return all(part.isidentifier() for part in path.removesuffix(".py").split("/"))


def _listed(view: SourceView) -> list[str]:
    depths: dict[int, list[str]] = {}
    for path in view.paths:
        # A path with a line feed in it would break the lines of a Dockerfile.
        if path.endswith(".py") and path.isprintable():
            depths.setdefault(path.count("/"), []).append(path)
    nearest = chain.from_iterable(depths[depth] for depth in sorted(depths))
    counting = (path for path in nearest if ASIDE.isdisjoint(path.split("/")[:-1]) and not TOOLING.search(path))
    return list(islice(counting, LISTED))
