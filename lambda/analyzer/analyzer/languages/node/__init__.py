"""Node.js and Bun: servers, frameworks that render on a server, pages that are built and served as files.

`manifest`, `managers` and `workspace` read what is declared; `frameworks` is the table of what is known by name;
`starting` decides how a project is served; `listening` reads sources; `recipe` writes the image.
"""

from __future__ import annotations

from analyzer.languages.node.analysis import analyze
from analyzer.languages.node.detection import detect
from analyzer.languages.node.recipe import recipe

__all__ = ["analyze", "detect", "recipe"]
