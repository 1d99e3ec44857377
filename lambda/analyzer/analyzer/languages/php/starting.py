"""What of a PHP service is served, from which folder, and where that is not a site, what runs instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.php.composer import Composer, mapping
from analyzer.languages.php.frameworks import Framework
from analyzer.model import Evidence, Start
from analyzer.project import Project

ROOTS = ("public", "web", "webroot", "htdocs", "public_html", "www", "docroot", "html", "httpdocs", "pub", "src/public")
FRONTS = ("index.php", "app.php")
APACHE = ("apache2-foreground",)
PORT = 8080
HEROKU = re.compile(r"heroku-php-(?:apache2|nginx)\s+(?:-\w\s+\S+\s+)*([\w./-]+?)/?\s*$")
SERVERS = (
    ("hyperf/hyperf", "bin/hyperf.php", ("php", "bin/hyperf.php", "start"), 9501),
    ("hyperf/http-server", "bin/hyperf.php", ("php", "bin/hyperf.php", "start"), 9501),
    ("workerman/webman-framework", "start.php", ("php", "start.php", "start"), 8787),
)
"""Servers written in PHP: package, the file that starts them, the command, the default port."""
LOOPS = ("react/http", "amphp/http-server", "workerman/workerman", "openswoole/core", "clue/framework-x")
SCRIPTS = (
    "server.php",
    "main.php",
    "app.php",
    "bot.php",
    "worker.php",
    "run.php",
    "start.php",
    "cli.php",
    "bin/server.php",
)
LISTENS = re.compile(
    r"(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\]):(\d{2,5})\b|Server\(\s*[\"'][\w.:]+[\"']\s*,\s*(\d{2,5})"
)
LOOPBACK = re.compile(
    r"[\"'](?:\w+://)?(?:127\.0\.0\.1|localhost):\d+[\"']|Server\(\s*[\"'](?:127\.0\.0\.1|localhost)[\"']"
)
NAMES = r"(?:up|_?healthz?|health[-_]?check|healthcheck|livez?|readyz?|heartbeat|ping|status|alive)"
HEALTH = re.compile(
    rf"""\bhealth:\s*["'](/[\w/-]+)["']|(?:->|::)(?:get|any|map|match)\(\s*(?:\[[^\]]{{0,80}}\]\s*,\s*)?["'](/?{NAMES})["']"""
    rf"""|Route\(\s*(?:path:\s*)?["'](/{NAMES})["']"""
)
ROUTES = ("bootstrap/app.php", "routes/web.php", "public/index.php", "index.php", "web/index.php", "config/routes.php")
PACKAGES = frozenset({"library", "symfony-bundle", "composer-plugin", "phpstan-extension", "phpcodesniffer-standard"})
NOTHING = "a page such as public/index.php, or a Procfile with a `web:` line"


@dataclass(frozen=True, slots=True)
class Front:
    """The folder that is served and the page that answers what is no file."""

    root: str
    page: str | None
    reason: str
    evidence: tuple[Evidence, ...]


def find(project: Project, composer: Composer, framework: Framework | None) -> None:
    """Adds start, kind, port and health path, and the document root for the recipe."""
    if _function(project, composer) or _server(project, composer):
        return
    front = _front(project, composer, framework)
    if front:
        _site(project, front)
    elif _package(project, composer):
        where = project.view.evidence("composer.json", 1)
        reason = "composer.json describes a package, and nothing is served"
        project.findings.add("kind", "library", confidence.DEFAULT, reason, where)
    else:
        _script(project)


def _function(project: Project, composer: Composer) -> bool:
    package = composer.requires("google/cloud-functions-framework", "bref/bref")
    if package is None:
        return False
    where = composer.evidence(package)
    project.findings.add("kind", "function", confidence.DEFAULT, f"{package} calls functions of it", where)
    project.findings.cannot_tell("start", "a Procfile with a `web:` line, for it is written as a function")
    return True


def _server(project: Project, composer: Composer) -> bool:
    """A program that is its own server, without a web server in front of it."""
    for package, file, argv, port in SERVERS:
        if composer.requires(package) and project.view.has(file):
            _listens(project, file, port)
            _program(project, file, argv, f"{package} listens by itself")
            return True
    loop = composer.requires(*LOOPS)
    script = project.view.first(*SCRIPTS, "public/index.php", "index.php") if loop else None
    if script is None:
        return False
    _listens(project, script, None)
    _program(project, script, ("php", script), f"{loop} listens by itself")
    return True


def _listens(project: Project, file: str, default: int | None) -> None:
    findings = project.findings
    if found := project.view.find(file, LISTENS):
        port = int(found[0][1] or found[0][2])
        findings.add("port", port, confidence.PROVEN, f"{file} listens on {port}", found[1])
    elif default:
        findings.add("port", default, confidence.DEFAULT, "the default of its server")
    else:
        findings.cannot_tell("port", "the port that it listens on: set `port` in .slipway.toml")
    if found := project.view.find(file, LOOPBACK):
        findings.warn(
            "binds_loopback",
            f"{file} listens on the loopback address, where nothing outside the container reaches it",
            found[1],
            remedy="listen on 0.0.0.0",
        )


def _program(project: Project, file: str, argv: tuple[str, ...], reason: str) -> None:
    where = project.view.evidence(file, 1)
    start = Start("other", file, " ".join(argv), argv)
    project.findings.add("start", start, confidence.DEFAULT, reason, where)
    project.findings.add("kind", "web", confidence.DEFAULT, reason, where)


