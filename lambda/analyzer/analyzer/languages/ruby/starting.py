"""How a Ruby service starts when nobody wrote it down: an ordered table of servers, then scripts, then Rake."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.ruby import listening
from analyzer.languages.ruby.app import ENTRIES, App
from analyzer.languages.ruby.frameworks import Framework
from analyzer.model import Evidence, Start

EVERYWHERE = "0.0.0.0"  # noqa: S104 - a container listens on all its addresses


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is chosen by being in the Gemfile: its documented port, its command, its own configuration."""

    gem: str
    port: int
    argv: tuple[str, ...]
    configuration: str = ""
    """A file that is handed to it with -c where it is there."""


SERVERS = (
    Server("falcon", 9292, ("falcon", "serve", "--bind", f"http://{EVERYWHERE}:{{port}}")),
    Server("unicorn", 8080, ("unicorn", "-l", f"{EVERYWHERE}:{{port}}"), "config/unicorn.rb"),
    Server("thin", 3000, ("thin", "start", "-a", EVERYWHERE, "-p", "{port}")),
    Server("passenger", 3000, ("passenger", "start", "--address", EVERYWHERE, "-p", "{port}")),
    Server("iodine", 3000, ("iodine", "-b", EVERYWHERE, "-p", "{port}")),
)
SINATRA = re.compile(r"^\s*require\s*\(?[\"']sinatra[\"']|\brun!|\.run!|\bstart!")
SERVES = re.compile(
    r"\brun!|WEBrick::HTTPServer|TCPServer\.(?:new|open)|Rack::Handler|Rackup::Handler|Rack::Server|Puma::Server"
    r"|Async::HTTP|Agoo|HTTP::Server"
)
ENDLESS = re.compile(r"\bloop\s+do\b|\bwhile\s+true\b|Discordrb|Telegram::Bot|\.subscribe\(|EventMachine\.run")
DEFAULT_TASK = re.compile(r"^\s*task[\s(]*(?::default\b|default:)")
SINATRA_PORT = 4567
RACK_PORT = 9292
RAILS_PORT = 3000
NO_ENTRY = "a Procfile with a `web:` line, a config.ru, or an app.rb that starts it"


@dataclass(frozen=True, slots=True)
class _Way:
    """A start that was found, and how sure it is."""

    kind: str
    target: str | None
    argv: tuple[str, ...]
    sureness: float
    reason: str
    where: Evidence


def find(app: App, framework: Framework | None) -> None:
    """Adds start, kind, port and health path."""
    if framework and framework.name == "rails":
        _rails(app)
    elif framework and framework.site and _is_only_a_site(app, framework):
        _site(app, framework)
    elif app.project.view.has("config.ru"):
        _rack(app)
    else:
        _without_rack(app)


def _rails(app: App) -> None:
    view = app.project.view
    port = listening.port(app, RAILS_PORT, "Rails listens on 3000") or RAILS_PORT
    listening.health(app)
    program = ("bundle", "exec", "rails") if app.gem("rails", "railties") else ("bin/rails",)
    where = view.evidence(next((path for path in ("bin/rails", "config/application.rb") if view.has(path)), "Gemfile"))
    argv = (*program, "server", "-b", EVERYWHERE, "-p", str(port))
    _add(app, _Way("rails-server", None, argv, confidence.DEFAULT, "Rails applications start with rails server", where))
    _kind(app, "web", "a Rails application answers HTTP", where)


def _site(app: App, framework: Framework) -> None:
    from analyzer.languages.static import site as static_site

    site, findings = framework.site, app.project.findings
    if site is None:
        return
    reason = f"{framework.name} writes its pages there"
    findings.add("build_command", site.build, confidence.DEFAULT, f"{framework.name} builds so")
    findings.add("output_dir", _output(app, framework.name) or site.output, confidence.DEFAULT, reason)
    _kind(app, "static", f"{framework.name} generates files, which are served as they are")
    served = Start("static", None, " ".join(static_site.ARGV), static_site.ARGV)
    findings.add("start", served, confidence.DEFAULT, f"the files that {framework.name} writes are served")
    findings.add("port", static_site.PORT, confidence.DEFAULT, "the server of files listens on it")
    findings.add("health_path", "/", confidence.DEFAULT, "a site is served")


def _is_only_a_site(app: App, framework: Framework) -> bool:
    """A config.ru beside a site serves it; only Bridgetown's is there for development."""
    return framework.name == "bridgetown" or not app.project.view.has("config.ru")


def _output(app: App, framework: str) -> str | None:
    """The folder that a site's own configuration names."""
    if framework != "jekyll":
        return None
    configured = (app.project.yaml("_config.yml") or {}).get("destination")
    return configured.strip("./ ") or None if isinstance(configured, str) else None


def _rack(app: App) -> None:
    server = next((server for server in SERVERS if app.gem(server.gem)), None)
    default = server.port if server else RACK_PORT
    reason = f"{server.gem if server else 'a Rack server'} listens on {default}"
    port = listening.port(app, default, reason) or default
    listening.health(app)
    listening.loopback(app)
    where = app.project.view.evidence("config.ru", 1)
    _kind(app, "web", "config.ru is a Rack application, which answers HTTP", where)
    _add(app, _of_gemfile(app, server, port) if server else _puma_or_rackup(app, port, where))


def _of_gemfile(app: App, server: Server, port: int) -> _Way:
    where = app.gem(server.gem) or app.project.view.evidence("config.ru", 1)
    words = (*app.exec, *(word.format(port=port) for word in server.argv))
    configured = server.configuration if app.project.view.first(server.configuration) else ""
    argv = (*words, "-c", configured) if configured else words
    return _Way("other", None, argv, confidence.PROVEN, f"{server.gem} is the server in the Gemfile", where)


