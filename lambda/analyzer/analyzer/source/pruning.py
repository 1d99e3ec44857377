"""Which folders are never source: what tools install, cache or generate, by a name or a marker that only they use.

Names that people use too (`build`, `dist`, `out`, `target`, `vendor`, `bin`) are not here: a committed `dist` may be
the site that is served. Such folders are left out only when a tool marked them as its own.
"""

from __future__ import annotations

from collections.abc import Iterable

VERSION_CONTROL = (".git", ".hg", ".svn", ".bzr", ".jj", "CVS")
INSTALLED = (
    "node_modules",
    "bower_components",
    "jspm_packages",
    "elm-stuff",
    ".venv",
    "venv",
    ".eggs",
    ".pnpm-store",
    ".gems",
)
CACHES = (
    "__pycache__",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".ipynb_checkpoints",
    ".gradle",
    ".m2",
    ".cargo-home",
    ".parcel-cache",
    ".turbo",
    ".dart_tool",
    ".terraform",
    ".vs",
    "__MACOSX",
)
GENERATED = (
    ".next",
    ".nuxt",
    ".output",
    ".svelte-kit",
    ".angular",
    ".docusaurus",
    ".vercel",
    ".serverless",
    ".aws-sam",
    "cdk.out",
)
NEVER_SOURCE = frozenset((*VERSION_CONTROL, *INSTALLED, *CACHES, *GENERATED))
"""Folders that are left out by name, wherever they are."""

NESTED = ("vendor/bundle", ".yarn/cache", ".yarn/unplugged")
"""Folders that are left out by the end of their path: installed gems and packages."""

MARKERS = frozenset(("pyvenv.cfg", "CACHEDIR.TAG"))
"""Files that mark the folder they are in: a virtual environment of any name (PEP 405), and a cache or build output
(bford.info/cachedir: Cargo's `target`, uv, pytest and others)."""


def is_never_source(folder: str) -> bool:
    """Whether a folder (its path) is left out for its name."""
    return folder.rpartition("/")[2] in NEVER_SOURCE or folder.endswith(NESTED)


def is_marked(folder: str, names: Iterable[str]) -> bool:
    """Whether a folder is left out for a file in it."""
    held = set(names)
    return bool(held & MARKERS) or (folder.rpartition("/")[2] == "vendor" and _is_composers(held))


def _is_composers(names: set[str]) -> bool:
    """Composer's installed packages have its loader and its records beside each other."""
    return {"autoload.php", "composer"} <= names
