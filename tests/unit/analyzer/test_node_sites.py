"""Sites that Node.js builds: framework, output, build; what to add where nothing can be told."""

from __future__ import annotations

import json

import pytest

from tests.unit.analyzer.node_service import VITE, manifest, service

ANGULAR = {
    "projects": {
        "shop": {
            "projectType": "application",
            "architect": {
                "build": {"builder": "@angular/build:application", "options": {"outputPath": "dist/shop"}},
            },
        }
    }
}
CRA = {"start": "react-scripts start", "build": "react-scripts build"}
NG = {"start": "ng serve", "build": "ng build"}

SITES = [
    # tree, framework, output folder, build command
    ({"package.json": manifest(VITE, ["react"], ["vite"]), "index.html": ""}, "vite", "dist", "npm run build"),
    ({"package.json": manifest({"dev": "vite"}, [], ["vite"]), "index.html": ""}, "vite", "dist", "npx vite build"),
    (
        {"package.json": manifest(VITE, [], ["vite"]), "vite.config.ts": "export default { build: { outDir: 'www' } }"},
        *("vite", "www", "npm run build"),
    ),
    (
        {"package.json": manifest(CRA, ["react-scripts"]), "public/index.html": ""},
        "create-react-app",
        "build",
        "npm run build",
    ),
    (
        {"package.json": manifest(NG, ["@angular/core"]), "angular.json": json.dumps(ANGULAR)},
        "angular",
        "dist/shop/browser",
        "npm run build",
    ),
    (
        {
            "package.json": manifest({"build": "vue-cli-service build"}, ["vue"], ["@vue/cli-service"]),
            "public/index.html": "",
        },
        "vue-cli",
        "dist",
        "npm run build",
    ),
    (
        {
            "package.json": manifest({"build": "next build", "start": "next start"}, ["next"]),
            "next.config.mjs": 'export default {\n  output: "export" }',
        },
        "next",
        "out",
        "npm run build",
    ),
    (
        {"package.json": manifest({"build": "astro build"}, ["astro"]), "astro.config.mjs": "export default {}"},
        "astro",
        "dist",
        "npm run build",
    ),
    (
        {"package.json": manifest({"build": "nuxt generate"}, {"nuxt": "3.0.0"})},
        "nuxt",
        ".output/public",
        "npm run build",
    ),
    (
        {"package.json": manifest({"start": "docusaurus start", "build": "docusaurus build"}, ["@docusaurus/core"])},
        "docusaurus",
        "build",
        "npm run build",
    ),
    (
        {"package.json": manifest({"docs:build": "vitepress build docs"}, [], ["vitepress"]), "docs/index.md": ""},
        "vitepress",
        "docs/.vitepress/dist",
        "npm run docs:build",
    ),
    ({"package.json": manifest({"build": "gatsby build"}, ["gatsby"])}, "gatsby", "public", "npm run build"),
    (
        {"package.json": manifest({"build": "eleventy", "start": "eleventy --serve"}, [], ["@11ty/eleventy"])},
        "eleventy",
        "_site",
        "npm run build",
    ),
    (
        {"package.json": manifest({"build": "hexo generate"}, ["hexo"]), "_config.yml": "public_dir: site\n"},
        "hexo",
        "site",
        "npm run build",
    ),
    (
        {
            "package.json": manifest({"build": "rollup -c", "start": "sirv public"}, ["sirv-cli"], ["svelte"]),
            "public/index.html": "",
        },
        "svelte",
        "public",
        "npm run build",
    ),
    (
        {
            "package.json": manifest(
                {"start": "parcel src/index.html", "build": "parcel build src/index.html"}, [], ["parcel"]
            ),
            "src/index.html": "",
        },
        "parcel",
        "dist",
        "npm run build",
    ),
    (
        {
            "package.json": manifest(
                {"start": "serve -s build", "build": "react-scripts build"}, ["react-scripts", "serve"]
            )
        },
        "create-react-app",
        "build",
        "npm run build",
    ),
    (
        {
            "package.json": manifest(
                {"start": "expo start", "build": "expo export -p web"}, ["expo", "react-native-web"]
            )
        },
        "expo",
        "dist",
        "npm run build",
    ),
    (
        {
            "package.json": manifest(
                {"start": "react-router-serve ./build/server/index.js", "build": "react-router build"},
                ["@react-router/serve"],
                ["@react-router/dev"],
            ),
            "react-router.config.ts": "export default { ssr: false }",
        },
        *("react-router", "build/client", "npm run build"),
    ),
    ({"package.json": manifest({"lint": "eslint ."}, [], ["eslint"]), "index.html": ""}, None, None, None),
]


@pytest.mark.parametrize(("files", "framework", "output", "build"), SITES)
def test_sites(files: dict[str, str], framework: str | None, output: str | None, build: str | None) -> None:
    found = service(files)
    assert (found.value("framework"), found.value("output_dir"), found.value("build_command")) == (
        framework,
        output,
        build,
    )
    assert (found.value("kind"), found.value("start").kind, found.value("port")) == ("static", "static", 8080)


@pytest.mark.parametrize(
    ("routers", "page"), [(["react-router-dom"], "index.html"), (["@tanstack/react-router"], "index.html"), ([], "")]
)
def test_pages_that_route_in_the_browser_get_unknown_paths(routers: list[str], page: str) -> None:
    found = service({"package.json": manifest(VITE, routers, ["vite"]), "index.html": ""})
    assert found.details["node"]["fallback"] == page


OPEN = [
    (
        {
            "package.json": manifest({"build": "astro build"}, ["astro", "@astrojs/vercel"]),
            "astro.config.mjs": "output: 'server', adapter: vercel()",
        },
        "@astrojs/node",
    ),
    (
        {"package.json": manifest({"build": "remix build"}, ["@remix-run/react"]), "remix.config.js": ""},
        "@remix-run/serve",
    ),
    (
        {
            "package.json": manifest(VITE, [], ["@sveltejs/kit", "@sveltejs/adapter-vercel"]),
            "svelte.config.js": "import a from '@sveltejs/adapter-vercel'",
        },
        "@sveltejs/adapter-node",
    ),
    ({"package.json": manifest({"start": "expo start"}, ["expo"])}, "react-native-web"),
    ({"package.json": manifest()}, "a start script"),
]


@pytest.mark.parametrize(("files", "wanted"), OPEN)
def test_what_cannot_be_told_says_what_to_add(files: dict[str, str], wanted: str) -> None:
    field = service(files).fields["start"]
    assert field.value is None
    assert wanted in field.missing
