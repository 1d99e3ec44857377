"""The result of an analysis, as plain immutable data; `document` turns it into JSON.

Paths are POSIX paths relative to the analyzed tree. Nothing here knows how it was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FIELDS = (
    "kind",
    "language",
    "framework",
    "package_manager",
    "runtime_version",
    "build_command",
    "output_dir",
    "start",
    "port",
    "health_path",
)
"""What is decided by candidates, in the order of a report. Shapes of the values:

kind              "web", "static", "worker", "command", "library", "function" or "notebook"
language          "python", "node", "go", "ruby", "java", "php", "dotnet", "rust", "static", "deno", "elixir", ...
framework         kebab case: "fastapi", "spring-boot", "next", ...
package_manager   "uv", "poetry", "pip", "npm", "pnpm", "yarn", "bun", "bundler", "maven", "gradle", "go-modules", ...
runtime_version   the resolved version of the language's runtime, as far as it is fixed: "3.12", "3.12.4", "22"
build_command     str, one shell line; None when nothing has to be built
output_dir        folder below the service's root that the build writes and that is served or started from
start             `Start`
port              int, 1 to 65535
health_path       str that begins with "/"
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place in the tree that supports a finding."""

    path: str
    line: int | None = None
    """Counted from 1."""
    text: str = ""
    """The line, shortened; never a value that looks like a secret."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a field might have."""

    value: Any
    confidence: float
    reason: str
    """A sentence without full stop, such as "main.py assigns FastAPI() to app"."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A decided field; `value` is None when it cannot be told or does not apply."""

    value: Any = None
    confidence: float = 0.0
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    others: tuple[Candidate, ...] = ()
    """Candidates that lost, best first."""
    missing: str = ""
    """What a person can add so that it can be told; empty when there is a value or none is needed."""
    assisted: bool = False
    """Whether a language model chose it."""


@dataclass(frozen=True, slots=True)
class Start:
    """How the main process starts.

    `kind` and `target` name it independently of flags, in the words of the analyzer exam: asgi, wsgi, streamlit,
    python-file, python-module, node-file, package-script, deno-file, ruby-file, rails-server, puma, rackup, jar,
    php-server, static, beam-release, shell-script, binary, other.
    """

    kind: str
    target: str | None
    command: str
    """As a person would type it in the service's root, the port as a number."""
    argv: tuple[str, ...]
    """What the container runs, without a shell where that is possible."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the application: the web process, a worker, a schedule, a release command."""

    name: str
    kind: str
    """ "web", "worker", "scheduled" or "release"."""
    command: str
    schedule: str | None = None
    """cron or rate expression as found."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Backing:
    """A backing service that the application expects."""

    engine: str
    """ "postgresql", "mysql", "redis", "mongodb", "rabbitmq", "kafka", "sqs", "s3", "sqlite", "elasticsearch", ..."""
    confidence: float
    variables: tuple[str, ...] = ()
    """Environment variables that it is configured by."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that the source reads."""

    name: str
    required: bool
    """Read without a default."""
    secret: bool
    """Its name is one of a credential."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Size:
    """A heuristic recommendation; one of the sizes that Fargate has."""

    cpu: int
    """CPU units, 1024 a virtual CPU."""
    memory: int
    """MiB."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caution:
    """Something a person should know."""

    code: str
    """snake_case, stable."""
    message: str
    remedy: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """One deployable part of the tree (most trees have one), or the tree when nothing in it is deployable."""

    root: str
    """Folder of the service, "." for the tree itself."""
    name: str
    context: str
    """Folder that an image build needs, `root` or one above it (workspaces)."""
    fields: Mapping[str, Field]
    """Every name of FIELDS."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON data of the language's module, for its own recipe: lock file, extras, stages, ..."""
    processes: tuple[Process, ...] = ()
    backing: tuple[Backing, ...] = ()
    variables: tuple[Variable, ...] = ()
    system_packages: tuple[str, ...] = ()
    """Debian packages that the image needs at run time, sorted."""
    build_packages: tuple[str, ...] = ()
    """Debian packages that only the build needs, sorted."""
    size: Size | None = None
    dockerfile: str | None = None
    """An existing Dockerfile, relative to the tree; it is used as it is."""
    warnings: tuple[Caution, ...] = ()

    def value(self, name: str) -> Any:
        """The decided value of a field."""
        return self.fields[name].value


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is known about a tree."""

    services: tuple[Service, ...]
    files: int
    """Files in the tree, as far as it was listed."""
    key: str
    """The content key: equal for trees that must give equal analyses."""
    warnings: tuple[Caution, ...] = ()

    def service(self, root: str) -> Service | None:
        """The service with that root."""
        return next((service for service in self.services if service.root == root), None)
