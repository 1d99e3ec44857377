"""Decides how a project is served: by its start script, its framework's server, as files, or by a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from analyzer import confidence
from analyzer.languages.node import entry, frameworks
from analyzer.languages.node.app import App
from analyzer.languages.node.frameworks import sites
from analyzer.languages.node.frameworks.row import Framework, Serving
from analyzer.languages.node.managers import Manager
from analyzer.languages.node.scripts import Command, develops, serves_files, watches, without_watching
from analyzer.languages.node.source import folder
from analyzer.languages.static import staticfile
from analyzer.model import Candidate, Start
from analyzer.start_command import parse

PRODUCTION = ("start", "start:prod", "start:production", "start-prod", "production", "prod", "serve:prod")
WITHOUT_START = ("serve", "server", "web", "run")
"""Scripts that start an application which has none of the usual names."""
OWN = frozenset(
    (
        "next",
        "nuxt",
        "nuxi",
        "astro",
        "remix-serve",
        "react-router-serve",
        "gatsby",
        "vite",
        "solid-start",
        "svelte-kit",
    )
)
"""Servers of frameworks, of no use where the build is files."""
STATIC = Start("static", None, "nginx", ("nginx", "-e", "stderr"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found about how a project is served."""

    framework: Framework | None = None
    serving: Serving | None = None
    start: Candidate | None = None
    entry: str | None = None
    """The file that starts, as far as it is known: the first to look into for a port."""
    script: Command | None = None
    missing: str = ""

    @property
    def static(self) -> bool:
        """Whether files are served."""
        return bool(self.start and self.start.value.kind == "static")


def decide(app: App, manager: Manager | None, version: str | None) -> Outcome:
    """How the project is served, and the framework that is behind it."""
    page = next(frameworks.pages(app), None)
    row = next(frameworks.servers(app), None)
    serving = page.serving(app) if page and page.serving else None
    if name := _script(app, serving):
        framework = row if row and (page is None or page.bundler) else page
        return _by_script(app, name, manager, Outcome(framework, serving))
    if serving and page and not (page.bundler and row and row.kind == "web" and _served_by_source(app)):
        return _built(app, page, serving)
    return _by_source(app, row, manager, version)


def _script(app: App, serving: Serving | None) -> str | None:
    """The script that serves in production."""
    known = [name for name in PRODUCTION if app.script(name)]
    if "start" not in app.manifest.scripts:
        known += [name for name in WITHOUT_START if app.script(name)]
    return next((name for name in known if _serves(app.command(name), serving)), None)


def _serves(found: Command, serving: Serving | None) -> bool:
    if not found.text or serves_files(found):
        return False
    if serving and serving.static and found.program in OWN:
        return False
    if found.program in ("nuxi", "astro") and found.verb == "preview":
        return False
    return watches(found) or not develops(found)


def _by_script(app: App, name: str, manager: Manager | None, outcome: Outcome) -> Outcome:
    found = app.command(name)
    command = manager.run(name) if manager else f"npm run {name}"
    start = Start("package-script", name, command, _argv(app, name, found, outcome.serving) or tuple(command.split()))
    reason = f"the script {name} of {app.manifest.path} starts it"
    candidate = Candidate(start, confidence.DECLARED, reason, (app.manifest.evidence("scripts", name),))
    file = next((word for word in found.arguments if re.search(r"\.[cm]?[jt]sx?$", word)), None)
    return replace(outcome, start=candidate, script=found, entry=file and file.removeprefix("./"))


def _argv(app: App, name: str, found: Command, serving: Serving | None) -> tuple[str, ...]:
    """The script's command where it needs no package manager: signals then reach the server. () where it needs one."""
    if serving and serving.output and serving.output.endswith("/standalone") and found.program == "next":
        return ("node", "server.js")
    if found.program == "nest" and found.verb == "start":
        return app.command("start:prod").words or ("node", "dist/main")
    if watches(found):
        return without_watching(found.words)
    if not found.alone:
        return ()
    return direct(app.manifest.scripts[name])


def direct(script: str) -> tuple[str, ...]:
    """How a script of one command runs without a package manager: node_modules/.bin is on PATH."""
    text = re.sub(r"^(?:npx (?:--no-install |--yes |-y )?)?cross-env(?:-shell)? ", "", script)
    text = re.sub(r"^(?:npx (?:--no-install )?)(?=[\w@])", "", text)
    text = re.sub(r"^((?:\w+=\S+ )*)NODE_ENV=[\"']?production[\"']? ", r"\1", text)
    text = re.sub(r"^pm2 start ", "pm2-runtime start ", text)
    return parse(text).argv