def _puma_or_rackup(app: App, port: int, where: Evidence) -> _Way:
    configured = app.project.view.first(*listening.PUMA_FILES)
    bind = ("-b", f"tcp://{EVERYWHERE}:{port}")
    if app.bundled("puma") and configured:
        says = app.project.view.find(configured, re.compile(r"^\s*(?:port|bind)\b"))
        argv = (*app.exec, "puma", "-C", configured, *(() if says else bind))
        evidence = app.project.view.evidence(configured, 1)
        return _Way("puma", None, argv, confidence.PROVEN, f"{configured} configures Puma", evidence)
    if app.bundled("puma") and not _has_rackup(app):
        return _Way("puma", None, (*app.exec, "puma", *bind), confidence.DEFAULT, "Puma is in the bundle", where)
    argv = (*app.exec, "rackup", "config.ru", "-o", EVERYWHERE, "-p", str(port))
    return _Way("rackup", None, argv, confidence.DEFAULT, "config.ru is what rackup starts", where)


def _has_rackup(app: App) -> bool:
    """Whether the bundle has the command: part of rack up to 2, a gem of its own since."""
    if app.bundled("rackup"):
        return True
    if app.lock:
        return "rack" in app.lock.gems and (app.lock.major("rack") or 3) < 3
    return (app.major("rack") or 3) < 3 or (app.major("sinatra") or 4) < 4


def _without_rack(app: App) -> None:
    if _function(app):
        return
    way = _script(app)
    if way is None and (gem := app.gem("karafka")):
        words = (*app.exec, "karafka", "server")
        way = _Way("other", None, words, confidence.DEFAULT, "Karafka's consumers start so", gem)
    if way:
        _add(app, way)
    elif _is_library(app):
        gemspec = next(path for path in app.project.view.top() if path.endswith(".gemspec"))
        where = app.project.view.evidence(gemspec, 1)
        _kind(app, "library", f"{gemspec} describes a gem, and nothing starts", where)
    elif task := app.project.view.find("Rakefile", DEFAULT_TASK):
        argv = (*app.exec, "rake")
        _add(app, _Way("other", None, argv, confidence.CONVENTION, "the Rakefile has a default task", task[1]))
        _kind(app, "command", "a Rake task runs and ends", task[1])
    else:
        app.project.findings.cannot_tell("start", NO_ENTRY)


def _function(app: App) -> bool:
    """Functions that a platform calls have nothing that starts."""
    gem = app.gem("functions_framework")
    handler = next(iter(app.project.view.match("api/*.rb")), None) if not app.scripts else None
    if gem is None and handler is None:
        return False
    where = gem or app.project.view.evidence(handler or "", 1)
    _kind(app, "function", f"{where.path} is for a platform that calls functions", where)
    app.project.findings.cannot_tell("start", NO_ENTRY)
    return True


def _is_library(app: App) -> bool:
    return any(path.endswith(".gemspec") for path in app.project.view.top())


def _script(app: App) -> _Way | None:
    """The script of the root that is started: one that serves, then one with a usual name, then the only one."""
    serving = [path for path in app.scripts if _serves(app, path)]
    usual = [path for path in app.scripts if path in ENTRIES]
    chosen = next(iter([*(path for path in usual if path in serving), *serving, *usual]), None)
    if chosen is None and len(app.scripts) == 1 and not _is_library(app):
        chosen = app.scripts[0]
    if chosen is None:
        _offer(app)
        return None
    where = app.project.view.evidence(chosen, 1)
    _describe(app, chosen, serving=chosen in serving)
    sure = (
        confidence.PROVEN if serving == [chosen] else confidence.DEFAULT if chosen in usual else confidence.CONVENTION
    )
    what = "listens" if chosen in serving else "is the script to run"
    return _Way("ruby-file", chosen, (*app.exec, "ruby", chosen), sure, f"{chosen} {what}", where)


def _serves(app: App, path: str) -> bool:
    return bool(app.project.view.find(path, SINATRA) or app.project.view.find(path, SERVES))


def _describe(app: App, script: str, *, serving: bool) -> None:
    where = app.project.view.evidence(script, 1)
    if serving:
        sinatra = app.project.view.find(script, SINATRA)
        listening.port(app, SINATRA_PORT if sinatra else None, "Sinatra listens on 4567")
        listening.health(app)
        listening.loopback(app)
        _kind(app, "web", f"{script} starts a server", where)
    elif found := app.project.view.find(script, ENDLESS):
        _kind(app, "worker", f"{script} runs without an end and listens on nothing", found[1])
    else:
        _kind(app, "command", f"{script} runs and ends", where)


def _offer(app: App) -> None:
    for path in app.scripts:
        start = _started("ruby-file", path, (*app.exec, "ruby", path))
        app.project.findings.add("start", start, confidence.HINT, f"{path} might be what is started")


def _add(app: App, way: _Way) -> None:
    start = _started(way.kind, way.target, way.argv)
    app.project.findings.add("start", start, way.sureness, way.reason, way.where)


def _started(kind: str, target: str | None, argv: tuple[str, ...]) -> Start:
    return Start(kind, target, " ".join(argv), argv)


def _kind(app: App, kind: str, reason: str, *where: Evidence) -> None:
    app.project.findings.add("kind", kind, confidence.DEFAULT, reason, *where)
