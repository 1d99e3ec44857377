"""Frameworks that render on a server or write files, as their configuration says."""

from __future__ import annotations

import re
from typing import Any

from analyzer.languages.node import source
from analyzer.languages.node.app import App
from analyzer.languages.node.frameworks.row import Serving, option, written

NITRO_SERVER = ("node", ".output/server/index.mjs")


def next_js(app: App) -> Serving:
    """`output: "export"` writes files, "standalone" a server with all that it needs (nextjs.org, output)."""
    path = source.config(app.view, "next.config")
    found = source.setting(app.view, path, "output")
    folder = source.setting(app.view, path, "distDir")
    built = (folder and source.folder(folder[0])) or ""
    if found and found[0] == "export":
        return Serving(f"{path} exports the pages as files", output=built or "out", evidence=(found[1],))
    if "next export" in app.manifest.scripts.get("build", "") + app.manifest.scripts.get("export", ""):
        return _exported(app)
    if found and found[0] == "standalone":
        where = (found[1],)
        return Serving(f"{path} builds a standalone server", ("next", "start"), f"{built or '.next'}/standalone", where)
    return Serving("next start serves what next build writes", ("next", "start"), built or ".next")


def _exported(app: App) -> Serving:
    script = "build" if "next export" in app.manifest.scripts.get("build", "") else "export"
    output = option(app.manifest.scripts[script], "-o", "--outdir") or "out"
    return Serving("next export writes files", output=output, evidence=(app.manifest.evidence("scripts", script),))


def nuxt(app: App) -> Serving:
    """Nuxt 2 starts by its own command; Nuxt 3 builds a Nitro server, or files by `nuxt generate`."""
    old = re.match(r"[\^~>=v\s]*2\b", app.manifest.version("nuxt")) is not None
    path = source.config(app.view, "nuxt.config")
    static = source.find(app.view, path, r"""(?:preset|target)\s*:\s*["'`](static)["'`]""")
    if static or re.search(r"\bnux(?:t|i|t-ts) generate\b", app.manifest.scripts.get("build", "")):
        evidence = (static[1],) if static else (app.manifest.evidence("scripts", "build"),)
        return Serving("nuxt generate writes files", output="dist" if old else ".output/public", evidence=evidence)
    if old:
        return Serving("Nuxt 2 serves its build by nuxt start", ("nuxt", "start"), ".nuxt")
    return Serving("nuxt build writes a Nitro server", NITRO_SERVER, ".output")


def remix(app: App) -> Serving:
    """With Vite in build/server and build/client; `ssr: false` is the SPA mode."""
    path = source.config(app.view, "vite.config")
    if (ssr := source.flag(app.view, path, "ssr")) and not ssr[0]:
        return Serving(f"{path} turns rendering on the server off", (), "build/client", (ssr[1],), "index.html")
    built = "./build/server/index.js" if path else "./build/index.js"
    if not app.depends("@remix-run/serve"):
        return Serving(
            "no server is among the dependencies", output="build", missing="a start script, or @remix-run/serve"
        )
    return Serving("remix-serve serves the build", ("remix-serve", built), "build")


def react_router(app: App) -> Serving:
    """Framework mode: `ssr: false` in react-router.config writes files (reactrouter.com, SPA)."""
    path = source.config(app.view, "react-router.config")
    built = source.setting(app.view, path, "buildDirectory")
    folder = (built and source.folder(built[0])) or "build"
    if (ssr := source.flag(app.view, path, "ssr")) and not ssr[0]:
        return Serving(f"{path} turns rendering on the server off", (), f"{folder}/client", (ssr[1],), "index.html")
    if not app.depends("@react-router/serve"):
        return Serving(
            "no server is among the dependencies", output=folder, missing="a start script, or @react-router/serve"
        )
    return Serving("react-router-serve serves the build", ("react-router-serve", f"./{folder}/server/index.js"), folder)


def astro(app: App) -> Serving:
    """Files unless `output` or an adapter asks for a server (docs.astro.build, on-demand rendering)."""
    path = source.config(app.view, "astro.config")
    output = source.setting(app.view, path, "output")
    files = written(app, "dist", config=("astro.config",), key="outDir", flags=("--outDir",))
    adapter = source.find(app.view, path, r"""\badapter\s*:\s*(\w+)""")
    if output and output[0] == "static" and adapter is None:
        return files
    if app.depends("@astrojs/node") and (adapter or output):
        where = (adapter or output or ())[1:]
        return Serving(
            "@astrojs/node writes a server", ("node", f"{files.output}/server/entry.mjs"), files.output, where
        )
    if output and output[0] in ("server", "hybrid"):
        where = (output[1],)
        missing = "the adapter @astrojs/node: the one that is configured is for another host"
        return Serving("pages are rendered on a server", output=files.output, evidence=where, missing=missing)
    return files


def sveltekit(app: App) -> Serving:
    """As the adapter says (svelte.dev/docs/kit/adapters)."""
    path = source.config(app.view, "svelte.config", "vite.config")
    used = source.find(app.view, path, r"""(?:from|require\()\s*["'](@?[\w./-]*adapter-?[\w./-]*)["']""")
    adapter, evidence = (used[0], (used[1],)) if used else (app.depends(*ADAPTERS) or "", ())
    out = source.setting(app.view, path, "out")
    if adapter.endswith("adapter-static"):
        return _static_kit(app, path)
    if adapter.endswith("adapter-node"):
        folder = (out and source.folder(out[0])) or "build"
        return Serving("adapter-node writes a server", ("node", folder), folder, evidence)
    if adapter.endswith("adapter-bun"):
        return Serving("adapter-bun writes a server", ("bun", "./build/index.js"), "build", evidence)
    if adapter.endswith("adapter-auto") or not adapter:
        return Serving("adapter-auto chooses adapter-node for a container", ("node", "build"), "build", evidence)
    missing = f"@sveltejs/adapter-node: {adapter} builds for another host"
    return Serving(f"{adapter} writes no server for a container", output="build", evidence=evidence, missing=missing)


