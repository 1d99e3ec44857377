"""Notes for the recipe, as plain data in `details`: what is installed from where, what the image runs besides."""

from __future__ import annotations

import re

from analyzer.languages.python import frontend
from analyzer.languages.python.context import Choice, Context
from analyzer.languages.python.manifests import PYPROJECT, table, texts
from analyzer.languages.python.package_manager import Lock, lock

HASHED = re.compile(r"--hash=sha\d+:")


def describe(context: Context, choice: Choice | None) -> None:
    """Adds the details that the recipe is made from."""
    details, view = context.findings.details, context.project.view
    locked = lock(context.project)
    if locked and locked.manager == context.findings.value("package_manager"):
        details["lock"] = locked.path
        folder = locked.path.rpartition("/")[0] or "."
        if folder != context.project.root:
            details["context"] = folder
    details["files"] = _files(context)
    details["install"] = install = _from_what(context, locked)
    details["package"] = install == "source" or (install != "nothing" and _installed(context))
    details["members"] = _members(context, locked.path if locked else "")
    if path := context.manifests.requirements:
        details["requirements"] = path
        details["hashed"] = bool(HASHED.search(view.text(path) or ""))
    details["local"] = bool(context.dependencies.local) or _local_sources(context)
    if choice:
        _of_choice(context, choice)
    if context.site and context.site.static and context.site.manage:
        details["collectstatic"] = {"manage": context.site.manage, "variables": list(context.site.variables)}
    _front_end(context)
    requires = context.manifests.poetry.get("requires-poetry")
    if isinstance(requires, str) and re.fullmatch(r"[<>=!~\d., ]+", requires):
        details["poetry"] = requires
    if context.dependencies.has("playwright"):
        details["playwright"] = True


def _from_what(context: Context, locked: Lock | None) -> str:
    """What dependencies are installed from: "lock", "requirements", "pyproject", "source" or "nothing"."""
    manager = context.findings.value("package_manager")
    if locked and locked.manager == manager:
        return "lock"
    if manager == "pipenv" or (manager == "poetry" and not table(context.manifests.pyproject, "project")):
        # A lock is made in the build; Poetry can install a package of its own without one.
        return "source" if manager == "poetry" and _installed(context) else "lock"
    if context.manifests.requirements:
        return "requirements"
    if table(context.manifests.pyproject, "project"):
        dynamic = "dependencies" in texts(context.manifests.pyproject, "project", "dynamic")
        return "source" if dynamic else "pyproject"
    return "source" if context.manifests.package else "nothing"


def _front_end(context: Context) -> None:
    if found := frontend.find(context):
        context.findings.details["frontend"] = found


def _of_choice(context: Context, choice: Choice) -> None:
    details = context.findings.details
    if choice.add and choice.start == context.findings.value("start"):
        details["add"] = [choice.add]
    if choice.environment:
        details["environment"] = [list(pair) for pair in choice.environment]
    root = choice.root or _source_root(context)
    if root:
        details["import_root"] = root


def _source_root(context: Context) -> str:
    """`src` when packages lie in it and are not installed."""
    folders = [path for path in context.code.paths if re.fullmatch(r"src/[^/]+/__init__\.py", path)]
    return "src" if folders and not _installed(context) else ""


def _installed(context: Context) -> bool:
    """Whether the service itself is built and installed."""
    if not context.manifests.package:
        return False
    # Poetry's manifests nearly always declare a build; without a package of that name there is nothing to build.
    name = re.sub(r"[-.]", "_", context.manifests.name)
    view = context.project.view
    places = (f"{name}/__init__.py", f"src/{name}/__init__.py", f"{name}.py", f"src/{name}.py")
    lower = tuple(place.lower() for place in places)
    packages = texts(table(context.manifests.pyproject, "tool", "setuptools"), "packages")
    found = view.first(*places, *lower) or any(view.has_folder(package) for package in packages)
    return bool(found or context.manifests.scripts() or "packages" in context.manifests.poetry)


def _files(context: Context) -> list[str]:
    """Manifests that dependencies are installed from, before the source is copied."""
    view = context.project.view
    names = (
        PYPROJECT,
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "Pipfile",
        "Pipfile.lock",
        "requirements.lock",
    )
    included = {row.path for row in context.dependencies.main.values() if row.path.endswith(".txt")}
    constraints = {path for path in view.top() if re.fullmatch(r"constraints[\w.-]*\.txt", path)}
    if context.manifests.requirements:
        included.add(context.manifests.requirements)
    return [*(name for name in names if view.has(name)), *sorted(included | constraints)]


def _members(context: Context, lock_path: str) -> list[str]:
    """Manifests of the other members of uv's workspace, relative to the lock's folder: uv reads them all."""
    if not lock_path.endswith("uv.lock"):
        return []
    folder = lock_path.rpartition("/")[0] or "."
    above = context.project.whole.sub(folder)
    found = [
        path for path in above.paths if path.endswith("/pyproject.toml") and path.count("/") < 4 and path.isprintable()
    ]
    return sorted(found)[:60]


def _local_sources(context: Context) -> bool:
    """Dependencies that are folders of the tree."""
    sources = table(context.manifests.pyproject, "tool", "uv", "sources")
    return any(isinstance(row, dict) and ("path" in row or "workspace" in row) for row in sources.values())
