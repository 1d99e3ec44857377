"""A few rules for Dockerfiles that people wrote: each finding is a warning with its line and what to do about it.

Not a style checker. A rule is here because breaking it costs a deploy its safety (root, secrets, unpinned or piped
downloads), its speed (dependencies behind the source), its size (apt's leftovers), or its clean shutdown (shell form).
"""

from __future__ import annotations

from analyzer.dockerfile_lint.rules import RULES
from analyzer.dockerfile_lint.stages import File, has_ignore_file, stages
from analyzer.project import Project


def check(project: Project) -> None:
    """Warns about the Dockerfile in `details["dockerfile"]`, a path in the whole tree; nothing when there is none."""
    path = project.findings.details.get("dockerfile")
    text = project.whole.text(path) if isinstance(path, str) else None
    if not isinstance(path, str) or not text:
        return
    found = tuple(stages(text))
    file = File(found, has_ignore_file(project.whole, path, project.root))
    for code, remedy, rule in RULES if found else ():
        for line, message in rule(file):
            project.findings.warn(code, message, project.whole.evidence(path, line, _shown(code)), remedy=remedy)


def _shown(code: str) -> str | None:
    """The line itself is the evidence, except where it may hold a secret."""
    return "" if code == "dockerfile_secret" else None
