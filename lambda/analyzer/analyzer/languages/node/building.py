"""What has to be run before a project can start: its build, generated clients, the packages of its workspace."""

from __future__ import annotations

from analyzer import confidence
from analyzer.languages.node.app import App
from analyzer.languages.node.managers import Manager
from analyzer.languages.node.starting import Outcome
from analyzer.model import Candidate
from analyzer.start_command import shell

SCRIPTS = (
    "build",
    "build:prod",
    "build:production",
    "heroku-postbuild",
    "gcp-build",
    "vercel-build",
    "docs:build",
    "site:build",
    "export",
    "generate",
    "compile",
    "bundle",
)
"""Scripts that build, in the order in which they win; some are what other platforms run."""
PAGES_ONLY = frozenset(("docs:build", "site:build", "export", "generate"))
STORYBOOK = ("build-storybook", "storybook:build")


def command(app: App, outcome: Outcome, manager: Manager | None) -> Candidate | None:
    """The command of a build, None when nothing has to be built."""
    names = [name for name in SCRIPTS if outcome.static or name not in PAGES_ONLY]
    if outcome.framework and outcome.framework.name == "storybook":
        names = [*STORYBOOK, *names]
    if (script := app.script(*names)) and manager:
        where = (app.manifest.evidence("scripts", script),)
        return Candidate(
            manager.run(script), confidence.DECLARED, f"{app.manifest.path} has the script {script}", where
        )
    if outcome.framework and outcome.framework.build and _builds(outcome):
        text = " ".join(("npx", *outcome.framework.build))
        return Candidate(text, confidence.DEFAULT, f"{text} builds a project of {outcome.framework.name}")
    if app.view.has("tsconfig.json") and outcome.script and _runs_compiled(app, outcome):
        return Candidate("npx tsc", confidence.CONVENTION, "the start script runs what tsc writes from tsconfig.json")
    return None


def _builds(outcome: Outcome) -> bool:
    """Whether what is served is what the framework builds."""
    if outcome.serving is None or outcome.framework is None:
        return False
    return outcome.static or bool(outcome.serving.start and outcome.framework.name not in ("directus", "n8n"))


def _runs_compiled(app: App, outcome: Outcome) -> bool:
    file = outcome.entry or ""
    return bool(app.depends("typescript")) and file.startswith(("dist/", "build/", "out/")) and not app.view.has(file)


def prepared(app: App, build: str | None) -> list[str]:
    """What runs before the build because nothing else runs it: the generated Prisma client."""
    if not app.depends("prisma", "@prisma/client") or not schema(app):
        return []
    scripts = app.manifest.scripts
    known = " ".join(scripts.get(name, "") for name in ("postinstall", "prepare", "prebuild", "build", "prestart"))
    return [] if "prisma generate" in f"{known} {build}" else ["npx prisma generate"]


def schema(app: App) -> str | None:
    """The Prisma schema."""
    declared = app.manifest.table("prisma").get("schema")
    if isinstance(declared, str) and app.view.has(declared.removeprefix("./")):
        return declared.removeprefix("./")
    return app.view.first("prisma/schema.prisma", "schema.prisma", "src/prisma/schema.prisma", "db/schema.prisma")


def in_workspace(app: App, manager: Manager, build: str | None) -> list[str]:
    """Shell lines that build the packages that a member depends on, in their order, then the member itself.

    They run in the workspace's root. Turborepo knows the order itself.
    """
    above = app.above
    if above is None:
        return [build] if build else []
    name = app.manifest.text("name")
    inside = app.project.root if above.folder == "." else app.project.root[len(above.folder) + 1 :]
    if above.project.view.has("turbo.json") and name and build and app.script("build"):
        return [f"npx turbo run build --filter={name}"]
    lines = [f"(cd {folder} && {manager.run('build')})" for folder in _local(app)]
    return [*lines, f"(cd {inside} && {build})"] if build else lines


def _local(app: App) -> list[str]:
    """Folders of the workspace's packages that it depends on and that have a build, dependencies first."""
    assert app.above
    packages = {found.text("name"): (folder, found) for folder, found in app.above.packages()}
    ordered: list[str] = []
    seen: set[str] = set()

    def visit(names: list[str]) -> None:
        for name in names:
            if name in packages and name not in seen:
                seen.add(name)
                folder, found = packages[name]
                visit(sorted({*found.dependencies, *found.development}))
                if "build" in found.scripts:
                    ordered.append(folder)

    seen.add(app.manifest.text("name"))
    visit(sorted({*app.manifest.dependencies, *app.manifest.development}))
    return ordered


def lifecycle(app: App) -> list[str]:
    """Scripts of the installed folder's own manifest that an installation runs."""
    root = app.above.root if app.above else app.manifest
    names = ("preinstall", "install", "postinstall", "prepare") if root else ()
    return [root.scripts[name] for name in names if root and name in root.scripts]


def mentioned(script: str) -> set[str]:
    """The programs of a script."""
    return {word for part in shell.line(script).parts for word in part.words}
