"""The fingerprint changes with what synthesis reads and with nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from settings import Service, Settings, SettingsError, Target
from settings.fingerprint import code_digest, fingerprint, fingerprints
from tests.unit.settings.conftest import refusal

CODE = '''"""What the cloud looks like."""

from stacks.parts import Table


class Ledger:
    """Keeps what happened."""

    limit = 10  # rows
    unused = None

    def build(self, name="ledger"):
        """Makes the table."""
        table = Table(name)
        return [table, 'x']
'''

Edit = Callable[[str], str]

WITHOUT_MEANING: dict[str, Edit] = {
    "comment": lambda code: code.replace("# rows", "# at most"),
    "comment line": lambda code: code + "\n# the end\n",
    "module docstring": lambda code: code.replace("What the cloud looks like.", "How it looks."),
    "class docstring": lambda code: code.replace('    """Keeps what happened."""\n\n', ""),
    "function docstring": lambda code: code.replace("Makes the table.", "Makes a table."),
    "blank lines": lambda code: code.replace("\n\n", "\n\n\n"),
    "quotes": lambda code: code.replace("'x'", '"x"').replace('"ledger"', "'ledger'"),
    "string prefix": lambda code: code.replace("'x'", "u'x'"),
    "line breaks": lambda code: code.replace("[table, 'x']", "[\n            table,\n            'x',\n        ]"),
    "brackets": lambda code: code.replace("Table(name)\n", "(Table(name))\n"),
    "line ends": lambda code: code.replace("\n", "\r\n"),
}

WITH_MEANING: dict[str, Edit] = {
    "a line more": lambda code: code.replace("        return", "        table.grant()\n        return"),
    "a line less": lambda code: code.replace("    limit = 10  # rows\n", ""),
    "another number": lambda code: code.replace("10", "11"),
    "another text": lambda code: code.replace("'x'", "'y'"),
    "text for a name": lambda code: code.replace("[table,", "['table',"),
    "None for 'None'": lambda code: code.replace("= None", "= 'None'"),
    "another default": lambda code: code.replace('name="ledger"', "name"),
    "another order": lambda code: code.replace("[table, 'x']", "['x', table]"),
    "another import": lambda code: code.replace("import Table", "import Table, Key"),
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "ledger.py").write_text(CODE, "utf-8")
    (tmp_path / "app.py").write_text("print(1)\n", "utf-8")
    (tmp_path / "lambda" / "analyzer").mkdir(parents=True)
    (tmp_path / "lambda" / "analyzer" / "handler.py").write_text("x = 1\n", "utf-8")
    (tmp_path / "cdk.json").write_text('{"app": "python app.py", "context": {"a": true}}', "utf-8")
    (tmp_path / "package.json").write_text('{"dependencies": {"aws-cdk": "2.1"}}', "utf-8")
    (tmp_path / "requirements.txt").write_text("aws-cdk-lib==2.0 \\\n    --hash=x\nboto3==1.0\nconstructs==10.0\n")
    return Settings(
        root=tmp_path,
        name="slipway",
        target=Target("local", "000000000000", "us-east-1", registry_host="localhost:4566"),
        services=(Service("one", "one", path="/one"), Service("two", "two")),
    )


def changed(settings: Settings, before: dict[str, str]) -> set[str]:
    """Keys whose fingerprint is another than before."""
    return {key for key, value in fingerprints(settings).items() if before.get(key) != value}


def write(settings: Settings, path: str, text: str) -> None:
    (settings.root / path).write_text(text, "utf-8", newline="")


@pytest.mark.parametrize("case", WITHOUT_MEANING)
def test_what_means_the_same_does_not_count(settings: Settings, case: str) -> None:
    before = code_digest(settings)
    edited = WITHOUT_MEANING[case](CODE)
    assert edited != CODE
    write(settings, "stacks/ledger.py", edited)
    assert code_digest(settings) == before


@pytest.mark.parametrize("case", WITH_MEANING)
def test_what_means_something_else_counts_for_every_stack(settings: Settings, case: str) -> None:
    before = fingerprints(settings)
    edited = WITH_MEANING[case](CODE)
    assert edited != CODE
    write(settings, "stacks/ledger.py", edited)
    assert changed(settings, before) == set(settings.stack_keys)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app.py", "print(2)\n"),
        ("stacks/another.py", "x = 1\n"),
        ("cdk.json", '{"app": "python app.py", "context": {"a": false}}'),
        ("package.json", '{"devDependencies": {"aws-cdk": "2.2"}}'),
        ("requirements.txt", "aws-cdk-lib==2.1 \\\n    --hash=x\nboto3==1.0\nconstructs==10.0\n"),
    ],
)
def test_other_inputs_of_synthesis_count_for_every_stack(settings: Settings, path: str, text: str) -> None:
    before = fingerprints(settings)
    write(settings, path, text)
    assert changed(settings, before) == set(settings.stack_keys)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cdk.json", '{ "context": {"a": true},\n  "app": "python app.py" }'),
        ("package.json", '{"dependencies": {"aws-cdk": "2.1", "x": "1"}, "name": "y"}'),
        ("requirements.txt", "aws-cdk-lib==2.0 ; python_version > '3'\nboto3==2.0\nconstructs==10.0 \\\n --hash=z\n"),
        ("stacks/notes.md", "nothing"),
        ("README.md", "nothing"),
    ],
)
def test_what_no_template_sees_does_not_count(settings: Settings, path: str, text: str) -> None:
    before = fingerprints(settings)
    write(settings, path, text)
    assert changed(settings, before) == set()


def test_a_setting_counts_for_its_own_service_alone(settings: Settings) -> None:
    before = fingerprints(settings)
    one, two = settings.services
    assert changed(replace(settings, services=(one, replace(two, port=9000))), before) == {"service-two"}
    assert changed(replace(settings, services=(two, one)), before) == set()


def test_a_new_service_counts_for_the_registry_and_not_for_its_neighbours(settings: Settings) -> None:
    before = fingerprints(settings)
    three = Service("three", "three", path="/three")
    assert changed(replace(settings, services=(*settings.services, three)), before) == {"registry", "service-three"}


@pytest.mark.parametrize(
    "change", [{"source": "elsewhere"}, {"dockerfile": "Other"}, {"build_args": (("A", "1"),)}], ids=str
)
def test_what_only_reaches_the_image_does_not_count(settings: Settings, change: dict[str, object]) -> None:
    before = fingerprints(settings)
    one, two = settings.services
    other = Service(**{**{name: getattr(one, name) for name in one.__dataclass_fields__}, **change})
    assert changed(replace(settings, services=(other, two)), before) == set()


def test_of_the_target_counts_what_reaches_a_template(settings: Settings) -> None:
    before, target = fingerprints(settings), settings.target
    for same in (replace(target, profile="me"), replace(target, rollout_timeout=60)):
        assert changed(replace(settings, target=same), before) == set()
    for other in (replace(target, network="private"), replace(target, registry_host="localhost:1")):
        assert changed(replace(settings, target=other), before) == set(settings.stack_keys)


def test_an_asset_counts_for_the_stack_that_packs_it(settings: Settings) -> None:
    before = fingerprints(settings)
    write(settings, "lambda/analyzer/handler.py", "x = 1  # a remark reaches the asset\n")
    assert changed(settings, before) == {"analysis"}


def test_bytecode_is_no_input(settings: Settings) -> None:
    before = fingerprints(settings)
    for folder in ("stacks", "lambda/analyzer"):
        (settings.root / folder / "__pycache__").mkdir()
        write(settings, f"{folder}/__pycache__/x.py", "x = 1")
    assert changed(settings, before) == set()


def test_a_fingerprint_is_16_hex_digits_and_the_same_again(settings: Settings) -> None:
    found = fingerprint(settings, "registry")
    assert len(found) == 16
    assert int(found, 16) >= 0
    assert fingerprint(settings, "registry") == found


@pytest.mark.parametrize("cache", ["", "{", "[]", '"x"', '{"a": 1}', "null", "\0"])
def test_a_broken_cache_does_not_matter(settings: Settings, cache: str) -> None:
    before = fingerprints(settings)
    write(settings, ".slipway/meaning.json", cache)
    assert fingerprints(settings) == before


def test_a_cache_with_wrong_values_is_not_believed(settings: Settings) -> None:
    before = fingerprints(settings)
    file = settings.root / ".slipway" / "meaning.json"
    file.write_text(json.dumps(dict.fromkeys(json.loads(file.read_text("ascii")), 7)), "ascii")
    assert fingerprints(settings) == before


def test_a_cache_that_cannot_be_written_does_not_matter(settings: Settings) -> None:
    before = fingerprints(settings)
    cache = settings.root / ".slipway" / "meaning.json"
    cache.unlink()
    cache.parent.rmdir()
    cache.parent.write_text("in the way", "ascii")
    assert fingerprints(settings) == before


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("stacks/ledger.py", "x = (\n", ("stacks/ledger.py, line 1", "not valid Python: '(' was never closed")),
        ("app.py", "x = 1\nif\n", ("app.py, line 2", "not valid Python: invalid syntax")),
        ("app.py", "x = '\0'\n", ("app.py", "not valid Python: source code string cannot contain null bytes")),
        (
            "cdk.json",
            '{"app": }',
            ("cdk.json", "not valid JSON: Expecting value: line 1 column 9 (char 8)"),
        ),
        ("package.json", "", ("package.json", "not valid JSON: Expecting value: line 1 column 1 (char 0)")),
    ],
)
def test_input_that_cannot_be_read_is_named(settings: Settings, path: str, text: str, message: tuple[str, str]) -> None:
    write(settings, path, text)
    with pytest.raises(SettingsError) as caught:
        fingerprints(settings)
    assert refusal(caught.value) == (*message, "correct that line")
