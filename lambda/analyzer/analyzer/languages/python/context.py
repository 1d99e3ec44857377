"""What the parts of the Python module share while they look at one service."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from analyzer import confidence
from analyzer.findings import Findings
from analyzer.languages.python.code import Code
from analyzer.languages.python.dependencies import Dependencies
from analyzer.languages.python.django import Site
from analyzer.languages.python.manifests import Manifests
from analyzer.model import Evidence, Start
from analyzer.project import Project


@dataclass(frozen=True, slots=True)
class Context:
    """One service, read."""

    project: Project
    manifests: Manifests
    dependencies: Dependencies
    code: Code
    site: Site | None

    @property
    def findings(self) -> Findings:
        """Where candidates go."""
        return self.project.findings

    def evidence(self, path: str, line: int | None = None) -> Evidence:
        """A place in the service."""
        return self.project.view.evidence(path, line)

    def port(self, default: int) -> int:
        """The port that was decided so far, which what a person declared comes first in."""
        best = self.findings.best("port")
        return best.value if best and best.confidence >= confidence.CHOSEN and isinstance(best.value, int) else default


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to start the service."""

    start: Start
    sureness: float
    reason: str
    evidence: tuple[Evidence, ...]
    kind: str
    _: KW_ONLY
    framework: str = ""
    file: str | None = None
    """The file that is started or served."""
    routes: str = ""
    """The file whose routes are the service's, when that is another one."""
    add: str = ""
    """A requirement that the image needs beside those declared."""
    environment: tuple[tuple[str, str], ...] = ()
    health: str = ""
    """A path that its tool answers by itself."""
    script: bool = False
    """Whether the service has to be installed for it to start."""
    root: str = ""
    """Folder to be put on the import path."""
    loopback: Evidence | None = None
    """Where it binds to the loopback interface, so that nothing outside the container reaches it."""
