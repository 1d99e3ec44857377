"""The image of a Python service."""

from __future__ import annotations

from analyzer.model import Service
from analyzer.render.recipe import Recipe


def recipe(service: Service) -> Recipe | None:
    """x"""
    return None
