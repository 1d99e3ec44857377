"""The image of a C or C++ program: built on Debian, then its binary and the libraries that it is linked with."""

from __future__ import annotations

import re

from analyzer.languages.compiled.image import DEBIAN, FOUNDATION, WITHOUT_TIMES, apt, binary_place, final
from analyzer.languages.cpp.targets import Target, Tool
from analyzer.model import Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Comment, Copy, Recipe, Run, Stage, Step, Workdir

COMPILERS = ("build-essential", "ca-certificates", "git", "pkg-config")
FOUND = {
    "boost": "libboost-all-dev",
    "openssl": "libssl-dev",
    "zlib": "zlib1g-dev",
    "curl": "libcurl4-openssl-dev",
    "postgresql": "libpq-dev",
    "sqlite3": "libsqlite3-dev",
    "protobuf": "libprotobuf-dev",
    "nlohmann_json": "nlohmann-json3-dev",
    "fmt": "libfmt-dev",
    "spdlog": "libspdlog-dev",
    "jsoncpp": "libjsoncpp-dev",
    "poco": "libpoco-dev",
    "drogon": "libdrogon-dev",
    "threads": "",
}
"""Packages of find_package and dependency, in lower case, and Debian's for them."""
ASKED = re.compile(r"(?:find_package\s*\(\s*|dependency\s*\(\s*')(?P<name>[\w-]+)", re.I)
LIBRARIES = (
    "for file in $(ldd {place} | grep -o '/[^ ]*' | grep -v '/ld-linux\\|/libc\\.so\\|/libm\\.so'); "
    'do install -D "$file" "/image/usr${{file#/usr}}"; done'
)


def describe(project: Project, tool: Tool, main: Target) -> None:
    """Notes for the recipe what is built and with what."""
    findings = project.findings
    findings.details.update(tool=tool.name, place=main.place, build=tool.build)
    findings.build_packages.update((*COMPILERS, "cmake" if tool.name == "cmake" else "meson"))
    for asked in ASKED.finditer(project.view.text(tool.path) or ""):
        if package := FOUND.get(asked["name"].lower()):
            findings.build_packages.add(package)
    if findings.value("package_manager") in ("vcpkg", "conan"):
        name = findings.value("package_manager")
        findings.warn(
            "manual_dependencies", f"{name} compiles libraries from sources that Debian's packages stand in for"
        )
        findings.details["sourced"] = True


def recipe(service: Service) -> Recipe | None:
    """Two stages on Debian; none for libraries that only vcpkg or conan can bring."""
    start, details = service.value("start"), service.details
    if not isinstance(start, Start) or not details.get("place") or details.get("sourced"):
        return None
    place = binary_place(start, str(details["place"]).rpartition("/")[2])
    kept = (f"install -D build/{details['place']} /image{place}", LIBRARIES.format(place=f"/image{place}"))
    steps: tuple[Step, ...] = (
        *apt(service.build_packages),
        Workdir("/src"),
        Copy((".",), "."),
        Comment("The libraries that the binary is linked with go with it, at the places where it looks for them."),
        Run((*str(details["build"]).split(" && "), *kept, *FOUNDATION, WITHOUT_TIMES)),
    )
    run = final(service, start, base=DEBIAN, assets=list(details.get("assets", ())))
    return Recipe((Stage("debian:bookworm", steps, "build"), run), ("build",))
