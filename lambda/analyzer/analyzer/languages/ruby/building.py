"""What building a Ruby service takes: its bundle, its version of Ruby, its assets."""

from __future__ import annotations

import re

from analyzer import confidence, versions
from analyzer.findings import Findings
from analyzer.languages import assets as front_end
from analyzer.languages.ruby import gemfile
from analyzer.languages.ruby.app import App
from analyzer.project import Project

PIPELINES = ("propshaft", "sprockets-rails", "vite_rails", "vite_ruby", "webpacker", "shakapacker", "jsbundling-rails")
SOURCES = ("app/assets", "app/javascript", "app/frontend", "app/packs")
PRECOMPILED = (
    "public/assets/.manifest.json",
    "public/assets/.sprockets-manifest-*.json",
    "public/assets/manifest-*.json",
)
VERSION = re.compile(r"[\d\s.,<>=~!x*a-z-]*\d[\d\s.,<>=~!x*a-z-]*")
LOCAL_PIN = (".ruby-version", ".tool-versions", "mise.toml")
WRITABLE = ("log", "storage", "tmp")
"""Folders of Rails that are written at run time."""
DUMMY_SECRET = (7, 1)
"""The Rails that knows SECRET_KEY_BASE_DUMMY: https://github.com/rails/rails/pull/46760."""


def bundle(app: App) -> None:
    """The package manager, the files it needs, and what is wrong with the lock."""
    if app.declared is None:
        return
    view, findings, declared = app.project.view, app.project.findings, app.declared
    where = view.evidence(app.lock.path if app.lock else declared.path, 1)
    findings.add("package_manager", "bundler", confidence.DECLARED, f"{where.path} is Bundler's", where)
    pins = [path for path in (declared.ruby_file, *LOCAL_PIN) if path and view.has(path)]
    files = [declared.path, *([app.lock.path] if app.lock else []), *declared.files, *pins]
    findings.details |= {
        "manifest": declared.path,
        "lock": app.lock.path if app.lock else None,
        "bundle_files": list(dict.fromkeys(files)),
        "bundle_folders": _folders(app),
        "gemspec": declared.gemspec,
        "bootsnap": [f"{name}/" for name in ("app", "lib") if app.gem("bootsnap") and view.has_folder(name)],
        "rails": app.is_rails,
        "writable": list(WRITABLE) if app.is_rails else [],
    }
    if app.is_rails and app.gem("sqlite3") and view.has_folder("db"):
        findings.details["writable"].append("db")


def _folders(app: App) -> list[str]:
    """Folders that Bundler reads gems from: gems of the tree itself, and gems that were vendored."""
    view = app.project.view
    paths = app.declared.paths() if app.declared else ()
    found = [path for path in (*paths, "vendor/cache") if path not in ("", ".") and view.has_folder(path)]
    return sorted(dict.fromkeys(found))


def check(app: App) -> None:
    """Warn of what keeps the bundle from being installed alike everywhere; a library leaves its lock out on purpose."""
    view, findings = app.project.view, app.project.findings
    if app.declared is None or findings.value("kind") == "library":
        return
    for gem in app.declared.outside():
        findings.warn(
            "outside_of_service",
            f"{app.declared.path} takes {gem.name} from outside of the service's folder, where no image build sees it",
            gem.evidence,
            remedy="move it below the service, or publish it as a gem",
        )
    if app.lock is None:
        manifest = app.declared.path
        findings.warn(
            "no_lock_file",
            f"{manifest} has no lock file, so that every build may get other versions",
            view.evidence(manifest),
            remedy="run `bundle lock` and commit the lock file",
        )
    elif app.lock.platforms and not any(name == "ruby" or "linux" in name for name in app.lock.platforms):
        findings.warn(
            "lock_without_linux",
            f"{app.lock.path} is only for {', '.join(app.lock.platforms)}, so that Bundler refuses to install on Linux",
            view.evidence(app.lock.path),
            remedy="run `bundle lock --add-platform x86_64-linux aarch64-linux`",
        )


def version(app: App) -> None:
    """The version of Ruby: Bundler refuses another than the manifest's; what the lock notes is only what was used."""
    pins = _pins(app)
    lock = app.lock
    if lock and lock.ruby and lock.ruby_evidence and not _pinned_beside(app.project):
        reason = f"{lock.path} was made with it"
        pins.append(versions.Pin(lock.ruby, "exact", reason, (lock.ruby_evidence,), confidence.PROVEN))
    versions.decide(app.project, "ruby", pins)


def _pins(app: App) -> list[versions.Pin]:
    declared = app.declared.ruby if app.declared else None
    if declared and declared.engine != "ruby":
        app.project.findings.details["engine"] = declared.engine
        app.project.findings.warn(
            "other_ruby",
            f"it runs on {declared.engine}, for which no image is written",
            declared.evidence,
            remedy="add a Dockerfile",
        )
    if declared and VERSION.fullmatch(declared.text):
        scheme = "exact" if declared.text[0].isdigit() and "," not in declared.text else "gem"
        return [versions.Pin(declared.text, scheme, f"{declared.evidence.path} requires it", (declared.evidence,))]
    if app.declared is None or app.declared.gemspec:
        for path in gemfile.gemspecs(app.project.view):
            if required := gemfile.required_ruby(app.project.view, path):
                return [versions.Pin(required.text, "gem", f"{path} requires it", (required.evidence,))]
    return []


def _pinned_beside(project: Project) -> bool:
    """Whether another file than Bundler's pins Ruby."""
    apart = Project(project.whole, project.root, Findings())
    versions.decide(apart, "ruby")
    best = apart.findings.best("runtime_version")
    return best is not None and best.confidence >= confidence.DECLARED


def assets(app: App) -> None:
    """What compiles the pages' scripts and styles before the image is done."""
    project = app.project
    site = project.findings.value("kind") == "static"
    pipeline = next((gem for gem in PIPELINES if app.bundled(gem)), None) if app.is_rails else None
    found = next((folder for folder in SOURCES if project.view.has_folder(folder)), None)
    precompile = bool(pipeline and found) and next(project.view.match(*PRECOMPILED), None) is None
    node = front_end.read(project) if app.declared and (precompile or site or not app.is_rails) else None
    project.findings.details |= {"precompile": precompile, "assets": node, "dummy_secret": _dummy_secret(app)}
    if precompile:
        reason = f"{pipeline} compiles what is in {found}"
        project.findings.add("build_command", "bundle exec rails assets:precompile", confidence.DEFAULT, reason)
        if node is None and any(app.bundled(gem) for gem in ("execjs", "terser", "uglifier", "coffee-rails")):
            project.findings.build_packages.add("nodejs")
    elif node and node["build"] and not site:
        where = project.view.evidence("package.json", 1)
        project.findings.add("build_command", node["build"], confidence.PROVEN, "package.json has the script", where)


def _dummy_secret(app: App) -> bool:
    text = app.lock.gems.get("rails", app.lock.gems.get("railties", "")) if app.lock else ""
    numbers = tuple(int(part) for part in re.findall(r"\d+", text)[:2])
    return not numbers or numbers >= DUMMY_SECRET
