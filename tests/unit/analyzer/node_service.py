"""Small trees of Node.js applications for the tests of the analyzer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from analyzer.analyze import analyze
from analyzer.model import Service
from analyzer.source.view import of_memory

YARN = "# yarn lockfile v1\n"
VITE = {"dev": "vite", "build": "vite build", "preview": "vite preview"}


def manifest(
    scripts: Mapping[str, str] | None = None,
    needs: Sequence[str] | Mapping[str, str] = (),
    develops: Sequence[str] = (),
    **more: Any,
) -> str:
    """A package.json; packages without a range get one."""
    dependencies = dict(needs) if isinstance(needs, Mapping) else dict.fromkeys(needs, "^1.0.0")
    data = {"name": "app", "scripts": scripts or {}, "dependencies": dependencies}
    return json.dumps({**data, "devDependencies": dict.fromkeys(develops, "^1.0.0"), **more}, indent=2)


def service(files: Mapping[str, bytes | str]) -> Service:
    """The first service of a tree."""
    return analyze(of_memory(files)).services[0]


def codes(found: Service) -> set[str]:
    """The codes of its warnings."""
    return {warning.code for warning in found.warnings}
