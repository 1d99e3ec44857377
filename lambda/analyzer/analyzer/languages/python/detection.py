"""Whether a service is written in Python, and not merely helped by a script or notebook in it."""

from __future__ import annotations

import re

from analyzer import confidence
from analyzer.languages.python.code import Code
from analyzer.languages.python.dependencies import Dependencies, read
from analyzer.languages.python.entry_points import FOLDERS, MAKES, STEMS
from analyzer.languages.python.frameworks import FRAMEWORKS, TOOLS
from analyzer.languages.python.manifests import CONDA, PYPROJECT, REQUIREMENTS, Manifests
from analyzer.model import Candidate
from analyzer.project import Project

MANIFESTS = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile",
    "Pipfile.lock",
    PYPROJECT,
    *REQUIREMENTS,
    "setup.py",
    "setup.cfg",
    "requirements.lock",
    "pixi.lock",
    *CONDA,
    ".python-version",
    "runtime.txt",
)
TOOLS_ONLY = re.compile(r"^\s*\[(project|tool\.poetry|tool\.uv|tool\.pdm|build-system|dependency-groups)", re.M)
OTHERS = tuple(
    """
    package.json go.mod Cargo.toml Gemfile composer.json pom.xml build.gradle build.gradle.kts mix.exs
    deno.json deno.jsonc index.php pubspec.yaml gleam.toml CMakeLists.txt global.json config.ru
    index.html
    """.split()  # noqa: SIM905 - a column of quotes says no more
)
"""Manifests of other languages: beside one of them Python has to be the server to be the language."""
NODE_SERVERS = frozenset(
    """
    next nuxt @remix-run/node @remix-run/serve @sveltejs/kit express fastify koa @nestjs/core @hapi/hapi
    astro gatsby hono @tanstack/react-start @solidjs/start
    """.split()  # noqa: SIM905 - a column of quotes says no more
)


def detect(project: Project) -> Candidate | None:
    """Python, with how surely; None when nothing of it is there."""
    view = project.view
    manifest = next((path for path in MANIFESTS if view.has(path) and _counts(project, path)), None)
    manifest = manifest or next((path for path in view.top() if re.fullmatch(r"requirements.*\.txt", path)), None)
    code = Code(view)
    root_file = next((path for path in code.paths if "/" not in path), None)
    file = root_file or _usual(code) or next((path for path in code.paths if path.endswith("/manage.py")), None)
    known = manifest or file
    notebook = None if known else next((path for path in view.paths if path.endswith(".ipynb")), None)
    if manifest is None and file is None and notebook is None:
        return None
    other = next((name for name in OTHERS if view.has(name)), None)
    if other is None:
        return _alone(project, manifest, file, notebook)
    return _beside(project, code, other, manifest or file or notebook or "")


def _counts(project: Project, path: str) -> bool:
    """A pyproject.toml that only configures tools, as in a repository of another language, declares no project."""
    if path == "runtime.txt":
        return (project.view.text(path) or "").strip().startswith("python")
    return path != PYPROJECT or bool(TOOLS_ONLY.search(project.view.text(path) or ""))


def _usual(code: Code) -> str | None:
    places = (f"{folder}/{stem}.py" for folder in FOLDERS[1:] for stem in STEMS)
    return code.view.first(*places, "src/__main__.py") or next(
        (path for path in code.paths if path.endswith(("/__main__.py", "/__init__.py")) and path.count("/") < 3), None
    )


def _alone(project: Project, manifest: str | None, file: str | None, notebook: str | None) -> Candidate:
    path = manifest or file or notebook or ""
    evidence = (project.view.evidence(path),)
    if manifest:
        return Candidate("python", confidence.DECLARED, f"{path} is a manifest of Python", evidence)
    if file:
        surely = confidence.PROVEN if "/" not in path else confidence.DEFAULT
        return Candidate("python", surely, f"{path} is Python, and nothing else is there to be started", evidence)
    return Candidate("python", confidence.DEFAULT, f"{path} is a notebook", evidence)


def _beside(project: Project, code: Code, other: str, path: str) -> Candidate:
    evidence = (project.view.evidence(path), project.view.evidence(other))
    if reason := _server(project, code, other):
        return Candidate("python", confidence.DECLARED, f"{reason}, so {other} serves that", evidence)
    reason = f"{path} is Python, but {other} is a manifest of another language and nothing shows a Python server"
    return Candidate("python", confidence.HINT, reason, evidence)


def _server(project: Project, code: Code, other: str) -> str:
    """Why Python is the server beside another language; "" when it does not look so."""
    view = project.view
    if view.has("manage.py") and "django" in (view.text("manage.py") or ""):
        return "manage.py starts a Django site"
    if other == "package.json" and (node := _node(project)) != "tools":
        if node == "server":
            return ""
    elif other == "package.json" and (view.has(PYPROJECT) or view.has("setup.py")):
        return "package.json only has tools in it"
    dependencies = read(Manifests(project))
    web = [*(name for row in FRAMEWORKS for name in row.distributions), *(tool.distribution for tool in TOOLS)]
    used = dependencies.first(*web)
    here = [path for path in code.paths if path.count("/") < 3 and MAKES.search(view.text(path) or "")][:1]
    if other == "index.html" and (here or used or _script(code, dependencies)):
        return "Python is beside a page that it serves"
    if used and (here or dependencies.has("streamlit", "gradio")):
        return f"{used} is a dependency and {here[0] if here else 'Python'} uses it"
    return ""


def _script(code: Code, dependencies: Dependencies) -> bool:
    return bool(dependencies.main) or code.view.has("main.py") or code.view.has("app.py")


def _node(project: Project) -> str:
    """What package.json is for: "server", something to "build", or "tools"."""
    document = project.json("package.json") or {}
    listed, scripts = document.get("dependencies"), document.get("scripts")
    if isinstance(listed, dict) and not NODE_SERVERS.isdisjoint(listed):
        return "server"
    names = set(scripts) if isinstance(scripts, dict) else set()
    workspace = bool(document.get("workspaces"))
    return "build" if workspace or names & {"build", "start", "dev", "serve"} or "main" in document else "tools"
