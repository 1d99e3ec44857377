"""What the application needs around it: backing services, environment variables, a Dockerfile without traps.

Dependencies are read from the manifests in the service's folder. A language's module that knows better (workspaces,
inherited manifests) puts the sorted names of all production dependencies into `details["dependencies"]`; they count in
addition. `engine_table` is the one place that knows what betrays which backing service.
"""

from __future__ import annotations

from analyzer import confidence, sizing
from analyzer.model import Backing, Variable
from analyzer.needs import backing, engines, example_files, settings, settings_classes, variables
from analyzer.needs.dependencies import production
from analyzer.needs.sources import sources
from analyzer.project import Project


def read(project: Project) -> None:
    """Add backing services and variables to the findings."""
    view, findings = project.view, project.findings
    dependencies = list(production(project))
    backing.of_dependencies(view, findings, dependencies)
    if heavy := sizing.heavy(dependency.name for dependency in dependencies):
        findings.details["heavy_libraries"] = heavy
    _told_by_language(project)
    for source in sources(view):
        for variable in (*variables.read(view, source), *settings_classes.read(view, source)):
            findings.variable(variable)
        for engine, sureness, place in settings.of_source(view, source):
            findings.back(Backing(engine, sureness, (), (place,)))
    for engine, sureness, place in settings.of_files(view):
        findings.back(Backing(engine, sureness, (), (place,)))
    backing.of_variables(findings)
    _read_examples(project)
    backing.doubt_choices(findings)
    backing.of_users(view, findings, dependencies)
    backing.assign_variables(findings)
    backing.warn_of_files(findings)
    if findings.details.get("dockerfile"):
        from analyzer import dockerfile_lint

        dockerfile_lint.check(project)


def _told_by_language(project: Project) -> None:
    told = project.findings.details.get("dependencies")
    for name in told if isinstance(told, list | tuple) else ():
        if engine := engines.of_client(name) if isinstance(name, str) else None:
            project.findings.back(Backing(engine, confidence.PROVEN))


def _read_examples(project: Project) -> None:
    """Names of an example file are variables; whether they are required only the source can tell."""
    found = list(example_files.examples(project.view))
    for example in found:
        if not variables.is_own(example.name):
            secret = variables.is_secret(example.name)
            project.findings.variable(
                Variable(example.name, required=False, secret=secret, evidence=(example.evidence,))
            )
    backing.of_examples(project.findings, found)
