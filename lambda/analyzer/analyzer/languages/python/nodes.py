"""Small questions about nodes of a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

MAIN = "__main__"
"""The scope of what runs only when the file itself is started."""


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below and the node itself, as `ast.walk` in another order and half the time."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                waiting += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                waiting.append(value)


def assignments(node: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Targets and values of an assignment; nothing for another statement."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value


def is_main_guard(node: ast.If) -> bool:
    """Whether a condition is `__name__ == "__main__"`, written either way round."""
    if not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    names = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return names and any(isinstance(side, ast.Constant) and side.value == MAIN for side in sides)
