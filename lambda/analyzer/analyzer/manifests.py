"""Parsers of the formats of manifests: each takes text and raises Malformed, with the line where it is known."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from typing import Any


class Malformed(Exception):
    """The text is not of that format."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


COMMENTS = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.S)
TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])')
DEEP = "nested too deeply"
NESTED_FLOW = re.compile(r"(?:[\[{]\s*){64}")
"""Brackets over brackets, which PyYAML takes seconds to refuse."""


def json_object(text: str) -> dict[str, Any]:
    """A JSON object; comments and trailing commas, as in tsconfig.json or deno.jsonc, are read over."""
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise Malformed(DEEP) from error
    except ValueError:
        found = _json_with_comments(text)
    return _mapping(found)


def _json_with_comments(text: str) -> Any:
    plain = COMMENTS.sub(lambda found: found[1] or " ", text)
    try:
        return json.loads(TRAILING_COMMA.sub(lambda found: found[1] or " ", plain))
    except json.JSONDecodeError as error:
        raise Malformed(error.msg, error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise Malformed(DEEP) from error


def toml(text: str) -> dict[str, Any]:
    """A TOML document."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        raise Malformed(re.sub(r" \(at .*", "", str(error)), int(place[1]) if place else None) from error
    except (ValueError, RecursionError) as error:
        raise Malformed(DEEP) from error


def yaml_mapping(text: str) -> dict[str, Any]:
    """The first document of a YAML file, a mapping; tags become their plain values."""
    import yaml

    if NESTED_FLOW.search(text):
        raise Malformed(DEEP)
    try:
        return _mapping(yaml.load(text, Loader=_yaml_loader()))  # noqa: S506 - a SafeLoader below
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Malformed(error.problem or "cannot be read", line) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Malformed("cannot be read") from error


def _yaml_loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Knows no tag, follows no alias more than a manifest needs."""

    Loader.add_multi_constructor("!", _plain)
    return Loader


def _plain(loader: Any, _: str, node: Any) -> Any:
    import yaml

    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    return loader.construct_scalar(node)


def xml(text: str) -> Any:
    """The root element; a document with entity or external declarations is refused."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except ParseError as error:
        raise Malformed(str(error).partition(":")[0], error.position[0]) from error
    except DefusedXmlException as error:
        raise Malformed("it declares entities, which are not followed") from error


def ini(text: str) -> dict[str, dict[str, str]]:
    """Sections of an INI file, values as text."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise Malformed(error.message.partition("\n")[0], getattr(error, "lineno", None)) from error
    return {name: dict(parser.items(name, raw=True)) for name in parser.sections()}


def _mapping(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Malformed("the document is not a mapping")
    return found
