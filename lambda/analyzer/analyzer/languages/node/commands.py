"""The command lines of package managers: installing by the lock file, and leaving out what only development needs."""

from __future__ import annotations

import shlex

from analyzer.languages.node.plan import Plan

LOCKED = {
    "npm": "npm ci --no-audit --no-fund",
    "pnpm": "pnpm install --frozen-lockfile",
    "yarn": "yarn install --frozen-lockfile --non-interactive",
    "bun": "bun install --frozen-lockfile",
}
UNLOCKED = {
    "npm": "npm install --no-audit --no-fund --no-package-lock",
    "pnpm": "pnpm install --no-lockfile",
    "yarn": "yarn install --no-lockfile --non-interactive",
    "bun": "bun install --no-save",
}
PRODUCTION = {"npm": " --omit=dev", "pnpm": " --prod", "yarn": " --production", "bun": " --production"}
PRUNE = {
    "npm": "npm prune --omit=dev --no-audit --no-fund",
    "pnpm": "CI=true pnpm install --prod --frozen-lockfile --ignore-scripts",
    "yarn": "yarn install --production --frozen-lockfile --ignore-scripts --prefer-offline --non-interactive",
    "bun": "rm -rf node_modules && bun install --production --frozen-lockfile",
}
FOCUS_SINCE = 4
"""Yarn 4 has `workspaces focus` of its own."""
CACHES = {
    "npm": "/root/.npm",
    "pnpm": "/root/.local/share/pnpm/store",
    "yarn": "/usr/local/share/.cache",
    "bun": "/root/.bun/install/cache",
}
BERRY_CACHE = "/root/.yarn/berry/cache"


def install(plan: Plan, *, production: bool) -> str:
    """What installs the packages."""
    if plan.berry:
        line = "yarn install --immutable" if plan.locked else "yarn install --no-immutable"
        return f"{line} && {prune(plan)}" if production and prune(plan) else line
    line = (LOCKED if plan.locked else UNLOCKED)[plan.manager]
    return line + (PRODUCTION[plan.manager] if production else "")


def prune(plan: Plan) -> str:
    """What removes packages that only development needs; "" where the package manager has no way."""
    if not plan.berry:
        line = PRUNE[plan.manager]
        return line if plan.locked or plan.manager == "npm" else ""
    major = plan.manager_version.lstrip("^~").partition(".")[0]
    can = major.isdigit() and int(major) >= FOCUS_SINCE
    return "yarn workspaces focus --all --production" if can else ""


def caches(plan: Plan) -> tuple[str, ...]:
    """Folders of downloads that stay between builds."""
    own = BERRY_CACHE if plan.berry else CACHES[plan.manager]
    return tuple(dict.fromkeys((CACHES["npm"], own)))


def add_tools(plan: Plan, folder: str) -> str:
    """What installs the npm packages beside the application's own."""
    return f"npm install -g --no-audit --no-fund --prefix {folder} " + " ".join(
        shlex.quote(tool) for tool in plan.tools
    )
