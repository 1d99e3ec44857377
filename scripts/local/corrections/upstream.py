"""MiniStack's modules, untyped: a correction reads and replaces names that are private to them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

Module = Any
Services = Callable[[str], Module]
"""From the name of a service (`ecs`) to its module."""


def service(name: str) -> Module:
    """A service module of MiniStack."""
    return import_module(f"ministack.services.{name}")


def part(name: str) -> Module:
    """Another module of MiniStack, such as `app` or `core.persistence`."""
    return import_module(f"ministack.{name}")
