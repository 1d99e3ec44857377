"""Elements of a pom.xml, whatever their namespace, and its placeholders."""

from __future__ import annotations

import re
from typing import Any

PLACEHOLDER = re.compile(r"\$\{([\w.-]+)\}")


def child(element: Any, name: str) -> Any:
    """The child of that name, whatever its namespace."""
    return next((one for one in element if tag(one) == name), None) if element is not None else None


def tag(element: Any) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text(element: Any, *names: str) -> str:
    """The text of a descendant by its names; empty when there is none."""
    for name in names:
        element = child(element, name)
    return (element.text or "").strip() if element is not None else ""


def texts(element: Any, *names: str) -> list[str]:
    """The texts of the children of that name below others."""
    *above, last = names
    for name in above:
        element = child(element, name)
    return [(one.text or "").strip() for one in element if tag(one) == last] if element is not None else []


def filled(value: str, properties: dict[str, str]) -> str:
    """A value with its placeholders replaced, as far as they are known."""
    for _ in range(5):
        replaced = PLACEHOLDER.sub(lambda found: properties.get(found[1].replace("pom.", "project."), found[0]), value)
        if replaced == value:
            break
        value = replaced
    return value
