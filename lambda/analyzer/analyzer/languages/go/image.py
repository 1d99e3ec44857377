"""The image of a Go program: modules first, then one static binary; Debian only where C libraries are linked."""

from __future__ import annotations

import re
from posixpath import join, normpath, relpath

from analyzer.languages.compiled.image import (
    DEBIAN,
    FOUNDATION,
    USER,
    WITHOUT_TIMES,
    apt,
    bare_or_debian,
    binary_place,
    final,
)
from analyzer.languages.compiled.sources import Sources
from analyzer.languages.go.mains import Main
from analyzer.languages.go.modules import Layout
from analyzer.model import Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Copy, Env, Recipe, Run, Stage, Step, Workdir

MODULES, BUILDS = "/go/pkg/mod", "/root/.cache/go-build"
CGO = (
    (("github.com/mattn/go-sqlite3", "gorm.io/driver/sqlite"), (), ()),
    (("github.com/confluentinc/confluent-kafka-go", "gopkg.in/confluentinc/confluent-kafka-go.v1"), (), ()),
    (("github.com/marcboeker/go-duckdb", "github.com/duckdb/duckdb-go"), (), ("libstdc++6",)),
    (
        ("github.com/h2non/bimg", "gopkg.in/h2non/bimg.v1", "github.com/davidbyttow/govips"),
        ("libvips-dev",),
        ("libvips42",),
    ),
    (
        ("gopkg.in/gographics/imagick.v3", "gopkg.in/gographics/imagick.v2"),
        ("libmagickwand-dev",),
        ("libmagickwand-6.q16-6",),
    ),
    (("gocv.io/x/gocv",), ("libopencv-dev",), ("libopencv-contrib406",)),
    (("github.com/otiai10/gosseract",), ("libtesseract-dev", "libleptonica-dev"), ("tesseract-ocr",)),
    (("github.com/pebbe/zmq4",), ("libzmq3-dev",), ("libzmq5",)),
    (("github.com/linxGnu/grocksdb", "github.com/tecbot/gorocksdb"), ("librocksdb-dev",), ("librocksdb7.8",)),
    (("github.com/chai2010/webp",), (), ()),
)
"""Modules that are partly C; what their build and their program need of Debian."""
IMPORTS_C = re.compile(r'^[ \t]*(?:import[ \t]+)?"C"[ \t]*$', re.M)


def describe(project: Project, layout: Layout, sources: Sources, mains: list[Main]) -> None:
    """Notes for the recipe what is built, where, and with which C libraries."""
    findings, module = project.findings, _module_of(layout, mains[0].folder if mains else ".")
    base = normpath(join(layout.folder, module))
    cgo = _cgo(project, layout, sources)
    findings.details.update(
        workspace=list(layout.workspace),
        work=layout.has_work,
        sums=_sums(project, layout),
        workdir=base,
        base=module,
        binaries=[
            [main.name, _package(main.folder, module)] for main in mains if _module_of(layout, main.folder) == module
        ],
        cgo=cgo,
        vendored=project.view.has_folder("vendor"),
        gopath="" if layout.modules or layout.workspace else _gopath(project),
    )


def _sums(project: Project, layout: Layout) -> list[str]:
    whole = project.whole.sub(layout.context)
    folders = [path.rpartition("/")[0] for path in layout.workspace]
    paths = ["go.work.sum", *(f"{folder}/go.sum" if folder else "go.sum" for folder in folders)]
    return [path for path in paths if whole.has(path)]


def _module_of(layout: Layout, folder: str) -> str:
    folders = [module.folder for module in layout.modules]
    above = [place for place in folders if place in (".", folder) or folder.startswith(place + "/")]
    return max(above, key=len, default=".")


def _package(folder: str, module: str) -> str:
    inner = relpath(folder, module)
    return "." if inner == "." else f"./{inner}"


def _cgo(project: Project, layout: Layout, sources: Sources) -> bool:
    findings, needed = project.findings, False
    for paths, build, run in CGO:
        if layout.requirement(*paths):
            needed = True
            findings.build_packages.update(build)
            findings.system_packages.update(run)
    return needed or sources.search(IMPORTS_C, ('"C"',)) is not None


def _gopath(project: Project) -> str:
    """The import path of a project without go.mod: its manifests of old say it."""
    view = project.view
    for path, key in (("vendor/vendor.json", "rootPath"), ("Godeps/Godeps.json", "ImportPath")):
        name = (project.json(path) or {}).get(key) if view.has(path) else None
        if isinstance(name, str) and re.fullmatch(r"[\w.~/-]+", name):
            return name.strip("/")
    found = view.find("glide.yaml", re.compile(r"^package:\s*([\w.~/-]+)"))
    return found[0][1].strip("/") if found else "app"


