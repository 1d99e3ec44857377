"""Files of Python tools that name what to start: pdm and Pipenv scripts, FLASK_APP, the FastAPI CLI, gunicorn's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer import confidence, start_command
from analyzer.languages.python.context import Choice, Context
from analyzer.languages.python.manifests import PYPROJECT, literal, table, text
from analyzer.languages.python.syntax import parse
from analyzer.languages.python.values import evaluate
from analyzer.model import Evidence

NAMES = ("start", "serve", "web", "server", "production", "prod")
"""Names of scripts that start the service."""
GUNICORN = ("gunicorn.conf.py", "gunicorn_config.py", "gunicorn_conf.py", "gunicorn.py", "config/gunicorn.py")
ADDRESS = re.compile(r":(\d{2,5})\"?$")


def commands(context: Context) -> Iterator[Choice]:
    """Scripts of package managers that run a command."""
    pdm = table(context.manifests.pyproject, "tool", "pdm", "scripts")
    pipenv = table(context.manifests.pipfile, "scripts")
    rye = table(context.manifests.pyproject, "tool", "rye", "scripts")
    for rows, path, owner in ((pdm, PYPROJECT, "PDM"), (pipenv, "Pipfile", "Pipenv"), (rye, PYPROJECT, "Rye")):
        for name in NAMES:
            if command := _command(rows.get(name)):
                where = _where(context, path, rf"^\s*{name}\b") or context.evidence(path)
                reason = f"{owner}'s script {name} runs it"
                start = start_command.parse(command)
                yield Choice(start, confidence.DECLARED, reason, (where,), _kind(start.kind))


def _kind(start: str) -> str:
    return "web" if start in ("asgi", "wsgi", "streamlit") else ""


def _command(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("cmd") or value.get("shell")
    if isinstance(value, list):
        value = " ".join(str(word) for word in value)
    return value if isinstance(value, str) else ""


def targets(context: Context) -> Iterator[tuple[str, str, Evidence]]:
    """Entry points that a file names: "module:variable" or a module or file alone, who says so, and where."""
    if entry := text(context.manifests.pyproject, "tool", "fastapi", "entrypoint"):
        where = _where(context, PYPROJECT, r"^\s*entrypoint\b") or context.evidence(PYPROJECT)
        yield entry, "[tool.fastapi] names it", where
    for file in (".flaskenv", ".env.example"):
        if found := context.project.view.find(file, re.compile(r"^\s*(?:export\s+)?FLASK_APP\s*=\s*[\"']?([\w./:]+)")):
            yield found[0][1], f"{file} sets FLASK_APP to it", found[1]
    if path := context.project.view.first(*GUNICORN):
        source = parse(path, context.project.view.text(path) or "")
        if target := literal(source.constant("wsgi_app")):
            where = _where(context, path, r"^\s*wsgi_app\b") or context.evidence(path)
            yield target, f"{path} sets wsgi_app to it", where


def gunicorn_port(context: Context) -> tuple[int, Evidence] | None:
    """The port that gunicorn's own configuration binds to."""
    path = context.project.view.first(*GUNICORN)
    if path is None:
        return None
    source = parse(path, context.project.view.text(path) or "")
    value = evaluate(source, source.constant("bind")).text or ""
    found = ADDRESS.search(value) or ADDRESS.search(next(iter(_literals(source.text)), ""))
    where = _where(context, path, r"^\s*bind\b") or context.evidence(path)
    return (int(found[1]), where) if found and 0 < int(found[1]) < 65536 else None


def _literals(text_: str) -> Iterator[str]:
    """The bind line of a configuration that builds its address: `f"0.0.0.0:{os.getenv('PORT', '8080')}"`."""
    for line in text_.splitlines():
        if line.strip().startswith("bind") and (found := re.search(r"PORT[\"']\s*,\s*[\"']?(\d{2,5})", line)):
            yield f":{found[1]}"


def _where(context: Context, path: str, pattern: str) -> Evidence | None:
    found = context.project.view.find(path, re.compile(pattern))
    return found[1] if found else None
