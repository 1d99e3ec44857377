"""How an image is built, as plain data: what a language's module returns and `dockerfile` writes down.

Only what BuildKit's built-in frontend knows is used (no heredocs, no `COPY --link`): generated files must build in
closed networks, where `# syntax=` images cannot be pulled.
"""

from __future__ import annotations

from dataclasses import dataclass

UID = 10001
"""Of the unprivileged user that every generated image runs as; any fixed number above the system's own."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A reason, on a line of its own."""

    text: str


@dataclass(frozen=True, slots=True)
class Env:
    """Variables of the image, in this order; never a secret."""

    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Workdir:
    """The folder for what follows."""

    path: str


@dataclass(frozen=True, slots=True)
class Copy:
    """Files of the build context, or of another stage or image."""

    sources: tuple[str, ...]
    destination: str
    stage: str | None = None
    mode: str | None = None
    """Octal, such as "0644"."""
    owned: bool = False
    """Whether the unprivileged user may change them."""


@dataclass(frozen=True, slots=True)
class Run:
    """Shell commands that are one layer; each must succeed."""

    commands: tuple[str, ...]
    caches: tuple[str, ...] = ()
    """Folders that stay between builds and never are in a layer."""
    downloads: bool = False
    """Whether it fetches packages: the CA bundle of a company proxy is then there as the secret `ca`, and the variables
    by which its programs find one name it."""


@dataclass(frozen=True, slots=True)
class Expose:
    """The port that is listened on."""

    port: int


@dataclass(frozen=True, slots=True)
class Health:
    """A check with what the image has anyway (no curl)."""

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """ENTRYPOINT in exec form; most images have none."""

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """CMD in exec form."""

    argv: tuple[str, ...]


Step = Comment | Env | Workdir | Copy | Run | Expose | Health | Entry | Command


@dataclass(frozen=True, slots=True)
class Stage:
    """One FROM and what follows it."""

    base: str
    """An image, `scratch`, or the name of an earlier stage."""
    steps: tuple[Step, ...]
    name: str | None = None
    """None for the last stage, which is the image."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Stages, the last of which runs as the unprivileged user."""

    stages: tuple[Stage, ...]
    ignore: tuple[str, ...] = ()
    """Lines of .dockerignore beside those that every image has."""
