"""A front end that a server of another language builds and serves: what Node has to do in its build stage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from analyzer import versions
from analyzer.findings import Findings
from analyzer.project import Project
from analyzer.render.recipe import Copy, Run, Stage, Step

LOCKS = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
INSTALL = {
    "npm": ("npm ci --no-audit --no-fund", "npm install --no-audit --no-fund"),
    "pnpm": ("pnpm install --frozen-lockfile", "pnpm install"),
    "yarn": ("yarn install --frozen-lockfile --non-interactive", "yarn install --non-interactive"),
    "berry": ("yarn install --immutable", "yarn install"),
    "bun": ("bun install --frozen-lockfile", "bun install"),
}
"""With a lock file and without."""
CACHES = {
    "npm": "/root/.npm",
    "pnpm": "/root/.local/share/pnpm/store",
    "yarn": "/usr/local/share/.cache",
    "bun": "/root/.bun/install/cache",
}
BESIDE = (".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", ".puppeteerrc.cjs")
BUILDS = ("build:production", "production", "build", "prod")
"""Scripts that build for production, the most particular first."""
DEFAULT_NODE = "22"
NODE = "node"
"""Name of the stage that the programs are taken from."""


def read(project: Project, folder: str = "") -> dict[str, Any] | None:
    """What Node has to do, as plain data for `stage` and `steps`; None when there is no front end to build.

    `folder` is where its package.json is, below the service's root.
    """
    if folder:
        below = f"{project.root}/{folder}" if project.root != "." else folder
        found = read(Project(project.whole, below, project.findings))
        return found and {**found, "folder": folder}
    manifest = project.json("package.json")
    if manifest is None:
        return None
    scripts = manifest.get("scripts")
    build = next((name for name in BUILDS if isinstance(scripts, dict) and isinstance(scripts.get(name), str)), None)
    has_packages = any(_names(manifest, key) for key in ("dependencies", "devDependencies"))
    if not build and not has_packages:
        return None
    lock, manager = _manager(project, manifest)
    files = [path for path in ("package.json", lock, *BESIDE) if path and project.view.has(path)]
    return {
        "manager": manager,
        "manager_version": _pinned(project, manifest, manager),
        "files": files,
        "locked": bool(lock),
        "build": f"{manager} run {build}" if build else None,
        "node": _node(project, manifest),
    }


def stage(assets: Mapping[str, Any]) -> Stage:
    """The stage that Node's programs are copied from."""
    return Stage(f"node:{assets['node']}-bookworm-slim", (), NODE)


def steps(assets: Mapping[str, Any]) -> tuple[Step, ...]:
    """Puts Node into a build stage and installs the packages; the source is not needed for it."""
    manager = str(assets["manager"])
    install = INSTALL["berry" if _is_berry(assets) else manager][0 if assets["locked"] else 1]
    links = (
        "ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm",
        "ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx",
    )
    first: tuple[Step, ...] = (
        Copy(("/usr/local/bin/node",), "/usr/local/bin/", stage=NODE),
        Copy(("/usr/local/lib/node_modules/npm",), "/usr/local/lib/node_modules/npm", stage=NODE),
        Run(links),
    )
    program = (
        () if manager == "npm" else (Run((f"npm install -g {_program(assets)}",), ("/root/.npm",), downloads=True),)
    )
    folder = assets.get("folder")
    files = Copy(tuple(f"{folder}/{path}" if folder else path for path in assets["files"]), f"{folder or '.'}/")
    command = f"cd {folder} && {install}" if folder else install
    return (*first, *program, files, Run((command,), (CACHES[manager],), downloads=True))


def _program(assets: Mapping[str, Any]) -> str:
    """The package of npm that a package manager is; Yarn has another name since its second version."""
    manager, version = str(assets["manager"]), assets["manager_version"]
    package = "@yarnpkg/cli-dist" if _is_berry(assets) else manager
    return f"{package}@{version}" if version else package


def _is_berry(assets: Mapping[str, Any]) -> bool:
    """Whether it is Yarn 2 or later, which has other options."""
    version = str(assets["manager_version"] or "")
    return assets["manager"] == "yarn" and (not version or not version.startswith("1"))


def _names(manifest: Mapping[str, Any], key: str) -> list[str]:
    found = manifest.get(key)
    return [name for name in found if isinstance(name, str)] if isinstance(found, dict) else []


def _manager(project: Project, manifest: Mapping[str, Any]) -> tuple[str | None, str]:
    """The lock file and the package manager; `packageManager` decides between several locks."""
    locks = [(path, manager) for path, manager in LOCKS if project.view.has(path)]
    stated = manifest.get("packageManager")
    wanted = stated.partition("@")[0] if isinstance(stated, str) else ""
    if wanted in CACHES:
        return next((path for path, manager in locks if manager == wanted), None), wanted
    return locks[0] if locks else (None, "npm")


def _pinned(project: Project, manifest: Mapping[str, Any], manager: str) -> str | None:
    stated = manifest.get("packageManager")
    found = re.fullmatch(r"(\w+)@(\d[\w.-]*)(?:\+.*)?", stated) if isinstance(stated, str) else None
    if found and found[1] == manager:
        return found[2]
    return "1" if manager == "yarn" and not project.view.has(".yarnrc.yml") else None


def _node(project: Project, manifest: Mapping[str, Any]) -> str:
    """The version of Node, decided apart: the runtime version of this service is another language's."""
    engines = manifest.get("engines")
    wanted = engines.get("node") if isinstance(engines, dict) else None
    pins = [versions.Pin(wanted, "npm", "package.json names it in engines")] if isinstance(wanted, str) else []
    apart = Project(project.whole, project.root, Findings())
    decided = versions.decide(apart, "node", pins) or ""
    return decided if re.fullmatch(r"\d+(?:\.\d+){0,2}", decided) else DEFAULT_NODE
