"""What the image build has to do for a project, as plain data for `recipe`: files first, commands, what stays."""

from __future__ import annotations

import re

from analyzer.languages.node import building, natives
from analyzer.languages.node.app import App
from analyzer.languages.node.managers import Manager
from analyzer.languages.node.manifest import NAMES
from analyzer.languages.node.plan import KEY, Plan, data
from analyzer.languages.node.starting import Outcome
from analyzer.model import Start

BESIDE = (
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    ".pnpmfile.mjs",
    "bunfig.toml",
)
"""Settings of package managers, which an installation needs beside manifests and lock file."""
FOLDERS = (".yarn/releases", ".yarn/plugins", ".yarn/patches", ".yarn/cache", "patches")
WITHOUT_SOURCE = frozenset(
    ("husky", "install", "is-ci", "lefthook", "simple-git-hooks", "patch-package", "prisma", "generate", "only-allow")
) | frozenset(
    ("nuxt", "nuxi", "nuxt-ts", "prepare", "npx", "pnpm", "npm", "yarn", "bun", "ngcc", "echo", "true", "exit", "0", "")
)
"""Words of installation scripts that need nothing of the source but what is copied with the manifests."""
TOOLS = ("tsx", "ts-node", "serve", "srvx", "pm2-runtime", "nodemon")
"""Programs that a start may need though no manifest lists them -> installed beside the application."""
PACKAGES = {"pm2-runtime": "pm2"}
MANAGERS = (("npm",), ("pnpm",), ("yarn",), ("bun",))
RUNNERS = frozenset((*TOOLS, "pnpm", "yarn", "bun", "bunx"))
"""Programs of tools."""
PROVIDERS = {
    "nest": "@nestjs/cli",
    "remix-serve": "@remix-run/serve",
    "react-router-serve": "@react-router/serve",
    "strapi": "@strapi/strapi",
    "medusa": "@medusajs/cli",
    "keystone": "@keystone-6/core",
    "sirv": "sirv-cli",
    "pm2-runtime": "pm2",
}
"""Program -> the package that has it, where the names differ."""


def describe(app: App, manager: Manager | None, outcome: Outcome) -> None:
    """Notes in `details` what the recipe needs."""
    findings, context = app.project.findings, app.above.folder if app.above else app.project.root
    build = findings.value("build_command")
    lines = building.prepared(app, build) + _build_lines(app, manager, build)
    if manager and manager.lock:
        findings.details["lock"] = _joined(context, manager.lock)
    elif manager and _all_dependencies(app):
        _warn_of_no_lock(app, manager)
    kind, output = _result(app, outcome)
    found = Plan(
        folder=_inside(app, context),
        manager=manager.name if manager else "npm",
        manager_version=manager.version if manager else "",
        berry=bool(manager and manager.berry),
        locked=bool(manager and manager.lock),
        packages=bool(manager and _all_dependencies(app)),
        first=tuple(_first(app, manager) if manager else ()),
        source_first=_needs_source(app),
        build=tuple(_environment(app, outcome, lines)),
        generates="@prisma/client" in app.manifest.dependencies,
        workspace=_in_workspace(app),
        extra=_has_development(app) and not _keeps_development(app, outcome),
        tools=tuple(_tools(app, manager, outcome)),
        runs_tools=bool(_running(app, outcome) & RUNNERS),
        result=kind,
        output=output,
        fallback=outcome.serving.fallback if outcome.serving else "",
        public=app.view.has_folder("public"),
        next=bool(outcome.framework and outcome.framework.name == "next"),
        legacy=bool(natives.bundler_of_old(app)),
        browser=str(findings.details.pop("browser", "")),
    )
    findings.details[KEY] = data(found)


def _in_workspace(app: App) -> bool:
    return bool(app.above or (app.own and app.own.members))


def _has_development(app: App) -> bool:
    return _in_workspace(app) or bool(app.manifest.development)


def _build_lines(app: App, manager: Manager | None, build: str | None) -> list[str]:
    if manager is None:
        return [build] if build else []
    return building.in_workspace(app, manager, build)


def _environment(app: App, outcome: Outcome, lines: list[str]) -> list[str]:
    """adapter-auto takes adapter-node where Google's buildpacks build (sveltejs/kit, adapter-auto)."""
    serving = outcome.serving
    if serving and serving.start == ("node", "build") and not app.depends("@sveltejs/adapter-node"):
        return [f"export GCP_BUILDPACKS=1; {line}" for line in lines]
    return lines


def _all_dependencies(app: App) -> dict[str, str]:
    found = {**app.manifest.development, **app.manifest.dependencies}
    if app.above and app.above.root:
        found |= {**app.above.root.development, **app.above.root.dependencies}
    for _, member in app.own.packages() if app.own else ():
        found |= {**member.development, **member.dependencies}
    return found