def recipe(service: Service) -> Recipe | None:
    """Two stages: golang builds, an empty base (or Debian, for C libraries) runs."""
    start, details = service.value("start"), service.details
    binaries = details.get("binaries")
    if not isinstance(start, Start) or not binaries or service.value("kind") in ("library", "function"):
        return None
    base = DEBIAN if details.get("cgo") else bare_or_debian(service, start)
    start = _of_binary(start, binaries[0][0])
    stages = (
        _build(service, start, base),
        final(service, start, base=base, env=_env(service), assets=details.get("assets", ())),
    )
    return Recipe(stages, ("**/*_test.go",))


def _of_binary(start: Start, name: str) -> Start:
    """`go run` compiles at each start: the image has the binary."""
    if start.argv[:2] != ("go", "run"):
        return start
    return Start("binary", None, f"./bin/{name}", (f"./bin/{name}",))


def _env(service: Service) -> tuple[tuple[str, str], ...]:
    return (("GIN_MODE", "release"),) if service.value("framework") == "gin" else ()


def _build(service: Service, start: Start, base: str) -> Stage:
    details = service.details
    gopath = str(details.get("gopath") or "")
    source = f"/go/src/{gopath}" if gopath and details.get("vendored") else "/src"
    caches = (MODULES, BUILDS)
    steps: list[Step] = [*apt(service.build_packages), Workdir(source), _settings(service)]
    if not gopath:
        steps += _modules(service)
    steps.append(Copy((".",), "."))
    if details.get("workdir", ".") != ".":
        steps.append(Workdir(f"{source}/{details['workdir']}"))
    steps.append(
        Run((*_prepared(service), *_compile(service, start), *_around(base), WITHOUT_TIMES), caches, downloads=True)
    )
    return Stage(_base(service.value("runtime_version")), tuple(steps), "build")


def _base(version: str | None) -> str:
    """The compiler's image; those before 1.20 were never built on Debian 12."""
    if not version:
        return "golang:bookworm"
    return f"golang:{version}" if _before(version, 20) else f"golang:{version}-bookworm"


def _before(version: str | None, minor: int) -> bool:
    found = re.match(r"1\.(\d+)", version or "")
    return found is not None and int(found[1]) < minor


def _settings(service: Service) -> Env:
    cgo = "1" if service.details.get("cgo") else "0"
    old = bool(service.details.get("gopath")) and bool(service.details.get("vendored"))
    return (
        Env((("CGO_ENABLED", cgo), ("GO111MODULE", "off")))
        if old
        else Env((("CGO_ENABLED", cgo), ("GOTOOLCHAIN", "local")))
    )


def _modules(service: Service) -> list[Step]:
    """Modules are downloaded from their manifests alone; vendored ones are there already."""
    details = service.details
    folders: dict[str, list[str]] = {}
    for path in (
        *(["go.work"] if details.get("work") else []),
        *details.get("workspace", ()),
        *details.get("sums", ()),
    ):
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    if not folders or details.get("vendored"):
        return []
    copies: list[Step] = [Copy(tuple(paths), f"./{folder}/" if folder else "./") for folder, paths in folders.items()]
    download = "go mod download" if details.get("workdir", ".") == "." or details.get("work") else ""
    if not download:
        download = f"cd {details['workdir']} && go mod download"
    return [*copies, Run((download,), (MODULES,), downloads=True)]


def _prepared(service: Service) -> tuple[str, ...]:
    """A program without go.mod and without vendored packages becomes a module for its build."""
    gopath = service.details.get("gopath")
    if not gopath or service.details.get("vendored"):
        return ()
    return (f"go mod init {gopath}", "go mod tidy")


def _compile(service: Service, start: Start) -> list[str]:
    """The application's binary goes where its start command looks for it, others beside it."""
    first, *others = service.details["binaries"]
    place = binary_place(start, first[0])
    rows = [(place, first[1]), *((f"{place.rpartition('/')[0]}/{name}", package) for name, package in others)]
    trimmed = "" if _before(service.value("runtime_version"), 13) else "-trimpath "
    flags = f'{trimmed}-tags timetzdata -ldflags="-s -w"'
    return [f"go build {flags} -o /image{place} {package}" for place, package in rows]


def _around(base: str) -> tuple[str, ...]:
    return (*FOUNDATION, USER) if base == "scratch" else FOUNDATION
