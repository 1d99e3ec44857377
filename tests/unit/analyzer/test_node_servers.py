"""Servers of Node.js: framework, package manager, start and port."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.analyzer.node_service import VITE, YARN, manifest, service

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
SSR = json.loads(json.dumps(ANGULAR))
SSR["projects"]["shop"]["architect"]["build"]["options"]["ssr"] = {"entry": "src/server.ts"}
NG = {"start": "ng serve", "build": "ng build"}
NEST = {"build": "nest build", "start": "nest start", "start:prod": "node dist/main"}

SERVERS = [
    # tree, framework, package manager, start kind, start target, port
    (
        {"package.json": manifest({"start": "node index.js"}), "index.js": ""},
        None,
        "npm",
        "package-script",
        "start",
        None,
    ),
    ({"package.json": manifest(main="src/app.js"), "src/app.js": ""}, None, "npm", "node-file", "src/app.js", None),
    ({"package.json": manifest(main="gone.js"), "index.js": ""}, None, "npm", "node-file", "index.js", None),
    ({"package.json": manifest(), "index.ts": ""}, None, "npm", "node-file", "index.ts", None),
    (
        {"package.json": manifest(), "index.ts": "Bun.serve({port: 8080})", "bun.lockb": b"\0"},
        *(None, "bun", "node-file", "index.ts", 8080),
    ),
    ({"server.js": "http.createServer().listen(process.env.PORT || 8080)"}, None, None, "node-file", "server.js", 8080),
    (
        {"package.json": manifest({"start": "node ."}, ["express"]), "index.js": "app.listen(3333)", "yarn.lock": YARN},
        *("express", "yarn", "package-script", "start", 3333),
    ),
    (
        {
            "package.json": manifest(NEST, ["@nestjs/core", "express"], ["@nestjs/cli"]),
            "src/main.ts": "await app.listen(process.env.PORT ?? 3000);",
        },
        *("nest", "npm", "package-script", "start", 3000),
    ),
    (
        {
            "package.json": manifest({"build": "tsc", "start": "node dist/index.js"}, ["hono", "@hono/node-server"]),
            "src/index.ts": "serve({ fetch: app.fetch, port: 3001 })",
        },
        *("hono", "npm", "package-script", "start", 3001),
    ),
    (
        {"package.json": manifest({"start": "strapi start"}, ["@strapi/strapi"])},
        "strapi",
        "npm",
        "package-script",
        "start",
        1337,
    ),
    ({"package.json": manifest({"start": "next start"}, ["next"])}, "next", "npm", "package-script", "start", 3000),
    (
        {"package.json": manifest({"start": "next start -p 4100"}, ["next"])},
        "next",
        "npm",
        "package-script",
        "start",
        4100,
    ),
    (
        {"package.json": manifest({"build": "nuxt build"}, {"nuxt": "^3.1"})},
        "nuxt",
        "npm",
        "node-file",
        ".output/server/index.mjs",
        3000,
    ),
    (
        {"package.json": manifest({"start": "nuxt start"}, {"nuxt": "^2.15"})},
        "nuxt",
        "npm",
        "package-script",
        "start",
        3000,
    ),
    (
        {
            "package.json": manifest({"start": "remix-serve build"}, ["@remix-run/react", "@remix-run/serve"]),
            "remix.config.js": "",
        },
        *("remix", "npm", "package-script", "start", 3000),
    ),
    (
        {
            "package.json": manifest(
                {"start": "react-router-serve ./build/server/index.js"},
                ["@react-router/serve"],
                ["@react-router/dev", "vite"],
            )
        },
        *("react-router", "npm", "package-script", "start", 3000),
    ),
    (
        {
            "package.json": manifest({"start": "astro dev", "build": "astro build"}, ["astro", "@astrojs/node"]),
            "astro.config.mjs": "defineConfig({ output: 'server', adapter: node({ mode: 'standalone' }) })",
        },
        *("astro", "npm", "node-file", "dist/server/entry.mjs", 4321),
    ),
    (
        {
            "package.json": manifest(VITE, [], ["@sveltejs/kit", "@sveltejs/adapter-node", "vite"]),
            "svelte.config.js": "import adapter from '@sveltejs/adapter-node';\n",
        },
        *("sveltekit", "npm", "node-file", "build", 3000),
    ),
    (
        {"package.json": manifest(VITE, ["@tanstack/react-start"], ["vite"])},
        *("tanstack-start", "npm", "other", None, 3000),
    ),
    (
        {"package.json": manifest(VITE, ["@tanstack/react-start", "nitro"], ["vite"])},
        *("tanstack-start", "npm", "node-file", ".output/server/index.mjs", 3000),
    ),
    (
        {"package.json": manifest(NG, ["@angular/core", "@angular/ssr", "express"]), "angular.json": json.dumps(SSR)},
        *("angular", "npm", "node-file", "dist/shop/server/server.mjs", 4000),
    ),
    (
        {"package.json": manifest({"build": "nitro build"}, [], ["nitropack"])},
        "nitro",
        "npm",
        "node-file",
        ".output/server/index.mjs",
        3000,
    ),
    (
        {
            "package.json": manifest({"start": "node backend/server.js"}, ["express"]),
            "backend/server.js": "const PORT = process.env.PORT || 5000\napp.listen(PORT)",
        },
        *("express", "npm", "package-script", "start", 5000),
    ),
    (
        {
            "package.json": manifest(
                {"build": "vite build", "start": "NODE_ENV=production node dist/index.js"}, ["express"], ["vite"]
            ),
            "client/index.html": "",
            "server/index.ts": "server.listen({ port: 5001 })",
        },
        *("express", "npm", "package-script", "start", 5001),
    ),
]


@pytest.mark.parametrize(("files", "expected"), [(row[0], row[1:]) for row in SERVERS])
def test_servers(files: dict[str, str], expected: tuple[Any, ...]) -> None:
    found = service(files)
    start = found.value("start")
    seen = (found.value("framework"), found.value("package_manager"), start.kind, start.target, found.value("port"))
    assert found.value("language") == "node"
    assert seen == expected
