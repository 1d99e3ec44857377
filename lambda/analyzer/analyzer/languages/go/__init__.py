"""Go: modules and workspaces, the main package, what it listens on, and a static binary on an empty base."""

from __future__ import annotations

from analyzer import confidence, versions
from analyzer.languages.compiled import assets
from analyzer.languages.compiled.sources import Sources
from analyzer.languages.go import embeds, image, mains, modules, serving
from analyzer.model import Candidate, Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Recipe

MANIFESTS = ("go.mod", "go.work", "Gopkg.toml", "glide.yaml", "Godeps/Godeps.json", "vendor/vendor.json")


def detect(project: Project) -> Candidate | None:
    """A manifest of Go, a Go file in the root, or Go files anywhere below."""
    view = project.view
    if manifest := view.first(*MANIFESTS):
        return Candidate("go", confidence.DECLARED, f"{manifest} is a manifest of Go", (view.evidence(manifest),))
    if file := next((path for path in view.top() if path.endswith(".go")), None):
        return Candidate("go", confidence.PROVEN, f"{file} is Go source", (view.evidence(file),))
    if file := next((path for path in view.paths if mains.is_source(path)), None):
        return Candidate("go", confidence.CONVENTION, f"{file} is Go source", (view.evidence(file),))
    return None


def analyze(project: Project) -> None:
    """Adds what Go's manifests and source say."""
    layout = modules.read(project)
    _manager(project, layout)
    versions.decide(project, "go", modules.pins(layout))
    sources = Sources(project.view, mains.ordered(project))
    found = mains.find(project, sources)
    chosen = mains.choose(project, layout, found, sources)
    project.findings.details.update(context=layout.context, folder=layout.folder)
    if not found:
        _library(project, sources)
        return
    folder = chosen.folder if chosen else "."
    near = sources.near(folder)
    serving.read(project, layout, near, chosen_one=chosen is not None)
    image.describe(project, layout, near, mains.built(project, found, chosen))
    if chosen:
        _start(project, chosen)
    base = str(project.findings.details["base"])
    assets.find(project, near, base=base, embedded=embeds.find(project, near, base))


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None when there is no program or no start command."""
    return image.recipe(service)


def _manager(project: Project, layout: modules.Layout) -> None:
    view, add = project.view, project.findings.add
    old = {"Gopkg.toml": "dep", "glide.yaml": "glide", "Godeps/Godeps.json": "godep", "vendor/vendor.json": "govendor"}
    if layout.modules:
        where = view.first("go.work", "go.mod") or layout.modules[0].path
        reason = f"{where} is read by the go command"
        add("package_manager", "go-modules", confidence.DECLARED, reason, view.evidence(where))
    elif manifest := view.first(*old):
        reason = f"{manifest} is of {old[manifest]}"
        add("package_manager", old[manifest], confidence.DECLARED, reason, view.evidence(manifest))
    else:
        add("package_manager", "go-modules", confidence.DEFAULT, "the go command has no other")


def _library(project: Project, sources: Sources) -> None:
    findings = project.findings
    findings.add("kind", "library", confidence.DEFAULT, "no Go file is of package main with a func main")
    findings.cannot_tell("start", "a main package: a Go file of package main with func main")


def _start(project: Project, chosen: mains.Main) -> None:
    start = Start("binary", None, f"./bin/{chosen.name}", (f"./bin/{chosen.name}",))
    findings = project.findings
    findings.add("start", start, chosen.sureness, chosen.reason, chosen.evidence)
    base = str(findings.details["base"])
    place = "." if chosen.folder == "." else f"./{chosen.folder}"
    build = "go build"
    if base != "." and not findings.details["work"]:
        build, place = f"cd {base} && go build", "." if chosen.folder == base else f"./{chosen.folder[len(base) + 1 :]}"
    up = "../" * (base.count("/") + 1) if build != "go build" else ""
    command = f'{build} -trimpath -ldflags="-s -w" -o {up}bin/{chosen.name} {place}'
    findings.add("build_command", command, confidence.DEFAULT, "Go programs are built with go build", chosen.evidence)
    findings.add("output_dir", "bin", confidence.DEFAULT, "the build command writes it")
