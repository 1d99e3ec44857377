"""Plain folders of HTML, and sites that a program without a language of its own builds (Hugo, Zola, mdBook)."""

from __future__ import annotations

from analyzer.languages.static.analysis import analyze, detect
from analyzer.languages.static.recipe import recipe

__all__ = ["analyze", "detect", "recipe"]
