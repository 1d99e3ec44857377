"""Whether a service is written in JavaScript or TypeScript for Node.js or Bun."""

from __future__ import annotations

from analyzer import confidence
from analyzer.languages.node import app as apps
from analyzer.languages.node import entry, frameworks
from analyzer.languages.node.app import App
from analyzer.languages.node.managers import LOCK_FILES
from analyzer.languages.node.manifest import NAMES
from analyzer.languages.node.scripts import develops
from analyzer.model import Candidate
from analyzer.project import Project

ASSETS_OF_OTHERS = (
    "laravel-vite-plugin",
    "laravel-mix",
    "vite-plugin-ruby",
    "vite-plugin-symfony",
    "@symfony/webpack-encore",
    "@rails/webpacker",
    "@hotwired/turbo-rails",
    "shakapacker",
    "phoenix",
    "phoenix_live_view",
    "django-vite",
)
"""Packages that bundle for a server of another language."""
UNREADABLE = confidence.CONVENTION


def detect(project: Project) -> Candidate | None:
    """A manifest with something to start or to build; then a manifest at all; then a file with a usual name."""
    path = project.view.first(*NAMES)
    if path is None:
        return _without_manifest(project)
    app = apps.read(project)
    evidence = (project.view.evidence(path),)
    if not app.declared:
        return Candidate("node", UNREADABLE, f"there is a {path}, though it cannot be read", evidence)
    if app.depends(*ASSETS_OF_OTHERS):
        return Candidate("node", confidence.HINT, f"{path} bundles for a server of another language", evidence)
    if reason := _application(app):
        return Candidate("node", confidence.DECLARED, f"{path} {reason}", evidence)
    return Candidate("node", confidence.CONVENTION, f"there is a {path}", evidence)


def _application(app: App) -> str:
    """What makes a manifest that of an application; "" when it may carry tools only."""
    if app.script("start") and not develops(app.command("start")):
        return "has a start script"
    for row in (*frameworks.pages(app), *frameworks.servers(app)):
        if not row.bundler or app.view.first("index.html", "public/index.html", "src/index.html", "angular.json"):
            return f"depends on {row.name}"
    if app.own and app.own.members:
        return "is the root of a workspace"
    found = entry.find(app)
    return f"belongs to {found.file}" if found and found.confidence >= confidence.CONVENTION else ""


def _without_manifest(project: Project) -> Candidate | None:
    if lock := project.view.first(*(name for name, _ in LOCK_FILES)):
        return Candidate("node", confidence.CONVENTION, f"there is a {lock}", (project.view.evidence(lock),))
    found = entry.find(apps.read(project))
    if found and "/" not in found.file and not _of_a_page(project):
        return Candidate("node", confidence.CONVENTION, f"there is {found.file}", found.evidence)
    return None


def _of_a_page(project: Project) -> bool:
    """Whether scripts at the root are those of a page beside them."""
    return project.view.has("index.html") and not project.view.first("server.js", "server.mjs", "server.ts")
