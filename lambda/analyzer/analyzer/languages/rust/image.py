"""The image of a Rust program: Cargo's registry and build folder stay between builds, only the binary is kept."""

from __future__ import annotations

import re

from analyzer.languages.compiled.image import FOUNDATION, WITHOUT_TIMES, apt, binary_place, final
from analyzer.languages.rust.binaries import Chosen
from analyzer.languages.rust.cargo import Bin, Workspace
from analyzer.model import Evidence, Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Comment, Copy, Env, Recipe, Run, Stage, Step, Workdir

REGISTRY, REPOSITORIES = "/usr/local/cargo/registry", "/usr/local/cargo/git"
AUTHORITIES = "if [ -s /run/secrets/ca ]; then export CARGO_HTTP_CAINFO=/run/secrets/ca; fi"
FRESH = "find . -name '*.rs' -not -path '*/target/*' -exec touch {} +"
"""Cargo compares times of files with those of its build folder, which outlives this build."""
LINKED = (
    (("openssl-sys",), ("openssl-src",), (), ("libssl3",)),
    (("pq-sys",), ("pq-src",), (), ("libpq5",)),
    (("mysqlclient-sys",), ("mysqlclient-src",), (), ("libmariadb3",)),
    (("rdkafka-sys",), (), ("cmake",), ("zlib1g",)),
    (("aws-lc-sys", "cmake"), (), ("cmake",), ()),
    (
        ("prost-build", "tonic-build", "protobuf-codegen"),
        ("protoc-bin-vendored", "protobuf-src"),
        ("protobuf-compiler",),
        (),
    ),
    (("bindgen", "clang-sys"), (), ("libclang-dev",), ()),
    (("libz-sys",), (), (), ("zlib1g",)),
    (("alsa-sys",), (), ("libasound2-dev",), ("libasound2",)),
    (("libudev-sys",), (), ("libudev-dev",), ("libudev1",)),
)
"""Crates, crates that make them self-contained, and what Debian has for their build and their program."""


def note_nightly(project: Project, evidence: Evidence) -> None:
    """A nightly toolchain has no image of its own: rustup installs it in the build."""
    project.findings.details["nightly"] = True
    project.findings.warn(
        "nightly_toolchain",
        f"{evidence.path} asks for a nightly compiler, which changes every day",
        evidence,
        remedy="pin a stable version, or a nightly by its date",
    )


def describe(project: Project, workspace: Workspace, chosen: Chosen | None) -> None:
    """Notes for the recipe what is built and which libraries of Debian it is linked with."""
    findings = project.findings
    findings.details["binaries"] = [[found.name, found.package] for found in _built(project, workspace, chosen)]
    names = _crates(project, workspace)
    for crates, unless, build, run in LINKED:
        if any(crate in names for crate in crates) and not any(crate in names for crate in unless):
            findings.build_packages.update(build)
            findings.system_packages.update(run)
    if "libsqlite3-sys" in names and not _bundles_sqlite(workspace, names):
        findings.system_packages.add("libsqlite3-0")


def _built(project: Project, workspace: Workspace, chosen: Chosen | None) -> list[Bin]:
    words = {
        word.rpartition("/")[2] for process in project.findings.processes.values() for word in process.command.split()
    }
    every = [found for package in workspace.packages for found in package.bins]
    others = [found for found in every if found.name in words and (not chosen or found != chosen.bin)]
    return [*([chosen.bin] if chosen else []), *others]


def _crates(project: Project, workspace: Workspace) -> set[str]:
    """Names of all crates that are compiled: of the lock file, else of the manifests."""
    lock = project.whole.sub(workspace.context).text(str(project.findings.details.get("lock", "Cargo.lock")))
    if lock:
        return set(re.findall(r'^name = "([\w-]+)"', lock, re.M))
    names = {name for package in workspace.packages for name in package.dependencies}
    return names | ({"openssl-sys"} if names & {"openssl", "native-tls", "reqwest"} else set())


def _bundles_sqlite(workspace: Workspace, names: set[str]) -> bool:
    """sqlx always compiles SQLite in; rusqlite and diesel do when they are told."""
    return "sqlx-sqlite" in names or any("bundled" in repr(package.dependencies) for package in workspace.packages)


def recipe(service: Service) -> Recipe | None:
    """Two stages: rust builds, Debian of the same release runs."""
    start, details = service.value("start"), service.details
    binaries = details.get("binaries")
    if not isinstance(start, Start) or not binaries or service.value("kind") in ("library", "static"):
        return None
    if start.argv[:2] == ("cargo", "run"):
        start = Start("binary", None, f"./bin/{binaries[0][0]}", (f"./bin/{binaries[0][0]}",))
    release = _release(service.value("runtime_version"))
    assets = list(details.get("assets", ()))
    run = final(service, start, base=f"debian:{release}-slim", env=_env(service), assets=assets)
    return Recipe((_build(service, start, release), run), ("**/target", *_toolchain_files(service)))


def _toolchain_files(service: Service) -> tuple[str, ...]:
    """The image already is the toolchain that these ask for; rustup would fetch it once more."""
    return () if service.details.get("nightly") else ("rust-toolchain", "rust-toolchain.toml")


def _release(version: str | None) -> str:
    """Debian's release that the compiler's image is built on: the libraries must be of the same."""
    found = re.match(r"1\.(\d+)", version or "")
    minor = int(found[1]) if found else 99
    return "bookworm" if minor >= 70 else "bullseye" if minor >= 54 else "buster"


def _env(service: Service) -> tuple[tuple[str, str], ...]:
    """Rocket binds to the loopback interface unless it is told otherwise."""
    port = str(service.value("port") or 8000)
    if service.value("framework") == "rocket":
        return (("ROCKET_ADDRESS", "0.0.0.0"), ("ROCKET_PORT", port))  # noqa: S104 - within a container
    if service.value("framework") == "leptos":
        return (("LEPTOS_SITE_ADDR", f"0.0.0.0:{port}"),)
    return (("LOCO_ENV", "production"),) if service.value("framework") == "loco" else ()


def _build(service: Service, start: Start, release: str) -> Stage:
    details = service.details
    version = service.value("runtime_version")
    base = str(details.get("base") or ".")
    folder = "/src" if base == "." else f"/src/{base}"
    caches = (REGISTRY, REPOSITORIES, f"{folder}/target")
    commands = (AUTHORITIES, FRESH, *_compile(service, start), *FOUNDATION, WITHOUT_TIMES)
    steps: list[Step] = [
        *apt(service.build_packages),
        Workdir("/src"),
        Env((("CARGO_TERM_COLOR", "never"),)),
        Copy((".",), "."),
        *([Workdir(folder)] if base != "." else []),
        Comment("Crates and what was compiled of them stay between builds: what did not change is not compiled again."),
        Run(commands, caches, downloads=True),
    ]
    return Stage(f"rust:{version}-{release}" if version else f"rust:{release}", tuple(steps), "build")


def _compile(service: Service, start: Start) -> list[str]:
    """The application's binary goes where its start command looks for it, others beside it."""
    first, *others = service.details["binaries"]
    place = binary_place(start, first[0])
    folder = place.rpartition("/")[0]
    locked = " --locked" if service.details.get("lock") else ""
    chosen = " ".join(f"--package {package} --bin {name}" for name, package in service.details["binaries"])
    kept = [f"install -D target/release/{first[0]} /image{place}"]
    kept += [f"install -D target/release/{name} /image{folder}/{name}" for name, _ in others]
    return [f"cargo build --release{locked} {chosen}", *kept]