def _site(project: Project, front: Front) -> None:
    findings = project.findings
    start = Start("php-server", None, " ".join(APACHE), APACHE)
    reason = f"{front.reason}, which a web server answers"
    findings.add("start", start, confidence.DEFAULT, reason, *front.evidence)
    findings.add("kind", "web", confidence.DEFAULT, reason, *front.evidence)
    findings.add("port", PORT, confidence.DEFAULT, "the web server of the image listens there, being unprivileged")
    findings.details |= {"document_root": front.root, "front": front.page}
    _health(project, front)


def _health(project: Project, front: Front) -> None:
    controllers = list(project.view.match("src/Controller/*.php", "app/Http/Controllers/*.php"))[:40]
    for path in (*ROUTES, *controllers):
        if found := project.view.find(path, HEALTH):
            route = "/" + next(group for group in found[0].groups() if group).lstrip("/")
            project.findings.add("health_path", route, confidence.PROVEN, f"{path} routes it", found[1])
            return
    if front.page:
        reason = f"{front.page} answers it, and nothing is meant for health checks"
        project.findings.add("health_path", "/", confidence.CONVENTION, reason, *front.evidence)


def _front(project: Project, composer: Composer, framework: Framework | None) -> Front | None:
    """The front controller: what a file says, what the framework has, what is usual."""
    return _configured(project, composer) or _of_framework(project, framework) or _usual(project)


def _configured(project: Project, composer: Composer) -> Front | None:
    runtime = mapping((project.yaml("app.yaml") or {}).get("runtime_config")) if project.view.has("app.yaml") else {}
    procfile = project.view.find("Procfile", HEROKU)
    scaffold = composer.config("extra", "drupal-scaffold", "locations", "web-root")
    rows = (
        (runtime.get("document_root"), runtime.get("front_controller_file"), "app.yaml"),
        (procfile[0][1] if procfile else None, None, "Procfile"),
        (scaffold, None, "composer.json"),
        (composer.config("extra", "public-dir"), None, "composer.json"),
    )
    for folder, page, path in rows:
        if not isinstance(folder, str) or not _is_folder(project, _tidy(folder)):
            continue
        pages = (page, *FRONTS) if isinstance(page, str) else FRONTS
        where = project.view.evidence(path, 1)
        return Front(_tidy(folder), _page(project, _tidy(folder), *pages), f"{path} names the folder", (where,))
    return None


def _of_framework(project: Project, framework: Framework | None) -> Front | None:
    if framework is None:
        return None
    for root in dict.fromkeys((framework.root, *ROOTS, ".")):
        if page := _page(project, root, *FRONTS):
            where = project.view.evidence(_join(root, page), 1)
            return Front(root, page, f"{_join(root, page)} is the front controller of {framework.name}", (where,))
    if framework.name in ("wordpress", "drupal") or not project.view.has_folder(framework.root):
        return None
    return Front(framework.root, "index.php", f"{framework.name} serves {framework.root}", ())


def _usual(project: Project) -> Front | None:
    for root in (".", *ROOTS):
        if page := _page(project, root, "index.php"):
            forwards = root == "." and project.view.find(
                page, re.compile(r"(?:require|include)(?:_once)?\b.{0,120}/public/index\.php")
            )
            if forwards:
                continue
            where = project.view.evidence(_join(root, page), 1)
            return Front(root, page, f"{_join(root, page)} is a page", (where,))
    return _pages(project)


def _pages(project: Project) -> Front | None:
    """Pages without an index of PHP: beside one of HTML, or several that are no usual script."""
    pages = [path for path in project.view.top() if path.endswith(".php")]
    index = project.view.first("index.html", "index.htm")
    if not pages or (not index and (len(pages) == 1 or project.view.first(*SCRIPTS, "composer.json"))):
        return None
    where = project.view.evidence(pages[0], 1)
    return Front(".", None, f"{pages[0]} is a page", (where,))


def _script(project: Project) -> None:
    """A page that is not called index, or a script without a server."""
    pages = [path for path in project.view.top() if path.endswith(".php")]
    chosen = project.view.first(*SCRIPTS) or (pages[0] if len(pages) == 1 else None)
    if chosen is None:
        project.findings.cannot_tell("start", NOTHING)
        return
    where = project.view.evidence(chosen, 1)
    argv = ("php", chosen)
    start = Start("other", chosen, " ".join(argv), argv)
    project.findings.add("start", start, confidence.CONVENTION, f"{chosen} is the script to run", where)
    project.findings.add("kind", "command", confidence.CONVENTION, f"{chosen} runs and ends", where)


def _package(project: Project, composer: Composer) -> bool:
    kind = composer.manifest.get("type", "library")
    autoloads = mapping(composer.manifest.get("autoload"))
    usual = isinstance(kind, str) and (kind in PACKAGES or kind.endswith(("-plugin", "-theme", "-module", "-bundle")))
    return composer.there and usual and bool(autoloads) and not project.view.first(*SCRIPTS)


def _page(project: Project, root: str, *names: str) -> str | None:
    return next((name for name in names if project.view.has(_join(root, name))), None)


def _join(root: str, name: str) -> str:
    return name if root == "." else f"{root}/{name}"


def _tidy(folder: str) -> str:
    return folder.strip().removeprefix("./").strip("/") or "."


def _is_folder(project: Project, folder: str) -> bool:
    return folder == "." or (".." not in folder and project.view.has_folder(folder))
