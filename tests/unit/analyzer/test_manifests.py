"""Parsers of manifests: plain data, or Malformed with a line; nothing else, whatever the text is."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

from analyzer import manifests
from analyzer.manifests import Malformed

PARSERS: dict[str, Callable[[str], Any]] = {
    "json": manifests.json_object,
    "toml": manifests.toml,
    "yaml": manifests.yaml_mapping,
    "xml": manifests.xml,
    "ini": manifests.ini,
}

READ = [
    ("json", '{"a": 1, "b": [true, null]}', {"a": 1, "b": [True, None]}),
    ("json", '// said\n{"a": "//x", /* and */ "b": [1, 2,],}', {"a": "//x", "b": [1, 2]}),
    ("json", '{"a": 1, "a": 2}', {"a": 2}),
    ("json", '{"node": 18.10}', {"node": "18.10"}),
    ("json", '{"a\\ud800": "\\udfff"}', {"a\ufffd": "\ufffd"}),
    ("toml", "a = 1\n[b]\nc = 'd'\n", {"a": 1, "b": {"c": "d"}}),
    ("toml", "python = 3.10\nday = 2026-01-31\n", {"python": "3.10", "day": "2026-01-31"}),
    ("yaml", "a: 1\nb: [x, true]\n", {"a": 1, "b": ["x", True]}),
    ("yaml", "python: 3.10\nday: 2026-01-31\n", {"python": "3.10", "day": "2026-01-31"}),
    ("yaml", "ports: [22:22, 0755, 80]\n", {"ports": ["22:22", "0755", 80]}),
    ("yaml", "on: push\n2026-01-31: x\n1: y\nnull: z\n", {"on": "push", "2026-01-31": "x", "1": "y", "null": "z"}),
    ("yaml", "a: 1\na: 2\n", {"a": 2}),
    ("yaml", "a: 1\n---\nb: [", {"a": 1}),
    ("yaml", "a: !Ref x\nb: !!python/object:os.system {c: d}\nc: !Sub [e]\n", {"a": "x", "b": {"c": "d"}, "c": ["e"]}),
    ("yaml", "a: !!bool maybe\nb: !!int x\nc: !!timestamp now\n", {"a": "maybe", "b": "x", "c": "now"}),
    ("yaml", "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n", {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}}),
    ("yaml", "? [a, b]\n: 1\nc: 2\n", {"c": 2}),
    ("ini", "[A]\nB = c\n  d\n; said\n[DEFAULT]\ne: f\n", {"A": {"b": "c\nd", "e": "f"}}),
    ("ini", "", {}),
]


@pytest.mark.parametrize(("kind", "text", "found"), READ)
def test_what_is_read(kind: str, text: str, found: Any) -> None:
    assert PARSERS[kind](text) == found


REFUSED = [
    ("json", "[1]", "the document is not a mapping", None),
    ("json", '{\n"a": }', "Expecting value", 2),
    ("json", "/* over\nlines */\n{b}", "Expecting property name enclosed in double quotes", 3),
    ("json", '{"a": NaN}', "NaN is not a number of JSON", None),
    ("json", '{"a": ' + "1" * 5000 + "}", "a number has too many digits", None),
    ("json", '{"a": ' + "1" * 30 + "}", "a number has too many digits", None),
    ("toml", "a = 1\nb = \n", "Invalid value", 2),
    ("toml", "a = 0x" + "f" * 5000, "a number has too many digits", None),
    ("toml", "a = 1\na = 2\n", "Cannot overwrite a value", 2),
    ("yaml", "a: b: c", "mapping values are not allowed here", 1),
    ("yaml", "- a", "the document is not a mapping", None),
    ("yaml", "", "the document is not a mapping", None),
    ("yaml", "a: 1\nb: *c\n", "found undefined alias 'c'", 2),
    ("yaml", "a: &a [*a]", "found unconstructable recursive node", 1),
    ("yaml", "# " + "x" * 200_000, "too large for a manifest", None),
    ("xml", "<a><b></a>", "mismatched tag", 1),
    ("xml", '<!DOCTYPE l [<!ENTITY a "b">]><l>&a;</l>', "it declares entities, which are not followed", None),
    ("xml", "", "no element found", 1),
    ("ini", "a = 1\n", "neither a section nor an assignment", 1),
    ("ini", "[a]\nb\n", "neither a section nor an assignment", 2),
]


@pytest.mark.parametrize(("kind", "text", "message", "line"), REFUSED)
def test_what_is_refused(kind: str, text: str, message: str, line: int | None) -> None:
    with pytest.raises(Malformed) as caught:
        PARSERS[kind](text)
    assert (str(caught.value), caught.value.line) == (message, line)


def _laughs(first: str, line: str) -> str:
    return first + "".join(
        line.format(own=own, many=",".join([f"*{other}"] * 10)) for other, own in pairwise("abcdefghi")
    )


BOMBS = {
    "yaml aliases": ("yaml", _laughs("a: &a [x]\n", "{own}: &{own} [{many}]\n")),
    "yaml merges": ("yaml", _laughs("a: &a {x: 1}\n", "{own}: &{own}\n  <<: [{many}]\n  {own}: 1\n")),
    "yaml many merges": ("yaml", "a: &a {x: 1}\nb:\n  <<: [" + "*a," * 1000 + "]\n"),
    "yaml flow": ("yaml", "a: " + "[" * 50_000),
    "yaml flow mappings": ("yaml", "{a: " * 3_000),
    "yaml dashes": ("yaml", "- " * 50_000),
    "yaml blocks": ("yaml", "\n".join(" " * depth + "a:" for depth in range(300))),
    "json arrays": ("json", "[" * 100_000),
    "json objects": ("json", '{"a":' * 500 + "1" + "}" * 500),
    "json comments": ("json", "{" + "/*" * 100_000),
    "json quotes": ("json", '{"' + '\\"' * 100_000),
    "toml key": ("toml", "a." * 100_000 + "b = 1"),
    "toml quoted key": ("toml", '"a".' * 100_000 + "b = 1"),
    "toml table": ("toml", "[" + "a." * 100_000 + "b]"),
    "toml arrays": ("toml", "a = " + "[" * 100_000),
    "xml elements": ("xml", "<a>" * 20_000 + "</a>" * 20_000),
    "xml wide": ("xml", "<r>" + "<a/>" * 250_000 + "</r>"),
    "ini lines": ("ini", "[a]\n" + "=\n" * 100_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(name: str) -> None:
    kind, text = BOMBS[name]
    with pytest.raises(Malformed):
        PARSERS[kind](text)


SEEDS = [
    ("json", '{"name": "x", "scripts": {"start": "node a.js"}, "engines": {"node": ">=18"}, "n": [1, -2.5e3, null]}'),
    ("toml", '[project]\nname = "x"\ndependencies = ["a>=1", "b"]\n[tool.x]\na.b = {c = 1, d = 2020-01-01}\n'),
    (
        "yaml",
        "services:\n  web: &w\n    build: .\n    ports: ['80:80']\n  b:\n    <<: *w\n    c: |\n      x\n    t: !x 1\n",
    ),
    ("xml", '<?xml version="1.0"?>\n<project xmlns="u"><a b="c">d</a><!-- e --><![CDATA[f]]>&amp;</project>'),
    ("ini", "[metadata]\nname = x\n[options]\ninstall_requires =\n  a\n  b\n; c\n"),
]
PIECES = [
    *"\0\t\n \"'\\{}[]<>&*!|?:-#=,.%@`~^\uffff\u2028é",
    "<<: *w",
    "\\ud800",
    "!!int ",
    "&w ",
    "1e999",
    "<!ENTITY ",
    "]]>",
    "---\n",
    '"""',
]


@pytest.mark.parametrize(("kind", "seed"), SEEDS)
def test_spoilt_text_is_read_or_malformed(kind: str, seed: str) -> None:
    random_ = random.Random(kind)
    for _ in range(300):
        text = seed
        for _ in range(random_.randint(1, 4)):
            at = random_.randrange(len(text) + 1)
            text = text[:at] + random_.choice([random_.choice(PIECES), ""]) + text[at + random_.choice([0, 0, 1, 5]) :]
        with suppress(Malformed):
            found = PARSERS[kind](text)
            assert kind == "xml" or json.dumps(found, ensure_ascii=False).encode()
