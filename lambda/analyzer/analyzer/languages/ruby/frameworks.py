"""Which framework a Ruby service is built on: an ordered table, the first that is there wins."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.ruby.app import App
from analyzer.model import Evidence


@dataclass(frozen=True, slots=True)
class Site:
    """How a generator of static sites builds."""

    build: str
    output: str
    files: tuple[str, ...]
    """One of these is there when the gem is what the tree is about, not what another gem drew in."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework, the gems that stand for it, and the pattern by which a source file uses it."""

    name: str
    gems: tuple[str, ...]
    uses: str = ""
    site: Site | None = None


RAILS = Framework("rails", ("rails", "railties"))
TABLE = (
    Framework("hanami", ("hanami",), r"Hanami\b"),
    Framework("padrino", ("padrino", "padrino-core"), r"Padrino\b"),
    Framework(
        "bridgetown",
        ("bridgetown",),
        site=Site("bundle exec bridgetown deploy", "output", ("bridgetown.config.yml", "config/initializers.rb")),
    ),
    Framework(
        "jekyll",
        ("jekyll", "github-pages"),
        site=Site("bundle exec jekyll build", "_site", ("_config.yml", "_config.yaml", "_config.toml")),
    ),
    Framework(
        "middleman",
        ("middleman", "middleman-core"),
        site=Site("bundle exec middleman build", "build", ("config.rb", "source/index.html.erb")),
    ),
    Framework(
        "nanoc", ("nanoc",), site=Site("bundle exec nanoc compile", "output", ("nanoc.yaml", "config.yaml", "Rules"))
    ),
    Framework("grape", ("grape",), r"Grape::API"),
    Framework("roda", ("roda",), r"<\s*Roda\b"),
    Framework("cuba", ("cuba",), r"\bCuba\."),
    Framework(
        "sinatra", ("sinatra", "sinatra-contrib"), r"require\s*\(?[\"']sinatra(?:/base)?[\"']|Sinatra::(?:Base|App)"
    ),
    Framework("rack", ("rack",), r"^\s*run\b"),
)


def find(app: App) -> Framework | None:
    """The framework, after its candidate was added."""
    return _rails(app) or _declared(app) or _used(app)


def _rails(app: App) -> Framework | None:
    if not app.is_rails:
        return None
    view = app.project.view
    if gem := app.gem(*RAILS.gems):
        return _found(app, RAILS, confidence.DECLARED, because=("the Gemfile has the gem rails", gem))
    if view.has("bin/rails"):
        where = view.evidence("bin/rails", 1)
        return _found(app, RAILS, confidence.PROVEN, because=("bin/rails is there, the command of Rails", where))
    defined = view.find("config/application.rb", re.compile("Rails::Application"))
    where = defined[1] if defined else view.evidence("config/application.rb")
    return _found(app, RAILS, confidence.PROVEN, because=("config/application.rb defines a Rails::Application", where))


def _declared(app: App) -> Framework | None:
    for framework in TABLE:
        gem = app.gem(*framework.gems)
        files = framework.site.files if framework.site else ("config.ru",) if framework.name == "rack" else ()
        if gem and (not files or app.project.view.first(*files)):
            reason = f"{gem.path} declares its gem"
            return _found(app, framework, confidence.DECLARED, because=(reason, gem))
    return None


def _used(app: App) -> Framework | None:
    """A framework that the source uses though no manifest declares it."""
    for path in ("config.ru", *app.scripts):
        for framework in TABLE:
            if not framework.uses or (framework.name == "rack" and path != "config.ru"):
                continue
            if where := app.project.view.find(path, re.compile(framework.uses)):
                return _found(app, framework, confidence.PROVEN, because=(f"{path} uses it", where[1]))
    return None


def _found(app: App, framework: Framework, sureness: float, *, because: tuple[str, Evidence]) -> Framework:
    reason, where = because
    app.project.findings.add("framework", framework.name, sureness, reason, where)
    return framework
