"""YAML as plain data: no tags, no dates, text for what YAML 1.1 would turn into something else; bounded.

`on:` and `2024:` are keys of people's files, so keys stay text; `3.10` is a version and `22:22` a pair of ports, so
only plain whole numbers become numbers. Aliases are followed, since compose files use them, but neither aliases nor
merge keys may grow a document beyond what a person could have written.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

MERGES = 50
"""Mappings that one merge key may name."""
MERGED = 20_000
"""Entries that merge keys may bring into a document."""


class Loader(yaml.SafeLoader):
    """Reads one document; raises yaml.YAMLError."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge keys put in, as far as they do not multiply the document."""
        for key, value in node.value:
            if (
                key.tag == "tag:yaml.org,2002:merge"
                and len(value.value) > MERGES
                and isinstance(value, yaml.SequenceNode)
            ):
                raise yaml.constructor.ConstructorError(None, None, "too many merged mappings", node.start_mark)
        before = len(node.value)
        super().flatten_mapping(node)
        self.merged += len(node.value) - before
        if self.merged > MERGED:
            raise yaml.constructor.ConstructorError(None, None, "too many merged mappings", node.start_mark)

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        """A mapping with keys as they are written; of duplicate keys the last counts."""
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "expected a mapping", node.start_mark)
        self.flatten_mapping(node)
        found = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                found[str(key.value)] = self.construct_object(value, deep=deep)
        return found


def _plain(loader: Loader, _: str, node: yaml.Node) -> Any:
    """The value behind a tag that nobody here knows."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return str(node.value)


def _null(_: Loader, node: yaml.Node) -> Any:
    return None if isinstance(node, yaml.ScalarNode) else ""


def _bool(_: Loader, node: yaml.Node) -> Any:
    return yaml.SafeLoader.bool_values.get(str(node.value).lower(), str(node.value))


def _int(_: Loader, node: yaml.Node) -> Any:
    return int(node.value) if WHOLE.match(str(node.value)) else str(node.value)


TAG = "tag:yaml.org,2002:"
WHOLE = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})\Z", re.ASCII)
BOOL = re.compile(r"(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)\Z")


def _sequence(loader: Loader, node: yaml.Node) -> Any:
    if not isinstance(node, yaml.SequenceNode):
        raise yaml.constructor.ConstructorError(None, None, "expected a sequence", node.start_mark)
    return loader.construct_sequence(node, deep=True)


def _mapping(loader: Loader, node: yaml.Node) -> Any:
    return loader.construct_mapping(node, deep=True)


Loader.yaml_implicit_resolvers = {}
Loader.yaml_constructors = {}
"""SafeLoader's are left out: some raise what is no YAMLError, on `!!bool maybe`."""
Loader.add_multi_constructor("", _plain)
Loader.add_constructor(f"{TAG}null", _null)
Loader.add_constructor(f"{TAG}bool", _bool)
Loader.add_constructor(f"{TAG}int", _int)
Loader.add_constructor(f"{TAG}seq", _sequence)
Loader.add_constructor(f"{TAG}map", _mapping)
Loader.add_implicit_resolver(f"{TAG}merge", re.compile(r"<<\Z"), ["<"])
Loader.add_implicit_resolver(f"{TAG}null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
Loader.add_implicit_resolver(f"{TAG}bool", BOOL, list("yYnNtTfFoO"))
Loader.add_implicit_resolver(f"{TAG}int", WHOLE, list("-+0123456789"))


def first_document(text: str) -> Any:
    """The first document of a file; raises yaml.YAMLError, RecursionError or ValueError for what is none."""
    loader = Loader(text)
    try:
        return loader.get_data()  # False where there is no document
    finally:
        loader.dispose()
