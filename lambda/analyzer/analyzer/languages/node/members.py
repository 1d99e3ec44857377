"""A workspace that is analyzed as a whole: the one application among its packages, if there is just one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.findings import Findings
from analyzer.languages.node import app as apps
from analyzer.languages.node import frameworks, starting
from analyzer.languages.node.app import App
from analyzer.languages.node.frameworks.row import Framework, Serving
from analyzer.languages.node.managers import Manager
from analyzer.languages.node.starting import Outcome
from analyzer.languages.node.workspace import MEMBERS
from analyzer.model import Candidate, Start
from analyzer.project import Project


def application(app: App, outcome: Outcome, manager: Manager | None, version: str | None) -> Outcome:
    """How the workspace's only application is served, as seen from the root; the given outcome when there is none."""
    if app.own is None:
        return outcome
    if _starts_itself(outcome):
        return replace(outcome, framework=outcome.framework or framework(app))
    found = [(folder, starting.decide(member, manager, version)) for folder, member in _serving(app)]
    found = [(folder, inner) for folder, inner in found if inner.start]
    if len(found) != 1:
        return replace(outcome, framework=outcome.framework or framework(app))
    folder, inner = found[0]
    return _seen_from_root(folder, inner)


def framework(app: App) -> Framework | None:
    """The framework that all of its applications have in common."""
    found = {row.name: row for _, member in _serving(app) for row in _framework_of(member)}
    return next(iter(found.values())) if len(found) == 1 else None


def _starts_itself(outcome: Outcome) -> bool:
    return outcome.script is not None or bool(outcome.entry)


def _serving(app: App) -> Iterator[tuple[str, App]]:
    """Members with a framework or a start script; libraries have neither."""
    if app.own is None:
        return
    for folder in app.own.members[:MEMBERS]:
        member = apps.member(Project(app.project.whole, _joined(app.project.root, folder), Findings()), app.own)
        if member.script("start", "start:prod") or any(_framework_of(member)) or _configured(member):
            yield folder, member


def _framework_of(app: App) -> Iterator[Framework]:
    """The framework of an application; a bundler without a page builds a library."""
    for row in (*frameworks.pages(app), *frameworks.servers(app)):
        if not row.bundler or app.view.first("index.html", "public/index.html", "angular.json"):
            yield row
            return


def _configured(app: App) -> bool:
    return app.view.first("next.config.js", "next.config.mjs", "next.config.ts") is not None


def _seen_from_root(folder: str, inner: Outcome) -> Outcome:
    """A start is a change of folder first; what is written is below the member's folder."""
    serving, start = inner.serving, inner.start
    if serving and serving.output:
        serving = replace(serving, output=f"{folder}/{serving.output}".removesuffix("/."))
    entry = f"{folder}/{inner.entry}" if inner.entry else None
    return replace(inner, serving=serving, start=start and _moved(start, folder, serving), entry=entry)


def _moved(candidate: Candidate, folder: str, serving: Serving | None) -> Candidate:
    start: Start = candidate.value
    if start.kind == "static":
        return candidate
    if start.kind == "node-file" and start.target:
        file = f"{folder}/{start.target}"
        argv = tuple(file if word == start.target else word for word in start.argv)
        return replace(candidate, value=replace(start, target=file, command=" ".join(argv), argv=argv))
    line = f"cd {folder} && {start.command}"
    run = f"cd {folder} && exec {' '.join(start.argv)}"
    return replace(candidate, value=Start("other", None, line, ("sh", "-c", run)))


def _joined(root: str, folder: str) -> str:
    return folder if root == "." else f"{root}/{folder}"
