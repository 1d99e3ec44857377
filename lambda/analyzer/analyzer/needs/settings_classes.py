"""Variables of pydantic settings classes, whose fields are read from the environment by their names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.model import Variable
from analyzer.needs.sources import Source
from analyzer.needs.variables import is_own, is_secret
from analyzer.source.view import SourceView


def read(view: SourceView, source: Source) -> Iterator[Variable]:
    """One variable a field of the classes that are derived from BaseSettings directly, each name once."""
    if source.language != "python" or "BaseSettings" not in source.text:
        return
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    found: dict[str, Variable] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(_name(base) == "BaseSettings" for base in node.bases):
            for variable in _fields(view, source.path, node):
                found.setdefault(variable.name, variable)
    yield from found.values()


def _fields(view: SourceView, path: str, settings: ast.ClassDef) -> Iterator[Variable]:
    prefix = _prefix(settings)
    for node in settings.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        name = (_alias(node.value) or f"{prefix}{node.target.id}").upper()
        if node.target.id != "model_config" and not is_own(name):
            place = view.evidence(path, node.lineno, node.target.id)
            yield Variable(name, _required(node), is_secret(name), (place,))


def _required(field: ast.AnnAssign) -> bool:
    """Whether a field has no default: no value, or Field() with neither `default` nor a first argument but `...`."""
    value = field.value
    if value is None:
        return not _may_be_none(field.annotation)
    if not isinstance(value, ast.Call) or _name(value.func) != "Field":
        return isinstance(value, ast.Constant) and value.value is Ellipsis
    if any(keyword.arg in ("default", "default_factory") for keyword in value.keywords):
        return False
    first = value.args[0] if value.args else None
    return first is None or (isinstance(first, ast.Constant) and first.value is Ellipsis)


def _may_be_none(annotation: ast.expr) -> bool:
    """`str | None`, `Optional[str]`."""
    nodes = list(ast.walk(annotation))
    return any(isinstance(node, ast.Constant) and node.value is None for node in nodes) or any(
        _name(node) == "Optional" for node in nodes if isinstance(node, ast.expr)
    )


def _alias(value: ast.expr | None) -> str | None:
    """The name that Field(alias=..., validation_alias=..., env=...) gives."""
    if not isinstance(value, ast.Call):
        return None
    named = {keyword.arg: keyword.value for keyword in value.keywords}
    for key in ("validation_alias", "alias", "env"):
        if isinstance(found := named.get(key), ast.Constant) and isinstance(found.value, str):
            return found.value
    return None


def _prefix(settings: ast.ClassDef) -> str:
    """`env_prefix` of SettingsConfigDict(...), of a plain dict, or of the inner class Config."""
    for node in ast.walk(settings):
        if isinstance(node, ast.keyword) and node.arg == "env_prefix":
            return _text(node.value)
        if isinstance(node, ast.Assign) and any(_name(target) == "env_prefix" for target in node.targets):
            return _text(node.value)
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if key is not None and _text(key) == "env_prefix":
                    return _text(value)
    return ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
