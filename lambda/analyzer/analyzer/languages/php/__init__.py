"""PHP: Laravel, Symfony, WordPress and other sites behind a front controller, plain pages, scripts, packages."""

from __future__ import annotations

import re

from analyzer import confidence
from analyzer.languages import assets
from analyzer.languages.php import composer as manifests
from analyzer.languages.php import extensions, frameworks, processes, starting, version
from analyzer.languages.php.composer import LOCK, MANIFEST, Composer
from analyzer.languages.php.frameworks import Framework
from analyzer.model import Candidate, Service
from analyzer.project import Project
from analyzer.render.recipe import Recipe

NAME = "php"
CODE = re.compile(r"<\?(?:php|=)")
PAGES = ("index.php", *(f"{folder}/index.php" for folder in starting.ROOTS))
SQLITE = re.compile(r"^DB_CONNECTION=[\"']?sqlite")
CONSOLE_ASSETS = (
    ("symfonycasts/sass-bundle", "sass:build"),
    ("symfonycasts/tailwind-bundle", "tailwind:build --minify"),
    ("symfony/asset-mapper", "asset-map:compile"),
)
"""Bundles of Symfony that compile pages' styles and scripts, in the order in which they build on each other."""
WORDPRESS = ("wp-config.php", "wp-config-sample.php", "wp-load.php")


def detect(project: Project) -> Candidate | None:
    """composer.json, or a page of PHP where a web server looks for one."""
    view = project.view
    if view.has(MANIFEST):
        sources = next((path for path in view.paths if path.endswith(".php")), None)
        sure = confidence.DECLARED if sources or view.has("artisan") else confidence.PROVEN
        return Candidate(NAME, sure, "composer.json is there", (view.evidence(MANIFEST, 1),))
    if found := view.first(*WORDPRESS, *PAGES):
        where = view.find(found, CODE)
        if where:
            return Candidate(NAME, confidence.DECLARED, f"{found} is a page of PHP", (where[1],))
    pages = [path for path in view.top() if path.endswith(".php")]
    if pages:
        where = view.find(pages[0], CODE)
        return Candidate(NAME, confidence.CONVENTION, f"{pages[0]} is there", (where[1],)) if where else None
    return None


def analyze(project: Project) -> None:
    """Reads Composer's files, then what is served."""
    composer = manifests.read(project)
    _manage(project, composer)
    version.decide(project, composer)
    framework = frameworks.find(project, composer)
    starting.find(project, composer, framework)
    _check(project, composer)
    extensions.add(project, composer, framework)
    processes.add(project, composer, framework)
    node = assets.read(project)
    project.findings.details |= {
        "assets": node if node and node["build"] else None,
        "framework_folders": _writable(project, framework),
        "dotenv": framework is not None and framework.name == "symfony" and project.view.has(".env"),
        "console": project.view.has("bin/console"),
        "console_assets": [command for package, command in CONSOLE_ASSETS if composer.requires(package)],
        "sqlite": project.view.find(".env.example", SQLITE) is not None,
        "views": project.view.has_folder("resources/views"),
    }
    if node and node["build"]:
        where = project.view.evidence("package.json", 1)
        project.findings.add("build_command", node["build"], confidence.PROVEN, "package.json has the script", where)


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None for a package, or without a start."""
    from analyzer.languages.php import image

    return image.recipe(service)


def _manage(project: Project, composer: Composer) -> None:
    if not composer.there:
        return
    where = project.view.evidence(LOCK if composer.lock is not None else MANIFEST, 1)
    findings = project.findings
    findings.add("package_manager", "composer", confidence.DECLARED, f"{where.path} is Composer's", where)
    findings.details |= {
        "manifest": MANIFEST,
        "lock": LOCK if project.view.has(LOCK) else None,
        "package_folders": composer.paths(),
        "composer_scripts": composer.scripts(),
    }


def _check(project: Project, composer: Composer) -> None:
    """Warn of a missing lock file; a library leaves it out on purpose."""
    if composer.lock is None and composer.manifest.get("require") and project.findings.value("kind") != "library":
        project.findings.warn(
            "no_lock_file",
            "composer.json has no composer.lock, so that every build may get other versions",
            project.view.evidence(MANIFEST),
            remedy="run `composer update` and commit composer.lock",
        )


def _writable(project: Project, framework: Framework | None) -> list[str]:
    """Folders that the framework writes, below the document root that was found."""
    root = project.findings.details.get("document_root")
    if framework is None or not root:
        return []
    usual = f"{framework.root}/"
    return [f"{root}/{path.removeprefix(usual)}" if path.startswith(usual) else path for path in framework.writable]