def _first(app: App, manager: Manager) -> list[str]:
    """Files that are copied before the source, relative to the build context."""
    view = (app.above or app).project.view
    names = [name for name in (*NAMES, manager.lock or "", *BESIDE) if name and view.has(name)]
    around = app.above or app.own
    members = around.members if around else ()
    names += [f"{folder}/{name}" for folder in members for name in NAMES if view.has(f"{folder}/{name}")]
    names += [f"{folder}/" for folder in FOLDERS if view.has_folder(folder)]
    if schema := building.schema(app):
        inside = _inside(app, app.above.folder if app.above else app.project.root)
        folder = schema.rpartition("/")[0]
        names.append(_joined(inside, f"{folder}/" if folder else schema))
    return list(dict.fromkeys(names))


def _needs_source(app: App) -> str:
    """Why the source has to be there before packages are installed; "" when it has not."""
    local = [text for text in _all_dependencies(app).values() if re.match(r"(?:file|link|portal):", text)]
    if local:
        return "a dependency is a folder of the source"
    for script in building.lifecycle(app):
        if not building.mentioned(script) <= WITHOUT_SOURCE | {"--help"}:
            return "a script that runs after the installation needs the source"
    return ""


def _keeps_development(app: App, outcome: Outcome) -> bool:
    """Whether what starts is a development dependency."""
    words = _running(app, outcome)
    packages = {PROVIDERS.get(word, word) for word in words} | {word.partition("/")[0] for word in words}
    return any(name in app.manifest.development and name not in app.manifest.dependencies for name in packages)


def _running(app: App, outcome: Outcome) -> set[str]:
    """The words of what starts, those of the script too when a package manager starts it."""
    start = app.project.findings.value("start")
    if not isinstance(start, Start):
        return set()
    argv = start.argv
    script = app.manifest.scripts.get(start.target or "", "") if start.kind == "package-script" else ""
    script = outcome.script.text if outcome.script and outcome.start and start == outcome.start.value else script
    texts = [*argv, script] if argv[:1] in MANAGERS else list(argv)
    return {word for text in texts for word in text.split()}


def _tools(app: App, manager: Manager | None, outcome: Outcome) -> list[str]:
    """npm packages beside the application's own, as npm names them with a version: those that run at the end last."""
    found = [_manager_tool(manager)] if manager else []
    words = _running(app, outcome)
    for name in TOOLS:
        package = PACKAGES.get(name, name)
        if name in words and not app.depends(package):
            found.append(package)
    uses_bun = "bun" in words or any(re.search(r"\bbunx?\b", text) for text in app.manifest.scripts.values())
    if uses_bun and not (manager and manager.name == "bun"):
        found.append("bun@1")
    return [tool for tool in found if tool]


def _manager_tool(manager: Manager) -> str:
    version = manager.version
    if manager.name == "npm":
        return f"npm@{version}" if re.fullmatch(r"\d+(\.\d+)*", version) else ""
    package = "@yarnpkg/cli-dist" if manager.berry else manager.name
    return f"{package}@{version}" if re.fullmatch(r"[\^~]?\d[\w.+-]*", version) else f"{package}@{_newest(manager)}"


def _newest(manager: Manager) -> str:
    """For a range without an upper end, the release that is known to fit."""
    return {"pnpm": "10", "yarn": "4" if manager.berry else "1", "bun": "1"}[manager.name]


def _result(app: App, outcome: Outcome) -> tuple[str, str]:
    """What of the build the image takes, and where that is; all of it for a start that a person wrote down."""
    chosen = app.project.findings.value("start")
    own = outcome.start is not None and chosen == outcome.start.value
    if not own and not (outcome.static and chosen and chosen.kind == "static"):
        return "application", "."
    output = (outcome.serving.output if outcome.serving else None) or "."
    argv: tuple[str, ...] = outcome.start.value.argv if outcome.start else ()
    if outcome.static:
        return "static", output
    if output.endswith("/standalone") and argv == ("node", "server.js"):
        return "standalone", output
    if len(argv) == 2 and argv[0] == "node" and argv[-1].removeprefix("./").startswith(".output/server/"):
        return "bundle", ".output"
    return "application", "."


def _warn_of_no_lock(app: App, manager: Manager) -> None:
    app.project.findings.warn(
        "no_lock_file",
        f"no lock file of {manager.name}: each build may install other versions",
        app.manifest.evidence("dependencies"),
        remedy=f"run {manager.name} install and commit the lock file",
    )


def _inside(app: App, context: str) -> str:
    root = app.project.root
    if root == context:
        return "."
    return root if context == "." else root[len(context) + 1 :]


def _joined(folder: str, path: str) -> str:
    return path if folder == "." else f"{folder}/{path}"
