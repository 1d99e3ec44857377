"""Ruby: Rails, Sinatra and other Rack applications, plain scripts, gems, and generators of static sites."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import confidence
from analyzer.languages.ruby import app as reading
from analyzer.languages.ruby import building, frameworks, gemfile, packages, processes, starting
from analyzer.languages.ruby.app import ENTRIES, NOT_ENTRIES
from analyzer.model import Candidate, Service
from analyzer.project import Project
from analyzer.render.recipe import Recipe

NAME = "ruby"
JEKYLL = ("_posts", "_layouts", "_includes", "_pages", "_data")
"""Folders of a site of Jekyll; a `_config.yml` alone also styles the front page of any repository on GitHub."""
TOOLING = frozenset(
    {"fastlane", "cocoapods", "danger", "rubocop", "rake", "overcommit", "html-proofer", "mdl", "xcpretty", "dotenv"}
)
"""Gems that develop something else; a Gemfile of nothing but these does not make an application of Ruby."""
SOURCES = (
    "config.ru",
    "bin/rails",
    "config/application.rb",
    "config/environment.rb",
    "bridgetown.config.yml",
    "nanoc.yaml",
)


def detect(project: Project) -> Candidate | None:
    """A manifest beside Ruby source is certain; a manifest of tools or a lone file is not."""
    view = project.view
    manifest = gemfile.manifest_of(view) or next(iter(gemfile.gemspecs(view)), None)
    source = view.first(*SOURCES) or next(_top_scripts(project), None) or _page(project)
    if manifest:
        return _manifested(project, manifest, source)
    if found := view.first("config.ru", *ENTRIES) or next(view.match("api/*.rb"), None):
        sure = confidence.PROVEN if found == "config.ru" else confidence.CONVENTION
        return Candidate(NAME, sure, f"{found} is there", (view.evidence(found, 1),))
    scripts = [path for path in _top_scripts(project) if path not in NOT_ENTRIES]
    if len(scripts) == 1:
        where = view.evidence(scripts[0], 1)
        return Candidate(NAME, confidence.CONVENTION, f"{scripts[0]} is the only script", (where,))
    return None


def _manifested(project: Project, manifest: str, source: str | None) -> Candidate:
    view = project.view
    where = view.evidence(manifest, 1)
    if source:
        return Candidate(
            NAME, confidence.DECLARED, f"{manifest} and {source} are there", (where, view.evidence(source))
        )
    declared = gemfile.read(view)
    gems = {gem.name for gem in declared.gems.values() if gem.production} if declared else set()
    if manifest.endswith(".gemspec") or gems - TOOLING or next(view.match("lib/**/*.rb", "app/**/*.rb"), None):
        return Candidate(NAME, confidence.PROVEN, f"{manifest} is there", (where,))
    tasks = "rake" in gems and view.has("Rakefile")
    sure = confidence.CONVENTION if tasks or not gems else confidence.HINT
    return Candidate(NAME, sure, f"{manifest} is there, but no Ruby source beside it", (where,))


def _top_scripts(project: Project) -> Iterator[str]:
    return (path for path in project.view.top() if path.endswith(".rb") and path != "gems.rb")


def _page(project: Project) -> str | None:
    """The configuration of a site of Jekyll that has pages."""
    site = any(project.view.has_folder(folder) for folder in JEKYLL) or next(project.view.match("index.*"), None)
    return project.view.first("_config.yml") if site else None


def analyze(project: Project) -> None:
    """Reads the bundle, then what is started with it."""
    app = reading.of(project)
    building.bundle(app)
    building.version(app)
    framework = frameworks.find(app)
    starting.find(app, framework)
    processes.add(app)
    packages.add(app)
    building.check(app)
    building.assets(app)


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None without a start or for another Ruby than MRI."""
    from analyzer.languages.ruby import image

    return image.recipe(service)
