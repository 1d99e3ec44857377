"""The table of languages: one module each, in the order in which they win when a tree is equally much of several.

A module defines `detect`, `analyze` and `recipe`; nothing else in the analyzer knows a language by name.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from analyzer.model import Candidate, Service
from analyzer.project import Project
from analyzer.render.recipe import Recipe

TABLE = (
    "php",
    "go",
    "java",
    "rust",
    "ruby",
    "elixir",
    "python",
    "deno",
    "dotnet",
    "node",
    "gleam",
    "dart",
    "cpp",
    "static",
    "shell",
)
"""Modules `analyzer.languages.<name>`. A server's language comes before the one that usually only builds its assets."""


class Language(Protocol):
    """What a language's module defines."""

    @staticmethod
    def detect(project: Project) -> Candidate | None:
        """Whether the service is written in this language: value is the language's name; None when nothing says so."""

    @staticmethod
    def analyze(project: Project) -> None:
        """Adds candidates, details, processes, packages and warnings to `project.findings`."""

    @staticmethod
    def recipe(service: Service) -> Recipe | None:
        """How its image is built, from the decided service alone; None when it has none or a needed field is open."""


OTHER_NAMES: dict[str, str] = {"scala": "java", "clojure": "java"}
"""Languages that a module speaks for beside its own name: language -> module."""


def module_of(language: str) -> str:
    """The module that speaks for a language."""
    return OTHER_NAMES.get(language, language)


def load(name: str) -> Language:
    """The module of a language; imported when it is first needed."""
    return cast(Language, import_module(f"analyzer.languages.{name}"))


def detect(project: Project) -> list[Candidate]:
    """What the languages say of a service, in the table's order."""
    found = (load(name).detect(project) for name in TABLE if find_spec(f"analyzer.languages.{name}"))
    return [candidate for candidate in found if candidate]
