"""The first part of an analysis: what people declared, then what the language of a service finds in it."""

from __future__ import annotations

from analyzer import intent, languages
from analyzer.findings import Findings
from analyzer.project import Project
from analyzer.resolve import resolve
from analyzer.source.view import SourceView

NO_LANGUAGE = "add the manifest of a language, such as pyproject.toml, package.json or go.mod, or a Dockerfile"


def read(whole: SourceView, root: str) -> Project:
    """A service with the findings of intent and language; `services` judges folders by them."""
    findings = Findings()
    project = Project(whole, root, findings)
    intent.read(project)
    for candidate in languages.detect(project):
        findings.add("language", candidate.value, candidate.confidence, candidate.reason, *candidate.evidence)
    if language := resolve(findings)["language"].value:
        languages.load(languages.module_of(language)).analyze(project)
    else:
        findings.cannot_tell("language", NO_LANGUAGE)
    return project
