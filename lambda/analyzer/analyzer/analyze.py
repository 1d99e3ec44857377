"""The analysis of a tree: find its services, read each into findings, decide, size."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analyzer import intent, needs, reading, services, sizing, start_command
from analyzer.findings import Findings
from analyzer.intent import stated_size
from analyzer.model import Analysis, Field, Process, Service
from analyzer.project import Project
from analyzer.resolve import completed, resolve
from analyzer.source.view import SourceView


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may ask for; part of the cache key."""

    service: str | None = None
    """Root of the only service to analyze, "." for the tree itself; None for all that are found."""
    assist: str | None = None
    """Id of the language model that `assist.assisted` asks about open fields afterwards; None: none is asked."""


def analyze(view: SourceView, key: str = "", options: Options | None = None) -> Analysis:
    """What is known about a tree. Raises Failure when the tree has no such service as asked for."""
    found = services.find(view, options.service if options else None)
    return Analysis(
        services=tuple(analyze_service(view, root, found.projects.get(root)) for root in found.roots),
        files=len(view.paths),
        key=key,
        warnings=(*view.cautions, *found.warnings),
    )


def analyze_service(whole: SourceView, root: str, read: Project | None = None) -> Service:
    """One service: what was read of it (anew unless it is given), then what it needs; decided and sized."""
    project = read or reading.read(whole, root)
    needs.read(project)
    intent.check(project)
    return stated_size.applied(sizing.sized(_service(project)))


def _service(project: Project) -> Service:
    findings = project.findings
    fields = completed(_with_port(resolve(findings)))
    service = Service(
        root=project.root,
        name=services.name_of(project),
        context=str(findings.details.get("context", project.root)),
        fields=fields,
        details=findings.details,
        processes=_processes(findings, fields),
        backing=tuple(sorted(findings.backing.values(), key=lambda backing: backing.engine)),
        variables=tuple(sorted(findings.variables.values(), key=lambda variable: variable.name)),
        system_packages=tuple(sorted(findings.system_packages)),
        build_packages=tuple(sorted(findings.build_packages)),
        dockerfile=findings.details.get("dockerfile"),
        warnings=tuple(findings.warnings),
    )
    return replace(service, details={key: service.details[key] for key in sorted(service.details)})


def _with_port(fields: dict[str, Field]) -> dict[str, Field]:
    """The start with the decided port instead of a variable."""
    start, port = fields["start"], fields["port"]
    if start.value is None or port.value is None:
        return fields
    value = start_command.with_port(start.value, port.value)
    others = (replace(other, value=start_command.with_port(other.value, port.value)) for other in start.others)
    different = tuple(other for other in others if other.value.command != value.command)
    return {**fields, "start": replace(start, value=value, others=different)}


def _processes(findings: Findings, fields: dict[str, Field]) -> tuple[Process, ...]:
    """The processes, that which starts first: a web process unless the service is a worker."""
    start, known = fields["start"], tuple(findings.processes.values())
    if start.value is None or fields["kind"].value not in ("web", "static", "worker", None):
        return known
    if fields["kind"].value != "worker":
        others = tuple(process for process in known if process.name != "web")
        return (Process("web", "web", start.value.command, evidence=start.evidence[:1]), *others)
    if any(process.kind != "release" for process in known):
        return known
    return (Process("worker", "worker", start.value.command, evidence=start.evidence[:1]), *known)
