"""The table of frameworks of Node.js. A row is all that a new one needs: its packages, and how its build is served.

Packages are compared as whole names. The first row wins, so what is built on another framework comes before it; rows of
bundlers count only when nothing else serves.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.languages.node.app import App
from analyzer.languages.node.frameworks import full_stack, sites
from analyzer.languages.node.frameworks.row import Framework, server, site

FULL_STACK = (
    Framework("redwoodjs", ("@redwoodjs/core",), server("rw", "serve", output="web/dist"), 8910, ("rw", "build")),
    Framework("blitz", ("blitz",), server("blitz", "start"), 3000, ("blitz", "build")),
    Framework(
        "keystone",
        ("@keystone-6/core", "@keystone-next/keystone"),
        server("keystone", "start"),
        3000,
        ("keystone", "build"),
    ),
    Framework("waku", ("waku",), server("waku", "start"), 8080, ("waku", "build")),
    Framework("next", ("next",), full_stack.next_js, 3000, ("next", "build")),
    Framework("nuxt", ("nuxt", "nuxt3", "nuxt-edge", "nuxt-start"), full_stack.nuxt, 3000, ("nuxt", "build")),
    Framework("react-router", ("@react-router/dev",), full_stack.react_router, 3000, ("react-router", "build")),
    Framework("remix", ("@remix-run/dev", "@remix-run/react", "remix"), full_stack.remix, 3000, ("remix", "build")),
    Framework("hydrogen", ("@shopify/hydrogen",), site("dist/client"), 3000, ("shopify", "hydrogen", "build")),
    Framework("astro", ("astro",), full_stack.astro, 4321, ("astro", "build")),
    Framework("sveltekit", ("@sveltejs/kit",), full_stack.sveltekit, 3000, ("vite", "build")),
    Framework("solid-start", ("@solidjs/start", "solid-start"), full_stack.solid_start, 3000, ("vinxi", "build")),
    Framework(
        "tanstack-start",
        ("@tanstack/react-start", "@tanstack/solid-start", "@tanstack/start", "@tanstack/vue-start"),
        full_stack.tanstack_start,
        3000,
        ("vite", "build"),
    ),
    Framework("qwik", ("@builder.io/qwik-city", "@qwik.dev/router"), full_stack.qwik, 3000, ("qwik", "build")),
    Framework(
        "analog", ("@analogjs/platform",), server("node", "dist/analog/server/index.mjs", output="dist/analog"), 3000
    ),
    Framework(
        "sapper", ("sapper",), server("node", "__sapper__/build", output="__sapper__"), 3000, ("sapper", "build")
    ),
    Framework("expo", ("expo",), full_stack.expo, 8081, ("expo", "export", "--platform", "web")),
)
"""Frameworks that render pages, on a server or once."""

GENERATORS = (
    Framework("vitepress", ("vitepress",), sites.vitepress, 4173, ("vitepress", "build")),
    Framework("vuepress", ("vuepress", "@vuepress/core"), sites.vuepress, 8080, ("vuepress", "build")),
    Framework("docusaurus", ("@docusaurus/core",), site("build", flags=("--out-dir",)), 3000, ("docusaurus", "build")),
    Framework("docusaurus", ("docusaurus",), sites.docusaurus_1, 3000, ("docusaurus-build",)),
    Framework("gatsby", ("gatsby",), site("public"), 9000, ("gatsby", "build")),
    Framework(
        "gridsome",
        ("gridsome",),
        site("dist", config=("gridsome.config",), key="outputDir"),
        8080,
        ("gridsome", "build"),
    ),
    Framework("eleventy", ("@11ty/eleventy",), sites.eleventy, 8080, ("eleventy",)),
    Framework("hexo", ("hexo",), sites.hexo, 4000, ("hexo", "generate")),
    Framework(
        "rspress",
        ("rspress", "@rspress/core"),
        site("doc_build", config=("rspress.config",), key="outDir"),
        3000,
        ("rspress", "build"),
    ),
    Framework("vocs", ("vocs",), site("docs/dist"), 5173, ("vocs", "build")),
    Framework("slidev", ("@slidev/cli",), sites.slidev, 3030, ("slidev", "build")),
    Framework("saber", ("saber",), site("public"), 3000, ("saber", "build")),
    Framework("scully", ("@scullyio/init", "@scullyio/scully"), sites.scully, 1668, ("ng", "build")),
    Framework("sanity", ("sanity", "@sanity/base", "@sanity/cli"), site("dist"), 3333, ("sanity", "build")),
)
"""Generators of sites."""

CLIENTS = (
    Framework("ionic-angular", ("@ionic/angular",), full_stack.angular, 4200, ("ng", "build")),
    Framework("ionic-react", ("@ionic/react",), sites.ionic_react, 3000, bundler=True),
    Framework("angular", ("@angular/core", "@angular/cli"), full_stack.angular, 4000, ("ng", "build"), bundler=True),
    Framework("ember", ("ember-cli", "ember-source"), site("dist", flags=("--output-path",)), 4200, ("ember", "build")),
    Framework(
        "create-react-app",
        ("react-scripts", "react-app-rewired", "@craco/craco"),
        sites.create_react_app,
        3000,
        ("react-scripts", "build"),
        bundler=True,
    ),
    Framework(
        "vue-cli",
        ("@vue/cli-service",),
        site("dist", config=("vue.config",), key="outputDir", flags=("--dest",)),
        8080,
        ("vue-cli-service", "build"),
        bundler=True,
    ),
    Framework("umijs", ("umi", "@umijs/max"), sites.umi, 8000, ("umi", "build")),
    Framework("preact", ("preact-cli",), site("build", flags=("--dest",)), 8080, ("preact", "build")),
    Framework("stencil", ("@stencil/core",), site("www"), 3333, ("stencil", "build"), bundler=True),
    Framework("polymer", ("polymer-cli",), site("build/default"), 8081, ("polymer", "build")),
    Framework("dojo", ("@dojo/framework", "@dojo/cli"), site("output/dist"), 9999, ("dojo", "build")),
    Framework("brunch", ("brunch",), site("public"), 3333, ("brunch", "build", "--production")),
    Framework("ice", ("@ice/app", "ice.js"), site("build"), 3000, ("ice", "build")),
    Framework("vite", ("vite", "vite-plus", "rolldown-vite"), sites.vite, 4173, ("vite", "build"), bundler=True),
    Framework("parcel", ("parcel", "parcel-bundler"), sites.parcel, 1234, ("parcel", "build"), bundler=True),
    Framework(
        "rsbuild",
        ("@rsbuild/core",),
        site("dist", config=("rsbuild.config",), key="root"),
        3000,
        ("rsbuild", "build"),
        bundler=True,
    ),
    Framework("snowpack", ("snowpack",), site("build"), 8080, ("snowpack", "build"), bundler=True),
    Framework("svelte", ("svelte",), sites.svelte, 5000, bundler=True),
    Framework(
        "storybook",
        ("storybook", "@storybook/react", "@storybook/html", "@storybook/vue3"),
        site("storybook-static", flags=("-o", "--output-dir")),
        6006,
        ("storybook", "build"),
        bundler=True,
    ),
)
"""Frameworks of the browser and their bundlers: files."""

SERVERS = (
    Framework("nest", ("@nestjs/core",), server("node", "dist/main.js", output="dist"), 3000, ("nest", "build")),
    Framework(
        "adonis",
        ("@adonisjs/core",),
        server("node", "build/bin/server.js", output="build"),
        3333,
        ("node", "ace", "build"),
    ),
    Framework("strapi", ("@strapi/strapi", "strapi"), server("strapi", "start"), 1337, ("strapi", "build")),
    Framework("medusa", ("@medusajs/medusa",), server("medusa", "start"), 9000, ("medusa", "build")),
    Framework("payload", ("payload",)),
    Framework("directus", ("directus",), server("directus", "start"), 8055),
    Framework("n8n", ("n8n",), server("n8n", "start"), 5678),
    Framework("ghost", ("ghost",), None, 2368),
    Framework("sails", ("sails",), server("node", "app.js"), 1337),
    Framework("meteor", ("meteor-node-stubs",), files=(".meteor/release", ".meteor/packages")),
    Framework("feathers", ("@feathersjs/feathers", "@feathersjs/koa", "@feathersjs/express"), None, 3030),
    Framework("loopback", ("@loopback/core", "@loopback/rest", "loopback")),
    Framework("foal", ("@foal/core",), server("node", "build/index.js", output="build"), 3001),
    Framework("xmcp", ("xmcp",), server("node", "dist/http.js", output="dist"), 3001, ("xmcp", "build")),
    Framework(
        "nitro", ("nitropack", "nitro"), server(*full_stack.NITRO_SERVER, output=".output"), 3000, ("nitro", "build")
    ),
    Framework("elysia", ("elysia",)),
    Framework("hono", ("hono",)),
    Framework("fastify", ("fastify",)),
    Framework("koa", ("koa",)),
    Framework("hapi", ("@hapi/hapi", "hapi")),
    Framework("express", ("express",)),
    Framework("h3", ("h3",)),
    Framework("polka", ("polka",)),
    Framework("restify", ("restify",)),
    Framework("apollo", ("@apollo/server", "apollo-server"), None, 4000),
    Framework("graphql-yoga", ("graphql-yoga",), None, 4000),
    Framework("trpc", ("@trpc/server",)),
    Framework("probot", ("probot",), server("probot", "run", "./index.js")),
    Framework("slack-bolt", ("@slack/bolt",)),
    Framework("socket.io", ("socket.io",)),
    Framework("discord.js", ("discord.js", "eris", "oceanic.js"), kind="worker"),
    Framework("grammy", ("grammy",), kind="worker"),
    Framework("telegraf", ("telegraf", "node-telegram-bot-api"), kind="worker"),
)
"""Frameworks of servers; of the libraries among them only a dependency of production counts."""


def pages(app: App) -> Iterator[Framework]:
    """Frameworks of pages that the project depends on, in the table's order."""
    for row in (*FULL_STACK, *GENERATORS, *CLIENTS):
        if app.depends(*row.packages) and (not row.files or app.view.first(*row.files)):
            yield row


def servers(app: App) -> Iterator[Framework]:
    """Frameworks of servers that the project depends on, in the table's order."""
    for row in SERVERS:
        wanted = app.manifest.depends if row.serving else app.manifest.requires
        if (row.packages and wanted(*row.packages)) or (row.files and app.view.first(*row.files)):
            yield row
