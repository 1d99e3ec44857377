"""Processes, packages and kinds of Node.js applications; manifests that are rubbish."""

from __future__ import annotations

import pytest

from analyzer import confidence
from analyzer.analyze import analyze
from analyzer.source.view import of_memory
from tests.unit.analyzer.node_service import VITE, manifest, service

NG = {"start": "ng serve", "build": "ng build"}


def test_processes() -> None:
    scripts = {"start": "node a.js", "worker": "node w.js", "cron": "node c.js", "db:migrate": "knex migrate:latest"}
    found = service({"package.json": manifest(scripts, ["express"]), "a.js": ""})
    rows = {row.name: (row.kind, row.command) for row in found.processes}
    assert rows["worker"] == ("worker", "npm run worker")
    assert rows["cron"] == ("scheduled", "npm run cron")
    assert rows["release"] == ("release", "npm run db:migrate")


def test_prisma_migrates_before_a_release() -> None:
    files = {"package.json": manifest({"start": "node a.js"}, ["@prisma/client"], ["prisma"]), "a.js": ""}
    found = service({**files, "prisma/schema.prisma": "", "prisma/migrations/1/migration.sql": ""})
    assert [row.command for row in found.processes if row.kind == "release"] == ["npx prisma migrate deploy"]
    assert "openssl" in found.system_packages
    assert found.details["node"]["build"] == ["npx prisma generate"]


def test_packages_that_are_compiled_bring_a_compiler_to_the_build_only() -> None:
    found = service({"package.json": manifest({"start": "node a.js"}, ["bcrypt"]), "a.js": ""})
    assert {"g++", "make", "python3"} <= set(found.build_packages)
    assert found.system_packages == ()


@pytest.mark.parametrize(("needs", "kind"), [(["discord.js"], "worker"), (["express"], "web"), ([], None)])
def test_kinds(needs: list[str], kind: str | None) -> None:
    assert service({"package.json": manifest({"start": "node a.js"}, needs), "a.js": ""}).value("kind") == kind


def test_a_library_is_none_of_these() -> None:
    found = service({"package.json": manifest({"build": "tsc"}, main="dist/a.js", files=["dist"]), "src/a.ts": ""})
    assert found.value("kind") == "library"


def test_a_bundle_for_others_is_a_library_too() -> None:
    files = {"package.json": manifest(VITE, [], ["vite"], exports={".": "./dist/a.js"}), "src/a.ts": ""}
    assert (service(files).value("kind"), service(files).value("start")) == ("library", None)


def test_a_staticfile_says_what_of_a_build_is_served() -> None:
    files = {
        "package.json": manifest({"build": "astro build"}, ["astro"]),
        "Staticfile": "root: site\nindex_fallback: true\n",
    }
    found = service(files)
    assert (found.value("output_dir"), found.details["node"]["fallback"]) == ("site", "index.html")


def test_assets_of_a_server_of_another_language_do_not_win() -> None:
    files = {"package.json": manifest(VITE, [], ["vite", "laravel-vite-plugin"]), "composer.json": "{}"}
    found = analyze(of_memory(files)).services[0]
    assert found.value("language") != "node"


def test_tools_alone_are_no_sure_sign() -> None:
    found = service({"package.json": manifest({"lint": "eslint ."}, [], ["eslint"])})
    assert found.fields["language"].confidence == confidence.CONVENTION


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '"text"', "{}", '{"scripts": []}', '{"scripts": {"start": 1}}', '{"main": 5}'),
        *('{"dependencies": "x"}', '{"dependencies": {"next": 3}}', '{"workspaces": 7}', '{"workspaces": [1, {}]}'),
        *('{"engines": []}', '{"packageManager": {}}', '{"volta": {"node": 18}}', '{"devEngines": {"runtime": 1}}'),
        *('{"scripts": {"start": "\'"}}', '{"scripts": {"start": "npm start"}}', '{"main": "../../etc/passwd"}'),
        *('{"dependencies": {"next": "x"}, "prisma": {"schema": 3}}', '{"targets": {"a": 1}, "name": []}'),
        '{"scripts": {"a": "npm run b", "b": "npm run a", "start": "npm run a"}}',
    ],
)
def test_rubbish_in_a_manifest(text: str) -> None:
    files = {"package.json": text, "index.js": "", "angular.json": "[1]", "next.config.js": "}{", "nx.json": "3"}
    assert service(files).value("language") == "node"


def test_rubbish_beside_a_manifest() -> None:
    files = {
        "package.json": manifest(NG, ["@angular/core", "expo", "react-native-web"]),
        "angular.json": '{"projects": {"a": {"architect": {"build": {"options": {"outputPath": 5}}}}}}',
        "app.json": '{"expo": {"web": []}}',
        ".yarnrc.yml": "- a\n",
        "pnpm-workspace.yaml": "packages: 3\n",
        "pnpm-lock.yaml": "\0",
    }
    assert service(files).value("language") == "node"
