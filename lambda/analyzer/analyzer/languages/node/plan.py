"""What the image build has to do for a project, as plain data that an analysis carries in its details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

KEY = "node"
"""Of `Service.details`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Files that are needed first, commands, what of the build the image takes; paths are relative to the context."""

    folder: str = "."
    """Of the service within the build context."""
    manager: str = "npm"
    manager_version: str = ""
    berry: bool = False
    locked: bool = False
    packages: bool = False
    """Whether there is a dependency at all."""
    first: tuple[str, ...] = ()
    """Manifests, lock file, settings: what an installation reads."""
    source_first: str = ""
    """Why an installation needs the source too; "" when it does not."""
    build: tuple[str, ...] = ()
    """Shell lines, run in the context."""
    generates: bool = False
    """Whether the build writes into node_modules."""
    workspace: bool = False
    extra: bool = False
    """Whether packages are installed that are not needed at the end."""
    tools: tuple[str, ...] = ()
    """npm packages beside the application's own, with versions."""
    runs_tools: bool = False
    """Whether one of them is what starts."""
    result: str = "application"
    """ "static", "standalone" (Next.js), "bundle" (Nitro: a folder that needs no packages) or "application"."""
    output: str = "."
    fallback: str = ""
    public: bool = False
    next: bool = False
    browser: str = ""
    legacy: bool = False
    """Whether its bundler hashes by MD4, which OpenSSL 3 only has in its legacy provider."""

    @property
    def built(self) -> bool:
        """Whether there is a stage that works on the source."""
        return bool(self.build) or self.workspace or self.generates

    @property
    def apart(self) -> bool:
        """Whether packages reach the image by a stage of their own: as a layer that edits of the source leave alone."""
        return self.packages and not (self.workspace or self.generates or self.source_first)

    def below(self, path: str) -> str:
        """A path of the service as an absolute one of the image."""
        parts = [part for part in ("/app", self.folder, path) if part != "."]
        return "/".join(parts)


def data(plan: Plan) -> dict[str, Any]:
    """As plain JSON data."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(plan).items()}


def of(details: Mapping[str, Any]) -> Plan | None:
    """The plan that an analysis carries."""
    found = details.get(KEY)
    if not isinstance(found, dict):
        return None
    known = {field.name for field in fields(Plan)}
    held: dict[str, Any] = {name: value for name, value in found.items() if name in known}
    held |= {name: tuple(value) for name, value in held.items() if isinstance(value, list)}
    return Plan(**held)