ADAPTERS = (
    "@sveltejs/adapter-node",
    "@sveltejs/adapter-static",
    "svelte-adapter-bun",
    "@sveltejs/adapter-auto",
    "@sveltejs/adapter-vercel",
    "@sveltejs/adapter-netlify",
    "@sveltejs/adapter-cloudflare",
)


def _static_kit(app: App, path: str | None) -> Serving:
    pages = source.setting(app.view, path, "pages")
    page = source.setting(app.view, path, "fallback")
    folder = (pages and source.folder(pages[0])) or "build"
    evidence = tuple(row[1] for row in (pages, page) if row)
    return Serving("adapter-static writes files", (), folder, evidence, page[0] if page else "")


def solid_start(app: App) -> Serving:
    """SolidStart 1 builds by Vinxi and Nitro; before, an adapter did."""
    path = source.config(app.view, "app.config", "vite.config")
    if source.find(app.view, path, r"""preset\s*:\s*["'`](static)["'`]"""):
        return Serving("its preset writes files", output=".output/public")
    if app.depends("solid-start-static"):
        return Serving("solid-start-static writes files", output="dist/public")
    if app.depends("@solidjs/start"):
        return Serving("the build is a Nitro server", NITRO_SERVER, ".output")
    return Serving("solid-start serves its build", ("solid-start", "start"), "dist")


def tanstack_start(app: App) -> Serving:
    """With Nitro (a plugin, or Vinxi before 1.121) a server; else a handler that srvx serves (TanStack, hosting)."""
    path = source.config(app.view, "vite.config", "app.config")
    spa = source.find(app.view, path, r"""\bspa\s*:\s*\{[^}]*enabled\s*:\s*(true)""")
    if spa:
        return Serving(f"{path} turns the SPA mode on", (), "dist/client", (spa[1],), "_shell.html")
    if app.depends("nitro", "nitropack", "vinxi", "@tanstack/nitro-v2-vite-plugin"):
        return Serving("the build is a Nitro server", NITRO_SERVER, ".output")
    argv = ("npx", "srvx", "--prod", "-s", "../client", "dist/server/server.js")
    return Serving("srvx serves the handler that the build writes", argv, "dist")


def angular(app: App) -> Serving:
    """As the build target of angular.json says: its builder, `outputPath` and `ssr`."""
    name, target = _angular_build(app)
    options = target.get("options")
    options = options if isinstance(options, dict) else {}
    path = options.get("outputPath")
    browser, server = "browser", "server"
    if isinstance(path, dict):
        browser, server = str(path.get("browser", browser)), str(path.get("server", server))
        path = path.get("base")
    base = (source.folder(path) if isinstance(path, str) else None) or f"dist/{name}"
    evidence = (app.view.evidence("angular.json"),) if app.view.has("angular.json") else ()
    whole = str(target.get("builder", "")).endswith((":application", ":build")) or not app.view.has("angular.json")
    if options.get("ssr") and options.get("outputMode") != "static":
        argv = ("node", f"{base}/{server}/server.mjs")
        return Serving("angular.json builds a server", argv, base, evidence)
    folder = f"{base}/{browser}".rstrip("/") if whole else base
    return Serving("ng build writes files", (), folder, evidence, "index.html")


def _angular_build(app: App) -> tuple[str, dict[str, Any]]:
    """The application that `ng build` builds, and its build target."""
    data = app.project.json("angular.json") or {}
    projects = data.get("projects")
    rows = {k: v for k, v in projects.items() if isinstance(v, dict)} if isinstance(projects, dict) else {}
    chosen = data.get("defaultProject")
    if chosen not in rows:
        chosen = next((name for name, row in rows.items() if row.get("projectType") != "library"), None)
    if chosen is None:
        return app.manifest.text("name") or "app", {}
    targets = rows[chosen].get("architect") or rows[chosen].get("targets")
    build = targets.get("build") if isinstance(targets, dict) else None
    return chosen, build if isinstance(build, dict) else {}


def expo(app: App) -> Serving:
    """The web export (docs.expo.dev, publishing websites); an application without react-native-web has none."""
    if not app.depends("react-native-web"):
        return Serving("it is for phones only", missing="react-native-web, for an application in the browser")
    expo_config = (app.project.json("app.json") or {}).get("expo")
    web = expo_config.get("web") if isinstance(expo_config, dict) else None
    output = web.get("output") if isinstance(web, dict) else None
    old = "export:web" in app.manifest.scripts.get("build", "")
    if output == "server":
        missing = "a start script with a server for the exported handlers"
        return Serving("app.json exports a server", output="dist", missing=missing)
    page = "" if output == "static" else "index.html"
    return Serving("expo export writes files", output="web-build" if old else "dist", fallback=page)


def qwik(app: App) -> Serving:
    """By the adapter: its entry is started by a script; the static one writes files."""
    for name in ("express", "fastify", "node-server"):
        if app.view.first(f"src/entry.{name}.tsx", f"src/entry.{name}.ts"):
            return Serving(f"the {name} adapter writes a server", ("node", f"server/entry.{name}.js"), "dist")
    return Serving("qwik build writes files", output="dist")
