"""What the application needs around it: backing services, environment variables, worker and scheduled processes."""

from __future__ import annotations

from analyzer.project import Project


def read(project: Project) -> None:
    """Add backing services and variables to the findings."""
