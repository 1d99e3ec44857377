"""Package managers of Node.js applications, and workspaces."""

from __future__ import annotations

import pytest

from analyzer.analyze import Options, analyze
from analyzer.source.view import of_memory
from tests.unit.analyzer.node_service import YARN, manifest, service

MANAGERS = [
    ({"package.json": manifest(packageManager="pnpm@9.1.0"), "package-lock.json": "{}"}, "pnpm", "9.1.0"),
    ({"package.json": manifest(), "pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, "pnpm", "8"),
    ({"package.json": manifest(), "pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, "pnpm", "9"),
    (
        {
            "package.json": manifest(),
            "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
            "pnpm-workspace.yaml": "onlyBuiltDependencies: [esbuild]\n",
        },
        *("pnpm", "10"),
    ),
    ({"package.json": manifest(), "yarn.lock": "__metadata:\n  version: 8\n"}, "yarn", "4"),
    ({"package.json": manifest(), "yarn.lock": YARN}, "yarn", "1"),
    ({"package.json": manifest(engines={"pnpm": "8.15.9"})}, "pnpm", "8.15.9"),
    ({"package.json": manifest(engines={"yarn": "please-use-npm"})}, "npm", ""),
    ({"package.json": manifest(engines={"bun": ">=1.0.0"})}, "bun", ">=1.0.0"),
    ({"package.json": manifest(devEngines={"packageManager": {"name": "pnpm"}})}, "pnpm", "10"),
    ({"package.json": manifest(), "bun.lock": "{}", ".bun-version": "1.1.30\n"}, "bun", "1.1.30"),
    ({"package.json": manifest(), "npm-shrinkwrap.json": "{}"}, "npm", ""),
]


@pytest.mark.parametrize(("files", "name", "version"), MANAGERS)
def test_package_managers(files: dict[str, str], name: str, version: str) -> None:
    found = service({**files, "index.js": ""})
    assert (found.value("package_manager"), found.details["node"]["manager_version"]) == (name, version)


def test_several_lock_files_are_told_with_the_one_that_is_used() -> None:
    found = service({"package.json": manifest(), "index.js": "", "yarn.lock": YARN, "package-lock.json": "{}"})
    warning = next(row for row in found.warnings if row.code == "conflicting_lock_files")
    assert found.value("package_manager") == "yarn"
    assert warning.message.startswith("yarn.lock is used")


WORKSPACE = {
    "package.json": manifest({"build": "turbo build"}, [], ["turbo"], workspaces=["apps/*", "packages/*"]),
    "package-lock.json": "{}",
    "apps/web/package.json": manifest({"build": "next build", "start": "next start"}, ["next", "ui"], name="web"),
    "packages/ui/package.json": manifest({"build": "tsc"}, name="ui"),
}


def test_a_member_of_a_workspace_is_built_from_its_root() -> None:
    found = analyze(of_memory(WORKSPACE), options=Options(service="apps/web")).services[0]
    assert (found.context, found.details["lock"]) == (".", "package-lock.json")
    assert found.details["node"]["first"][:2] == ["package.json", "package-lock.json"]
    assert found.details["node"]["build"] == ["(cd packages/ui && npm run build)", "(cd apps/web && npm run build)"]


def test_turborepo_knows_the_order_itself() -> None:
    files = {**WORKSPACE, "turbo.json": "{}"}
    found = analyze(of_memory(files), options=Options(service="apps/web")).services[0]
    assert found.details["node"]["build"] == ["npx turbo run build --filter=web"]


def test_a_workspace_has_the_framework_of_its_only_application() -> None:
    found = analyze(of_memory(WORKSPACE), options=Options(service=".")).services[0]
    start = found.value("start")
    assert (found.value("framework"), start.command) == ("next", "cd apps/web && npm run start")
