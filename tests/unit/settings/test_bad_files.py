"""A settings file that cannot be read as settings, and the message that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import SettingsError, load
from tests.unit.settings.conftest import SERVICE, TARGET, Loader, refusal

TOO_LONG = (
    "slipway.toml",
    "not valid TOML: a number is too long, or tables are nested too deeply",
    "correct that value",
)
NO_TARGETS = ("slipway.toml: targets", "no targets are defined", "add a table such as [targets.NAME]")
NO_SERVICES = ("slipway.toml: services", "no services are defined", "add a table such as [services.NAME]")
NAME = "use a lower-case name of letters, digits and single hyphens, at most {} characters"

FILES = {
    "malformed": (
        'name = "slipway',
        ("slipway.toml", "not valid TOML: Unterminated string (at end of document)", "correct that line"),
    ),
    "duplicate key": (
        TARGET + SERVICE + "port = 1\nport = 2\n",
        ("slipway.toml", "not valid TOML: Cannot overwrite a value (at line 8, column 9)", "correct that line"),
    ),
    "not UTF-8": (b'name = "\xff"', ("slipway.toml", "not UTF-8 text", "save the file as UTF-8")),
    "UTF-16": (
        'name = "slipway"'.encode("utf-16"),
        ("slipway.toml", "not UTF-8 text", "save the file as UTF-8"),
    ),
    "nested without end": ("a = " + "[" * 5000, TOO_LONG),
    "number without end": ("a = " + "9" * 5000, TOO_LONG),
    "empty": ("", NO_TARGETS),
    "only a remark": ("# nothing yet\n", NO_TARGETS),
    "no targets": (SERVICE, NO_TARGETS),
    "targets are no tables": ("targets = 3\n" + SERVICE, NO_TARGETS),
    "targets are a list": ('targets = ["local"]\n' + SERVICE, NO_TARGETS),
    "no services": (TARGET, NO_SERVICES),
    "services are empty": ("[services]\n" + TARGET, NO_SERVICES),
    "a target is no table": (
        SERVICE + '[targets]\nlocal = "here"\n',
        ("slipway.toml: targets.local", "'here' is not allowed", "use a table"),
    ),
    "a service is no table": (
        TARGET + "[services]\nhello = true\n",
        ("slipway.toml: services.hello", "True is not allowed", "use a table"),
    ),
    "unknown top key, nearly right": (
        'nane = "slipway"\n' + TARGET + SERVICE,
        ("slipway.toml: nane", "unknown key", "did you mean 'name'?"),
    ),
    "unknown top key": (
        "colour = 1\n" + TARGET + SERVICE,
        ("slipway.toml: colour", "unknown key", "known keys: default_target, name, services, targets"),
    ),
    "service table misspelt": (
        TARGET + "[service.hello]\n" + SERVICE,
        ("slipway.toml: service", "unknown key", "did you mean 'services'?"),
    ),
    "unknown target key": (
        TARGET + 'acount = "1"\n' + SERVICE,
        ("slipway.toml: targets.local.acount", "unknown key", "did you mean 'account'?"),
    ),
    "unknown service key": (
        TARGET + SERVICE + 'helth_path = "/"\n',
        ("slipway.toml: services.hello.helth_path", "unknown key", "did you mean 'health_path'?"),
    ),
    "a key with a line break": (
        TARGET + SERVICE + '"por\\nt" = 1\n',
        ("slipway.toml: services.hello.'por\\nt'", "unknown key", "did you mean 'port'?"),
    ),
    "a key without end": (
        "k" * 300 + " = 1\n" + TARGET + SERVICE,
        (
            "slipway.toml: '" + "k" * 56 + "...",
            "unknown key",
            "known keys: default_target, name, services, targets",
        ),
    ),
    "101 services": (
        TARGET + "".join(f'[services.s{n}]\nsource = "s"\npath = "/s{n}"\n' for n in range(101)),
        ("slipway.toml: services", "101 services", "one load balancer routes to at most 100"),
    ),
}  # fmt: skip

NAMES = {
    "Unicode": ('[services."café"]', "services.café", "'café'", 28),
    "upper case": ("[services.Hello]", "services.Hello", "'Hello'", 28),
    "double hyphen": ("[services.a--b]", "services.a--b", "'a--b'", 28),
    "hyphen last": ("[services.a-]", "services.a-", "'a-'", 28),
    "digit first": ("[services.1a]", "services.1a", "'1a'", 28),
    "a dot": ('[services."a.b"]', "services.a.b", "'a.b'", 28),
    "empty": ('[services.""]', "services.", "''", 28),
    "a command": ('[services."a;rm -rf /"]', "services.a;rm -rf /", "'a;rm -rf /'", 28),
    "too long": (f"[services.{'a' * 29}]", "services." + "a" * 29, f"'{'a' * 29}'", 28),
    "much too long": (f"[services.{'a' * 999}]", f"services.'{'a' * 56}...", f"'{'a' * 56}...", 28),
    "target too long": ("[targets.a123456789012]", "targets.a123456789012", "'a123456789012'", 12),
    "target in Unicode": ('[targets."prüfung"]', "targets.prüfung", "'prüfung'", 12),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_file(load_text: Loader, case: str) -> None:
    text, expected = FILES[case]
    with pytest.raises(SettingsError) as caught:
        load_text(text)
    assert refusal(caught.value) == expected


@pytest.mark.parametrize("case", NAMES)
def test_bad_table_name(load_text: Loader, case: str) -> None:
    header, where, shown, limit = NAMES[case]
    with pytest.raises(SettingsError) as caught:
        load_text(f"{TARGET}{SERVICE}{header}\n")
    assert refusal(caught.value) == (f"slipway.toml: {where}", f"{shown} is not allowed", NAME.format(limit))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, environ={})
    assert refusal(caught.value) == ("slipway.toml", "there is no settings file", "run inside a Slipway project")


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "slipway.toml").mkdir()
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, environ={})
    assert refusal(caught.value) == ("slipway.toml", "cannot be read: Is a directory", "check its permissions")


def test_the_error_reads_as_one_line(load_text: Loader) -> None:
    with pytest.raises(SettingsError, match=r"^slipway\.toml: services\.hello\.port: 0 is not allowed$"):
        load_text(TARGET + SERVICE + "port = 0\n")
