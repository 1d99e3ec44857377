"""A recommendation of CPU and memory, with its reasons: a heuristic, and labelled as one."""

from __future__ import annotations

from analyzer.model import Service


def sized(service: Service) -> Service:
    """The service with its recommended size."""
    return service
