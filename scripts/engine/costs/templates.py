"""CloudFormation templates as a flat list of resources, each knowing its stack and its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Template = Mapping[str, Any]
SHARED = "shared"
"""Owner of what belongs to no single service."""


@dataclass(frozen=True)
class Resource:
    """A resource where it stands."""

    stack: str
    """Stack key."""
    kind: str
    properties: Mapping[str, Any]
    neighbours: Mapping[str, Any]
    """All resources of its template, as written there."""

    def referred(self, value: Any) -> Mapping[str, Any] | None:
        """Properties of the resource of this template that a value refers to."""
        row = self.neighbours.get(str(value.get("Ref"))) if isinstance(value, Mapping) else None
        return row.get("Properties", {}) if row else None

    def named(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Properties of the resources of that type in this template."""
        return (row.get("Properties", {}) for row in self.neighbours.values() if row["Type"] == kind)


def owner_of(stack: str) -> str:
    """The service of a stack key, or `shared`."""
    kind, _, service = stack.partition("-")
    return service if kind in ("service", "release") and service else SHARED


def resources(templates: Mapping[str, Template]) -> list[Resource]:
    """Every resource of templates that are given by stack key."""
    return [
        Resource(key, row["Type"], row.get("Properties", {}), template.get("Resources", {}))
        for key, template in templates.items()
        for row in template.get("Resources", {}).values()
    ]


def text_of(value: Any) -> str:
    """A string, also one that CloudFormation joins; what only CloudFormation knows is left out of it."""
    if isinstance(value, Mapping) and "Fn::Join" in value:
        mark, parts = value["Fn::Join"]
        return str(mark).join(part if isinstance(part, str) else "" for part in parts)
    return value if isinstance(value, str) else ""
