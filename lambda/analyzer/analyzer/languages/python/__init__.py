"""Python: entry points by the syntax tree, never by a guess; servers, ports, health paths and images that follow."""

from __future__ import annotations

from analyzer.languages.python.analysis import analyze
from analyzer.languages.python.detection import detect
from analyzer.languages.python.recipe import recipe

__all__ = ["analyze", "detect", "recipe"]
