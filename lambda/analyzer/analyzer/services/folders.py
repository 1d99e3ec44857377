"""Folders of a tree that might be services, by what lies in them; no file is read."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable

from analyzer.source.view import SourceView


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


DEPTH = 3
"""Folders above a manifest."""
MOST = 50
"""Folders that are looked into."""

MANIFESTS = frozenset(
    (
        *("package.json", "pyproject.toml", "requirements.txt", "Pipfile", "setup.py", "go.mod", "Cargo.toml"),
        *(
            "pom.xml",
            "build.gradle",
            "build.gradle.kts",
            "Gemfile",
            "composer.json",
            "mix.exs",
            "deno.json",
            "deno.jsonc",
        ),
        *("pubspec.yaml", "gleam.toml"),
    )
)
PROJECTS = (".csproj", ".fsproj", ".vbproj")
DEPLOYMENT = frozenset(
    (
        *("Dockerfile", "Procfile", "fly.toml", ".slipway.toml", "railway.json", "railway.toml", "render.yaml"),
        *("nixpacks.toml", "railpack.json", "zbpack.json", "apprunner.yaml", "vercel.json", "netlify.toml", "app.yaml"),
        *("Staticfile", "redwood.toml"),
    )
)
"""Files that only lie in a folder that is deployed."""
OWN = DEPLOYMENT - {"vercel.json", "netlify.toml", "app.yaml", "render.yaml"}
"""Those that also make a folder below an application a service of its own."""
PROGRAMS = frozenset(
    ("main.py", "app.py", "server.py", "manage.py", "server.js", "index.js", "index.php", "index.html")
)
"""Files that make a folder of a telling name a service when no manifest is there or above it."""

KNOWN = MANIFESTS | DEPLOYMENT | PROGRAMS

PLACES = frozenset(("apps", "services", "microservices", "applications", "sites"))
"""Folders whose folders are applications."""
SHARED = _words("packages libs lib libraries shared common internal crates modules plugins")
"""Folders whose folders are mostly libraries, whatever they are called."""
ROLES = _words("backend frontend client server api web webapp website app admin dashboard gateway worker site www bot")
"""Names of folders that are applications."""
ASIDE = _words(
    "example examples sample samples demo demos doc docs documentation test tests __tests__ testing spec specs e2e",
    "fixtures fixture testdata test-data mocks vendor third_party thirdparty node_modules bower_components template",
    "templates scripts script tools tooling bench benchmark benchmarks dist build out target bin obj coverage tmp",
    "docker dockerfiles deploy deployment deployments infra infrastructure ops k8s kubernetes helm charts terraform",
    "ansible contrib extra extras hack packaging ci monitoring",
)
"""Names of folders whose manifests are not those of services, unless there is nothing else."""


def candidates(view: SourceView) -> dict[str, frozenset[str]]:
    """Folders below the root that hold a manifest or the like -> the names of such files in them, sorted by folder."""
    names: dict[str, set[str]] = defaultdict(set)
    for path in view.paths:
        if path.count("/") <= DEPTH:
            folder, _, name = path.rpartition("/")
            if name in KNOWN or name.endswith(PROJECTS):
                names[folder].add(name)
    bare = not any(map(is_manifest, names.pop("", ())))
    return {
        folder: frozenset(names[folder])
        for folder in sorted(names)
        if not names[folder] <= PROGRAMS or (bare and is_place(folder))
    }


def is_manifest(name: str) -> bool:
    """Whether a file of that name says how a folder is built."""
    return name in MANIFESTS or name.endswith(PROJECTS)


def is_aside(folder: str) -> bool:
    """Whether it is, or is in, a folder for something else than services."""
    return any(part in ASIDE or part.startswith(".") for part in folder.lower().split("/"))


def is_place(folder: str) -> bool:
    """Whether its name, or that of the folder that it is in, says that it is an application."""
    above, name = posixpath.split(folder.lower())
    around = posixpath.basename(above)
    return around in PLACES or (name in ROLES and around not in SHARED)


def within(folder: str, others: Iterable[str]) -> str | None:
    """The first of the folders that a folder is in."""
    return next((other for other in others if folder.startswith(other + "/")), None)