def _built(app: App, page: Framework, serving: Serving) -> Outcome:
    if serving.missing:
        return Outcome(page, serving, missing=serving.missing)
    if app.view.has(staticfile.NAME):
        serving = _of_staticfile(app, serving)
    if serving.static and page.bundler and _is_published(app):
        return Outcome(page, serving, missing="a start script, or an index.html: what is built is a library")
    if serving.static:
        aside = "; the start script serves developers only" if app.script("start") else ""
        return Outcome(page, serving, Candidate(STATIC, confidence.PROVEN, _files(serving) + aside, serving.evidence))
    return Outcome(
        page, serving, Candidate(started(serving.start), confidence.DEFAULT, serving.reason, serving.evidence)
    )


def _of_staticfile(app: App, serving: Serving) -> Serving:
    """A Staticfile says that files are served: which ones, and by which page unknown paths are answered."""
    output = staticfile.root(app.project) or serving.output
    where = (app.view.evidence(staticfile.NAME),)
    return Serving("there is a Staticfile", (), output, where, staticfile.fallback(app.project) or serving.fallback)


def _is_published(app: App) -> bool:
    """Whether others import it: no page, but fields that a registry or an importer reads."""
    data = app.manifest.data
    published = any(key in data for key in ("exports", "main", "module", "files", "publishConfig", "peerDependencies"))
    return published and not any(path.endswith("index.html") for path in app.view.paths)


def _files(serving: Serving) -> str:
    return f"{serving.reason}: {serving.output} is served as files"


def started(argv: tuple[str, ...]) -> Start:
    """The start of a server that a framework builds."""
    own = argv[0] not in ("node", "bun", "npx")
    command = " ".join(("npx", *argv) if own else argv)
    kind, target = ("node-file", argv[1]) if argv[0] in ("node", "bun") else ("other", None)
    return Start(kind, target, command, argv[1:] if argv[0] == "npx" else argv)


def _served_by_source(app: App) -> bool:
    """Whether there is a file that starts a server beside the pages."""
    found = entry.find(app)
    return found is not None and not (found.file.startswith("src/") or found.file.endswith("main.ts"))


def _by_source(app: App, row: Framework | None, manager: Manager | None, version: str | None) -> Outcome:
    serving = row.serving(app) if row and row.serving else None
    found = entry.find(app)
    if serving and serving.start and (found is None or app.script("build")):
        return Outcome(row, serving, Candidate(started(serving.start), confidence.DEFAULT, serving.reason))
    if page := _pages(app, found):
        return Outcome(row, page, Candidate(STATIC, confidence.DEFAULT, _files(page), page.evidence))
    if found is None:
        return Outcome(row, missing=f'a start script in {app.manifest.path}, such as "start": "node server.js"')
    start = entry.start(app, found, manager, version)
    return Outcome(row, None, Candidate(start, found.confidence, found.reason, found.evidence), entry=found.file)


def _pages(app: App, found: entry.Entry | None) -> Serving | None:
    """Pages without a framework: what a script serves or a bundler writes, or an index.html as it is."""
    script = next((name for name in (*PRODUCTION, *WITHOUT_START, "dev") if app.script(name)), None)
    command = app.command(script) if script else None
    if command and serves_files(command):
        return _served_folder(app, script or "", command)
    html = app.view.first("index.html", "public/index.html", "src/index.html", "dist/index.html", "app/index.html")
    if html is None or (found and found.confidence > confidence.CONVENTION):
        return None
    if app.script("build") and not app.manifest.requires("express"):
        return sites.bundled(app)
    if found and not found.file.startswith("src/"):
        return None
    inside = html.rpartition("/")[0] or "."
    return Serving(f"there is {html} and no server", output=inside, evidence=(app.view.evidence(html),))


def _served_folder(app: App, script: str, command: Command) -> Serving:
    """The folder that a server of files is told; with `-s` unknown paths are index.html's."""
    operands = (folder(word) for word in command.arguments if not word.startswith("-") and not word.isdigit())
    output = next((found for found in operands if found), None)
    evidence = (app.manifest.evidence("scripts", script),)
    page = "index.html" if {"-s", "--single", "--spa"} & set(command.words) else ""
    default = "public" if app.view.has("public/index.html") else "."
    built = sites.bundled(app).output if app.script("build") and not output and not app.view.has("index.html") else None
    return Serving(f"the script {script} serves files", (), output or built or default, evidence, page)
