"""What is found out about Node.js applications of the kinds that are common."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analyzer import confidence
from analyzer.analyze import Options, analyze
from analyzer.source.view import of_memory
from tests.unit.analyzer.node_service import VITE, codes, manifest, service

YARN = "# yarn lockfile v1\n"
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
CRA = {"start": "react-scripts start", "build": "react-scripts build"}
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


PORTS = [
    ("const port = Number(process.env.PORT) || 4001;\napp.listen(port)", 4001),
    ("app.listen(parseInt(process.env.PORT, 10) || 4002)", 4002),
    ("const { PORT = 4003 } = process.env\napp.listen(PORT)", 4003),
    ("const port = process.env.PORT ? Number(process.env.PORT) : 4004\napp.listen(port)", 4004),
    ("z.object({ PORT: z.coerce.number().default(4005) })\napp.listen(env.PORT)", 4005),
    ("fastify.listen({ host: '0.0.0.0', port: 4006 })", 4006),
    ("// app.listen(1)\napp.listen(4007, '0.0.0.0')", 4007),
    ("config.get('PORT', 4008); await app.listen(x)", 4008),
    ("server.listen(process.env.PORT)", 3000),
    ("console.log('no server')", None),
]


@pytest.mark.parametrize(("text", "port"), PORTS)
def test_ports_in_sources(text: str, port: int | None) -> None:
    assert service({"package.json": manifest({"start": "node index.js"}), "index.js": text}).value("port") == port


def test_a_port_has_its_line() -> None:
    files = {"package.json": manifest({"start": "node index.js"}), "index.js": "// a\n\napp.listen(4000)\n"}
    evidence = service(files).fields["port"].evidence[0]
    assert (evidence.path, evidence.line, evidence.text) == ("index.js", 3, "app.listen(4000)")


HEALTH = [
    ({"index.js": "app.get('/healthz', f); app.listen(1234)"}, "/healthz"),
    ({"index.js": "app.get('/', f)\napp.listen(1234)"}, "/"),
    ({"index.js": "import './a.js'", "src/health.controller.ts": "@Controller('health')"}, "/health"),
    ({"app/api/health/route.ts": "export const GET = 1", "index.js": ""}, "/api/health"),
    ({"server/api/health.get.ts": "", "index.js": ""}, "/api/health"),
    ({"src/routes/healthz/+server.ts": "", "index.js": ""}, "/healthz"),
    ({"index.js": "if (req.url === '/ping') res.end()"}, "/ping"),
    ({"index.js": "app.listen(1)"}, None),
]


@pytest.mark.parametrize(("files", "path"), HEALTH)
def test_health_paths(files: dict[str, str], path: str | None) -> None:
    assert service({"package.json": manifest({"start": "node index.js"}), **files}).value("health_path") == path


@pytest.mark.parametrize(
    ("text", "needs", "warned"),
    [
        ("app.listen(3000, 'localhost')", [], True),
        ("server.listen({ port: 3000, host: '127.0.0.1' })", [], True),
        ("fastify.listen({ port: 3000 })", ["fastify"], True),
        ("fastify.listen({ port: 3000, host: '0.0.0.0' })", ["fastify"], False),
        ("app.listen(3000)", ["express"], False),
    ],
)
def test_what_listens_on_loopback_only_is_told(text: str, needs: list[str], warned: bool) -> None:
    found = service({"package.json": manifest({"start": "node index.js"}, needs), "index.js": text})
    assert ("binds_loopback" in codes(found)) == warned


STARTS = [
    ("node server.js", ("node", "server.js")),
    ("NODE_ENV=production node server.js", ("node", "server.js")),
    ("cross-env NODE_ENV=production node server.js", ("node", "server.js")),
    ("PORT=80 node server.js", ("env", "PORT=80", "node", "server.js")),
    ("npx next start", ("next", "start")),
    ("node server.js --port $PORT", ("sh", "-c", "exec node server.js --port 3000")),
    ("npm run build && node server.js", ("npm", "run", "start")),
    ("nodemon server.js", ("node", "server.js")),
    ("tsx watch src/server.ts", ("tsx", "src/server.ts")),
    ("pm2 start server.js", ("pm2-runtime", "start", "server.js")),
]


@pytest.mark.parametrize(("script", "argv"), STARTS)
def test_a_script_of_one_command_runs_without_the_package_manager(script: str, argv: tuple[str, ...]) -> None:
    start = service({"package.json": manifest({"start": script}, ["express"]), "server.js": ""}).value("start")
    assert (start.kind, start.target, start.command, start.argv) == ("package-script", "start", "npm run start", argv)


def test_a_script_with_a_hook_needs_the_package_manager() -> None:
    files = {"package.json": manifest({"prestart": "x", "start": "node a.js"}), "yarn.lock": YARN, "a.js": ""}
    assert service(files).value("start").argv == ("yarn", "run", "start")


def test_a_start_script_for_developers_is_told() -> None:
    assert "development_server" in codes(service({"package.json": manifest({"start": "nodemon a.js"}), "a.js": ""}))


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
