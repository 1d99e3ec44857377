"""What the rules of Node.js are given: the service, its manifest, its workspace and package manager."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.languages.node import manifest, workspace
from analyzer.languages.node.manifest import Manifest
from analyzer.languages.node.scripts import Command, command
from analyzer.languages.node.workspace import Workspace
from analyzer.project import Project
from analyzer.source.view import SourceView


@dataclass(frozen=True, slots=True)
class App:
    """One Node.js service."""

    project: Project
    manifest: Manifest
    declared: bool
    """Whether there is a manifest; otherwise it is an empty one."""
    above: Workspace | None
    """The workspace that it is a member of."""
    own: Workspace | None
    """The workspace that it is the root of."""

    @property
    def view(self) -> SourceView:
        """The service's files."""
        return self.project.view

    @property
    def outer(self) -> Project:
        """The folder that packages are installed in: the workspace's root or the service's."""
        return self.above.project if self.above else self.project

    def depends(self, *packages: str) -> str | None:
        """The first of these packages that it depends on."""
        return self.manifest.depends(*packages)

    def command(self, script: str) -> Command:
        """What a script starts."""
        return command(self.manifest.scripts, script)

    def script(self, *names: str) -> str | None:
        """The first of these scripts that it has."""
        return next((name for name in names if name in self.manifest.scripts), None)


def read(project: Project) -> App:
    """The service's manifest and what is around it."""
    found = manifest.read(project)
    held = found or Manifest(project.view, manifest.NAMES[0], {})
    return App(project, held, found is not None, workspace.above(project), workspace.of(project))


def member(project: Project, above: Workspace) -> App:
    """The same for a package of a workspace that is known already."""
    found = manifest.read(project)
    held = found or Manifest(project.view, manifest.NAMES[0], {})
    return App(project, held, found is not None, above, None)
