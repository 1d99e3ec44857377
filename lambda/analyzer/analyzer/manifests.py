"""Parsers of the formats of manifests: each takes text and raises Malformed, with the line where it is known.

Nothing else is raised, whatever the text is, and what is returned is plain data that JSON can hold: mappings with text
as keys, lists, text, whole numbers, truth values, None. Numbers with a point stay text, since 3.10 is not 3.1. Values
nest at most DEPTH levels, and there are at most VALUES of them, so that nothing that walks them gets lost.
"""

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


DEPTH = 64
VALUES = 200_000
YAML_LENGTH = 150_000
"""Characters of YAML that are read: its parser takes a second for them."""
XML_ELEMENTS = 100_000

COMMENTS = re.compile(r'("(?:\\.|[^"\\\n])*+"?)|//[^\n]*|/\*.*?(?:\*/|\Z)', re.S)
TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\\n])*+"?)|,(?=\s*[}\]])')
"""Both match what is never closed up to its end: looking for the end again from each place would take hours."""
DEEP = "nested too deeply"
DIGITS = "a number has too many digits"
LARGE = "too large for a manifest"
NESTED_FLOW = re.compile(r"(?:[\[{]\s*+){64}")
"""Brackets over brackets, which PyYAML takes seconds to refuse."""
NESTED_BLOCK = re.compile(r"(?:[-?][ \t]++){64}")
"""The same with dashes."""
DOTTED = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""")
"""A dotted key of TOML so long that its parser takes time that grows with its square."""
INI_LINE = re.compile(r"\s|$|[#;]|\[[^\]]+\]|[^=:\s][^=:]*[=:]")
HALF = re.compile(r"[\ud800-\udfff]")
"""Half of a pair of code units, which `\\ud800` in JSON and YAML leaves behind and no file can hold."""


def json_object(text: str) -> dict[str, Any]:
    """A JSON object; comments and trailing commas, as in tsconfig.json or deno.jsonc, are read over."""
    try:
        found = _json(text)
    except RecursionError as error:
        raise Malformed(DEEP) from error
    except ValueError:
        found = _json_with_comments(text)
    return _mapping(found)


def _json(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _json_with_comments(text: str) -> Any:
    plain = COMMENTS.sub(lambda found: found[1] or _as_many_lines(found[0]), text)
    try:
        return _json(TRAILING_COMMA.sub(lambda found: found[1] or " ", plain))
    except json.JSONDecodeError as error:
        raise Malformed(error.msg, error.lineno) from error
    except RecursionError as error:
        raise Malformed(DEEP) from error
    except ValueError as error:
        raise Malformed(_told(error)) from error


def _as_many_lines(comment: str) -> str:
    """What stands for a comment, so that lines keep their numbers."""
    return " " + "\n" * comment.count("\n")


def toml(text: str) -> dict[str, Any]:
    """A TOML document."""
    if DOTTED.search(text):
        raise Malformed(DEEP)
    try:
        return _mapping(tomllib.loads(text, parse_float=str))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        raise Malformed(re.sub(r" \(at .*", "", str(error)), int(place[1]) if place else None) from error
    except RecursionError as error:
        raise Malformed(DEEP) from error
    except ValueError as error:
        raise Malformed(_told(error)) from error


def yaml_mapping(text: str) -> dict[str, Any]:
    """The first document of a YAML file, a mapping; tags become their plain values."""
    import yaml

    from analyzer.yaml_loader import first_document

    if len(text) > YAML_LENGTH:
        raise Malformed(LARGE)
    if NESTED_FLOW.search(text) or NESTED_BLOCK.search(text):
        raise Malformed(DEEP)
    try:
        found = first_document(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Malformed(error.problem or "cannot be read", line) from error
    except RecursionError as error:
        raise Malformed(DEEP) from error
    except (yaml.YAMLError, ValueError) as error:
        raise Malformed("cannot be read") from error
    return _mapping(found)


def xml(text: str) -> Any:
    """The root element; a document with entity or external declarations is refused."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if text.count("<") > 2 * XML_ELEMENTS:
        raise Malformed(LARGE)
    try:
        root = fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", _kept_lines, text))
    except ParseError as error:
        raise Malformed(str(error).partition(":")[0], error.position[0]) from error
    except DefusedXmlException as error:
        raise Malformed("it declares entities, which are not followed") from error
    except ValueError as error:
        raise Malformed("cannot be read") from error
    _check_elements(root)
    return root


def _kept_lines(found: re.Match[str]) -> str:
    """Nothing before the root but the line feeds, so that lines keep their numbers."""
    return "\n" * found[0].count("\n")


def _check_elements(root: Any) -> None:
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEPTH:
            raise Malformed(DEEP)
        level = [child for element in level for child in element]


def ini(text: str) -> dict[str, dict[str, str]]:
    """Sections of an INI file, values as text."""
    for number, line in enumerate(text.split("\n"), 1):
        if not INI_LINE.match(line):  # configparser collects all such lines, in time that grows with their square
            raise Malformed("neither a section nor an assignment", number)
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise Malformed("neither a section nor an assignment", getattr(error, "lineno", None)) from error
    return {name: dict(parser.items(name, raw=True)) for name in parser.sections()}


def _told(error: ValueError) -> str:
    """Python's own message about too many digits names its settings; ours does not."""
    return DIGITS if "digits" in str(error) else str(error)


def _mapping(found: Any) -> dict[str, Any]:
    """The document as plain data, when it is a mapping within the bounds."""
    if not isinstance(found, dict):
        raise Malformed("the document is not a mapping")
    plain = _Plain()
    mapping: dict[str, Any] = plain.of(found, DEPTH)
    return mapping


class _Plain:
    """Copies values to plain data and counts them; what aliases repeat counts each time, so that none can explode."""

    def __init__(self) -> None:
        self.left = VALUES

    def of(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if depth < 0:
            raise Malformed(DEEP)
        if self.left < 0:
            raise Malformed(LARGE)
        if isinstance(value, dict):
            return {_whole(str(key)): self.of(each, depth - 1) for key, each in value.items()}
        if isinstance(value, list):
            return [self.of(each, depth - 1) for each in value]
        if isinstance(value, str):
            return _whole(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return self._number(value)
        return str(value)

    def _number(self, value: int) -> int:
        if abs(value) >= 10**18:
            raise Malformed(DIGITS)
        return value


def _whole(text: str) -> str:
    return HALF.sub("\N{REPLACEMENT CHARACTER}", text)
