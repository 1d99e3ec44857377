"""Dockerfiles of Node.js applications: packages before the source, only what runs in the image."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from analyzer.analyze import Options, analyze
from analyzer.languages.node.recipe import image
from analyzer.render.files import image_files
from analyzer.source.view import of_memory
from tests.unit.analyzer.node_service import VITE, manifest, service

EXPRESS = {"package.json": manifest({"start": "node a.js"}, ["express"]), "a.js": "app.listen(3000)"}
LOCKED = {**EXPRESS, "package-lock.json": "{}"}


def dockerfile(files: Mapping[str, bytes | str]) -> str:
    """The Dockerfile of a tree."""
    return image_files(service(files))["Dockerfile"]


def test_packages_are_installed_before_the_source_is_there() -> None:
    text = dockerfile(LOCKED)
    assert text.index("COPY package.json package-lock.json ./") < text.index("npm ci") < text.index("COPY . ./")


def test_packages_reach_the_image_before_the_source_does() -> None:
    text = dockerfile(LOCKED)
    assert text.index("COPY --from=packages /app/node_modules ./node_modules") < text.index("COPY . ./")


def test_the_image_runs_the_program_itself() -> None:
    text = dockerfile(LOCKED)
    assert text.endswith('CMD ["node", "a.js"]\n')
    assert "USER 10001:10001" in text
    assert "NODE_ENV=production" in text.rpartition("FROM")[2]
    assert "NODE_ENV" not in text.rpartition("FROM")[0]
    assert "PORT=3000" in text


def test_node_as_the_first_process_stops_when_it_is_told_to() -> None:
    assert "NODE_OPTIONS=--require=/opt/signals.cjs" in dockerfile(LOCKED)


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"package-lock.json": "{}"}, ["npm ci --no-audit"]),
        ({}, ["npm install --no-audit --no-fund --no-package-lock"]),
        ({"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, ["pnpm@9 ", "pnpm install --frozen-lockfile"]),
        ({"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, ["pnpm@8 ", "pnpm install --frozen-lockfile"]),
        ({"yarn.lock": "# yarn lockfile v1\n"}, ["yarn@1 ", "yarn install --frozen-lockfile"]),
        (
            {"yarn.lock": "__metadata:\n  version: 8\n"},
            ["@yarnpkg/cli-dist@4 ", "yarn install --immutable", "YARN_NODE_LINKER=node-modules"],
        ),
        ({"bun.lock": "{}"}, ["bun@1 ", "bun install --frozen-lockfile"]),
    ],
)
def test_installations_keep_to_the_lock_file(files: dict[str, str], lines: list[str]) -> None:
    text = dockerfile({**EXPRESS, **files}).replace("\n", " ")
    assert all(line in text for line in lines)


def test_what_only_development_needs_is_left_out() -> None:
    files = {
        **LOCKED,
        "package.json": manifest({"build": "tsc", "start": "node dist/a.js"}, ["express"], ["typescript"]),
    }
    text = dockerfile(files)
    assert "npm prune --omit=dev" in text
    assert "COPY --from=production /app/node_modules ./node_modules" in text
    assert "rm -rf node_modules" in text


def test_what_starts_is_kept_though_it_is_for_development() -> None:
    files = {**LOCKED, "package.json": manifest({"start": "tsx a.ts"}, ["express"], ["tsx"]), "a.ts": ""}
    text = dockerfile(files)
    assert "--omit=dev" not in text
    assert text.endswith('CMD ["tsx", "a.ts"]\n')


def test_a_generated_client_stays_with_the_packages() -> None:
    files = {**LOCKED, "package.json": manifest({"start": "node a.js"}, ["@prisma/client"], ["prisma"])}
    text = dockerfile({**files, "prisma/schema.prisma": ""})
    assert "COPY prisma/ ./prisma/" in text
    assert text.index("npx prisma generate") < text.index("npm prune --omit=dev")
    assert "COPY --from=build /app ./" in text


@pytest.mark.parametrize(
    ("script", "whole"), [("husky", False), ("prisma generate", False), ("node scripts/setup.js", True)]
)
def test_scripts_of_an_installation_get_the_source_when_they_need_it(script: str, whole: bool) -> None:
    text = dockerfile({**LOCKED, "package.json": manifest({"start": "node a.js", "postinstall": script}, ["express"])})
    assert ("All of the source at once" in text) == whole


def test_files_of_a_build_are_served_by_an_image_without_node() -> None:
    files = {"package.json": manifest(VITE, ["wouter"], ["vite"]), "index.html": "", "package-lock.json": "{}"}
    text = dockerfile(files)
    last = text.rpartition("FROM ")[2]
    assert last.startswith("nginx:")
    assert "COPY --from=build /app/dist /srv" in last
    assert "try_files $uri $uri.html $uri/ /index.html;" in last
    assert "autoindex" not in last


def test_next_standalone_copies_what_it_leaves_behind() -> None:
    files = {
        "package.json": manifest({"build": "next build", "start": "next start"}, ["next"]),
        "next.config.js": "module.exports = { output: 'standalone' }",
        "package-lock.json": "{}",
        "public/a.txt": "",
    }
    text = dockerfile(files)
    assert "COPY --from=build /app/.next/standalone ./" in text
    assert "COPY --from=build /app/.next/static ./.next/static" in text
    assert "COPY --from=build /app/public ./public" in text
    assert "HOSTNAME=0.0.0.0" in text
    assert text.endswith('CMD ["node", "server.js"]\n')


def test_a_bundle_of_nitro_needs_no_packages() -> None:
    text = dockerfile(
        {"package.json": manifest({"build": "nuxt build"}, {"nuxt": "^3.0.0"}), "package-lock.json": "{}"}
    )
    last = text.rpartition("FROM ")[2]
    assert "COPY --from=build /app/.output ./.output" in last
    assert "node_modules ./" not in last


def test_adapter_auto_is_told_where_it_builds() -> None:
    files = {"package.json": manifest(VITE, [], ["@sveltejs/kit", "@sveltejs/adapter-auto", "vite"])}
    assert "export GCP_BUILDPACKS=1; npm run build" in dockerfile(files)


def test_a_member_of_a_workspace_starts_in_its_folder() -> None:
    files = {
        "package.json": manifest(),
        "pnpm-workspace.yaml": "packages: ['apps/*']\n",
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
        "apps/api/package.json": manifest({"start": "node a.js"}, ["koa"], name="api"),
        "apps/api/a.js": "app.listen(3000)",
    }
    found = analyze(of_memory(files), options=Options(service="apps/api")).services[0]
    text = image_files(found)["Dockerfile"]
    assert "COPY apps/api/package.json ./apps/api/" in text
    assert "WORKDIR /app/apps/api" in text
    assert "/app/apps/api/node_modules/.bin:/app/node_modules/.bin" in text


def test_a_browser_is_debians() -> None:
    files = {**LOCKED, "package.json": manifest({"start": "node a.js"}, ["puppeteer"])}
    text = dockerfile(files)
    assert "PUPPETEER_SKIP_DOWNLOAD=true" in text
    assert "PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium" in text
    assert "chromium" in text


@pytest.mark.parametrize(
    ("version", "node", "legacy"), [("4.0.3", ">=20", True), ("^5.0.1", ">=20", False), ("4.0.3", "16", False)]
)
def test_bundlers_that_openssl_3_outlived(version: str, node: str, legacy: bool) -> None:
    scripts = {"build": "react-scripts build"}
    files = {"package.json": manifest(scripts, {"react-scripts": version}, engines={"node": node})}
    assert ("--openssl-legacy-provider" in dockerfile({**files, "public/index.html": ""})) == legacy


def test_without_packages_nothing_is_installed() -> None:
    text = dockerfile({"server.js": "http.createServer().listen(8080)"})
    assert "npm" not in text
    assert text.count("FROM ") == 1


def test_without_a_start_there_is_no_image() -> None:
    assert image_files(service({"package.json": manifest({}, ["expo"])})) == {}


@pytest.mark.parametrize(
    ("version", "name"),
    [("22", "node:22-bookworm-slim"), ("20.11.1", "node:20.11.1-bookworm-slim"), ("14", "node:14-slim")],
)
def test_images(version: str, name: str) -> None:
    assert image(version) == name


def test_the_same_tree_gives_the_same_file() -> None:
    assert dockerfile(LOCKED) == dockerfile(dict(reversed(LOCKED.items())))
