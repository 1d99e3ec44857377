"""Reads a static site into findings."""

from __future__ import annotations

from analyzer import confidence
from analyzer.languages.static import generators, site, staticfile
from analyzer.model import Candidate, Start
from analyzer.project import Project

FOLDERS = ("public", "dist", "build", "site", "_site", "www", "htdocs", "html", "web", "out", "src", "static", "docs")
"""Folders that hold a site, the likeliest first."""
INDEXES = ("index.html", "index.htm")
PAGES = 2
"""Pages of HTML at the root that are a site even without an index."""


def detect(project: Project) -> Candidate | None:
    """A Staticfile, a generator's configuration, or an index.html at the root or in a usual folder."""
    if project.view.has(staticfile.NAME):
        return Candidate(
            "static", confidence.DECLARED, "there is a Staticfile", (project.view.evidence(staticfile.NAME),)
        )
    if found := generators.find(project):
        row, path = found
        return Candidate("static", confidence.PROVEN, f"{path} is {row.name}'s", (project.view.evidence(path),))
    if page := _page(project):
        return Candidate("static", confidence.CONVENTION, f"there is {page}", (project.view.evidence(page),))
    return None


def analyze(project: Project) -> None:
    """Adds what is known of a static site to `project.findings`."""
    findings = project.findings
    findings.add("kind", "static", confidence.PROVEN, "nothing but files is served")
    findings.add("port", site.PORT, confidence.DEFAULT, "the generated server of files listens on it")
    findings.add("health_path", "/", confidence.DEFAULT, "a site is served")
    if found := generators.find(project):
        _generated(project, *found)
    elif folder := _folder(project):
        _served(project, folder)
    else:
        findings.cannot_tell("start", "add an index.html, or a Staticfile with root: <folder>")


def _generated(project: Project, row: generators.Generator, path: str) -> None:
    findings = project.findings
    evidence = project.view.evidence(path)
    folder = generators.output(project, row, path)
    findings.add("framework", row.name, confidence.PROVEN, f"{path} is {row.name}'s", evidence)
    findings.add("build_command", row.build, confidence.DEFAULT, f"{row.name} builds the site", evidence)
    findings.add("output_dir", folder, confidence.DEFAULT, f"{row.name} writes to {folder}", evidence)
    findings.add("start", _start(), confidence.DEFAULT, "the site is served as files", evidence)
    findings.details["static"] = {"folder": folder, "fallback": "", "package": row.package}


def _served(project: Project, folder: str) -> None:
    findings = project.findings
    path = staticfile.NAME if project.view.has(staticfile.NAME) else _page(project) or folder
    evidence = project.view.evidence(path)
    if folder != ".":
        findings.add("output_dir", folder, confidence.PROVEN, f"{path} says where the site is", evidence)
    findings.add("start", _start(), confidence.PROVEN, "there are files and nothing that starts", evidence)
    findings.details["static"] = {"folder": folder, "fallback": staticfile.fallback(project), "package": None}


def _start() -> Start:
    return Start("static", None, "nginx", site.ARGV)


def _page(project: Project) -> str | None:
    folders = ("", *(f"{folder}/" for folder in FOLDERS))
    if found := project.view.first(*(f"{folder}{name}" for folder in folders for name in INDEXES)):
        return found
    pages = [path for path in project.view.top() if path.endswith((".html", ".htm"))]
    return pages[0] if len(pages) >= PAGES else None


def _folder(project: Project) -> str | None:
    """The folder that is served: of the Staticfile, else that of the page that was found."""
    if declared := staticfile.root(project):
        return declared
    if page := _page(project):
        return page.rpartition("/")[0] or "."
    return "." if project.view.has(staticfile.NAME) else None
