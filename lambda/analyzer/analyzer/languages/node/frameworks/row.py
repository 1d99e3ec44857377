"""A row of the table of frameworks, and what a framework makes of a project once it is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analyzer.languages.node import source
from analyzer.languages.node.app import App
from analyzer.model import Evidence
from analyzer.start_command import shell

ROUTERS = (
    "react-router-dom",
    "react-router",
    "@tanstack/react-router",
    "@tanstack/router",
    "wouter",
    "@reach/router",
    "vue-router",
    "@angular/router",
    "@solidjs/router",
    "solid-app-router",
    "preact-router",
    "preact-iso",
    "svelte-routing",
    "@roxi/routify",
    "@sveltech/routify",
    "page",
    "navaid",
    "universal-router",
    "@vaadin/router",
    "expo-router",
    "@ionic/react-router",
    "ember-source",
)
"""Packages that route in the browser: paths without a file are then index.html's."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How the result of a build is served: by a server of its own, or as files."""

    reason: str
    """A sentence without full stop."""
    start: tuple[str, ...] = ()
    """The server; () when it is files."""
    output: str | None = None
    """What the build writes."""
    evidence: tuple[Evidence, ...] = ()
    fallback: str = ""
    """The page for paths without a file; "" for an answer of 404."""
    missing: str = ""
    """Why it cannot be served as it is: what to add."""

    @property
    def static(self) -> bool:
        """Whether files are all that there is."""
        return not self.start and not self.missing


@dataclass(frozen=True, slots=True)
class Framework:
    """How a framework is recognised, built and served."""

    name: str
    packages: tuple[str, ...]
    serving: Callable[[App], Serving] | None = None
    """None for a library of servers: the application starts itself."""
    port: int = 3000
    """Where its server listens by default."""
    build: tuple[str, ...] = ()
    """What builds it when no script does."""
    files: tuple[str, ...] = ()
    """Files, one of which must be there."""
    bundler: bool = False
    """Whether it may only bundle the pages of a server that is started otherwise."""
    kind: str = "web"


def site(
    output: str, *, config: tuple[str, ...] = (), key: str = "", flags: tuple[str, ...] = ()
) -> Callable[[App], Serving]:
    """A framework that writes files: to this folder, unless a script's option or a key of a configuration differs."""

    def serving(app: App) -> Serving:
        return written(app, output, config=config, key=key, flags=flags)

    return serving


def written(
    app: App, output: str, *, config: tuple[str, ...] = (), key: str = "", flags: tuple[str, ...] = ()
) -> Serving:
    """Files in the folder that the build script, else the configuration, else the framework says."""
    fallback = "index.html" if app.depends(*ROUTERS) else ""
    if text := option(app.manifest.scripts.get("build", ""), *flags):
        where = (app.manifest.evidence("scripts", "build"),)
        return Serving(f"the build script writes to {text}", output=text, evidence=where, fallback=fallback)
    path = source.config(app.view, *config) if config else None
    found = source.setting(app.view, path, key) if key else None
    if found and (inside := source.folder(found[0])):
        return Serving(f"{path} sets {key}", output=inside, evidence=(found[1],), fallback=fallback)
    return Serving(f"the build writes to {output}", output=output, fallback=fallback)


def server(*argv: str, output: str | None = None) -> Callable[[App], Serving]:
    """A framework whose build is started by this command."""
    return lambda _: Serving(f"a build is started by {' '.join(argv)}", start=argv, output=output)


def option(script: str, *names: str) -> str | None:
    """The folder that an option of a script names, as `--outDir build` or `--outDir=build`."""
    for part in shell.line(script).parts:
        words = part.words
        for index, word in enumerate(words):
            name, equals, value = word.partition("=")
            if name in names:
                return source.folder(value if equals else (words[index + 1] if index + 1 < len(words) else ""))
    return None
