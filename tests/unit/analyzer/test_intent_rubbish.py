"""Whatever stands in a file of a platform, it is read without harm."""

from __future__ import annotations

import pytest

from analyzer.resolve import resolve
from tests.unit.analyzer.intent_service import read, value

NAMES = (
    *(
        "Procfile",
        "fly.toml",
        "render.yaml",
        "railway.json",
        "railway.toml",
        "railpack.json",
        "nixpacks.toml",
        "zbpack.json",
    ),
    *(
        "apprunner.yaml",
        "vercel.json",
        "netlify.toml",
        "app.yaml",
        "app.json",
        "heroku.yml",
        "project.toml",
        "Dockerfile",
    ),
    *("compose.yaml", ".do/app.yaml"),
)
RUBBISH: list[bytes | str] = [
    *(
        "",
        "\0\1",
        "[",
        "{}",
        "[]",
        "- a\n- b",
        "a: [",
        "]]>",
        "\ufeff",
        b"\xff\xfe\x00\xd8",
        "x\r\n\r\n",
        "web:",
        ": x",
        "FROM",
    ),
    *(
        "services: 1",
        "services: {a: 1, b: {build: 1}, c: {build: {context: [1]}}}",
        "env: 3\nruntime: [1]",
        "run: {web: {command: 4}}",
    ),
    '{"deploy": 1, "build": [], "env": {"A B": 1}, "addons": [1, {}], "cron": "x", "provider": 5, "start": 7}',
    '{"deploy": {"startCommand": {"a": 1}, "healthcheckPath": 5}, "healthchecks": {"web": [1]}, "outputDirectory": []}',
    "[deploy]\nstartCommand = 3\n[http_service]\ninternal_port = 'x'\nprocesses = 4\n[processes]\nweb = 1",
    "services: [1, {type: [1], startCommand: {a: b}, envVars: [x, {key: 1}], rootDir: 5, schedule: 1}]\ndatabases: x",
    "handlers: [1]\nruntime: python\nruntime_config: 5\nentrypoint: [x]\nenv_variables: []",
    "FROM\nFROM a AS\nEXPOSE x $Y\nCMD [1]\nENTRYPOINT []\nENV A\nHEALTHCHECK\nRUN <<EOF\nnever ends",
    "services: {a: {build: '../..', ports: x}, b: {build: ., ports: [1.5, null, {target: x}], environment: 4}}",
]


@pytest.mark.parametrize("text", RUBBISH)
def test_rubbish_is_harmless(text: bytes | str) -> None:
    for name in NAMES:
        found = read({name: text, "web/x": ""})
        resolve(found)
        read({name: text, "web/x": ""}, root="web")


def test_duplicates_deep_nesting_and_long_lines_are_harmless() -> None:
    deep = "[" * 3000
    files: dict[str, bytes | str] = dict.fromkeys(NAMES, deep)
    assert value(read(files), "start") is None
    files = dict.fromkeys(NAMES, "a" * 200000)
    read(files)
