"""Versions of runtimes: notations, which file wins, ranges against the table, ends of life."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet
from semantic_version import NpmSpec, Version  # type: ignore[import-untyped]

from analyzer import confidence, versions
from analyzer.findings import Findings
from analyzer.model import Candidate
from analyzer.project import Project
from analyzer.source.view import of_memory
from analyzer.versions import Pin, pinfiles, schemes, table


def decided(
    product: str, *pins: tuple[str, str], files: dict[str, str] | None = None, root: str = "."
) -> tuple[str | None, Findings]:
    """The version for pins of the language's manifest (text, notation) and pin files."""
    findings = Findings()
    project = Project(of_memory(dict(files or {})), root, findings)
    rows = [Pin(text, scheme, "manifest requires it") for text, scheme in pins]
    return versions.decide(project, product, rows), findings


def best(findings: Findings) -> Candidate:
    found = findings.best("runtime_version")
    assert found
    return found


def codes(findings: Findings) -> list[str]:
    return [warning.code for warning in findings.warnings]


SINGLE = [
    ("python", "3.11.4", "exact", "3.11.4"),
    ("python", "3.11", "exact", "3.11"),
    ("python", "3", "exact", "3"),
    ("python", "python-3.11.4", "exact", "3.11.4"),
    ("python", "cpython@3.12.1", "exact", "3.12.1"),
    ("python", "3.13.0rc1", "exact", "3.13.0"),
    ("python", "==3.11.*", "pep440", "3.11"),
    ("python", ">=3.9", "pep440", "3.13"),
    ("python", ">=3.9,<3.12", "pep440", "3.11"),
    ("python", ">= 3.9, < 3.12", "pep440", "3.11"),
    ("python", "~=3.9.1", "pep440", "3.9"),
    ("python", "~=3.10", "pep440", "3.13"),
    ("python", "<=3.11", "pep440", "3.10"),  # 3.11.1 is above 3.11
    ("python", ">=3.10,<=3.11.4", "pep440", "3.10"),
    ("python", ">=3.11.2,<=3.11.4", "pep440", "3.11.4"),
    ("python", ">=3.10,!=3.13.*,!=3.12.*", "pep440", "3.11"),
    ("python", ">=3.14", "pep440", "3.14"),
    ("python", ">=3.99", "pep440", "3.99"),
    ("python", "<3.9", "pep440", "3.8"),
    ("python", "^3.9", "npm", "3.13"),
    ("python", ">3.12", "pep440", "3.13"),
    ("python", "latest", "exact", "3.14"),
    ("node", "20", "npm", "20"),
    ("node", "v20.1.0", "exact", "20.1.0"),
    ("node", "=22.2.0", "npm", "22.2.0"),
    ("node", "22.x", "npm", "22"),
    ("node", "22.x.x", "npm", "22"),
    ("node", ">=18", "npm", "24"),
    ("node", ">= 18.0.0", "npm", "24"),
    ("node", ">=18 <21", "npm", "20"),
    ("node", "^20.10.0", "npm", "20"),
    ("node", "~22.1.0", "npm", "22.1"),
    ("node", "18 - 22", "npm", "22"),
    ("node", "18.x || 20.x || >=22", "npm", "24"),
    ("node", "^18||^20", "npm", "20"),
    ("node", ">24", "npm", "26"),  # 25 has ended
    ("node", "<=18", "npm", "18"),
    ("node", "*", "npm", "24"),
    ("node", "lts/*", "exact", "24"),
    ("node", "lts", "exact", "24"),
    ("node", "lts/iron", "exact", "20"),
    ("node", "lts/-1", "exact", "22"),
    ("node", "latest", "npm", "26"),
    ("ruby", "ruby-3.2.1", "exact", "3.2.1"),
    ("ruby", "3.1.2p20", "exact", "3.1.2"),
    ("ruby", "~> 3.2", "gem", "3.4"),
    ("ruby", "~> 3.3.1", "gem", "3.3"),
    ("ruby", ">= 3.1, < 3.4", "gem", "3.3"),
    ("php", "^8.2", "composer", "8.4"),
    ("php", "~8.1", "composer", "8.4"),
    ("php", "~8.2.3", "composer", "8.2"),
    ("php", "8.2.*", "composer", "8.2"),
    ("php", "5.6.*|>=7.0", "composer", "8.4"),
    ("php", "^7.4 || ^8.0", "composer", "8.4"),
    ("php", ">=8.1 <8.4", "composer", "8.3"),
    ("php", "^7.2", "composer", "7.4"),
    ("php", ">=8.1@dev", "composer", "8.4"),
    ("go", "1.21", "go", "1.21"),
    ("go", "1.21.0", "go", "1.21.0"),
    ("go", "go1.22.3", "go", "1.22.3"),
    ("rust", "1.56.0", "cargo", "1.56.0"),
    ("rust", "stable", "exact", "1.98"),
    ("java", "17", "maven", "17"),
    ("java", "1.8", "maven", "1.8"),
    ("java", "temurin-21.0.2+13", "exact", "21.0.2"),
    ("java", "17.0.9-tem", "exact", "17.0.9"),
    ("java", "openjdk64-11.0.2", "exact", "11.0.2"),
    ("java", "22.3.r17-grl", "exact", "17"),
    ("java", "corretto-17", "exact", "17"),
    ("java", "graalvm-22.3.1+java11", "exact", "11"),
    ("java", "semeru-openj9-17.0.8+7_openj9-0.40.0", "exact", "17.0.8"),
    ("java", "oracle64-1.8.0.161", "exact", "1.8.0.161"),
    ("java", "openjdk17", "exact", "17"),
    ("dotnet", "net8.0", "dotnet", "8.0"),
    ("dotnet", "netcoreapp3.1", "dotnet", "3.1"),
    ("dotnet", "8.0.404", "exact", "8.0.404"),
    ("elixir", "~> 1.17", "gem", "1.19"),
]


@pytest.mark.parametrize(("product", "text", "scheme", "version"), SINGLE)
def test_a_pin_stays_and_a_range_is_solved(product: str, text: str, scheme: str, version: str) -> None:
    found, findings = decided(product, (text, scheme))
    assert found == version
    assert best(findings).confidence == confidence.DECLARED


@pytest.mark.parametrize(
    "specifier",
    [">=3.9", "<3.12", "~=3.9", "~=3.9.2", ">=3.9,!=3.10.*", "==3.11.*", "<=3.11", ">3.10", "!=3.9.5,>=3.9"],
)
def test_pep_440_as_packaging_reads_it(specifier: str) -> None:
    meaning = schemes.read(specifier, "pep440", "python")
    assert meaning
    for minor in range(7, 15):
        for patch in (0, 1, 2, 5, 30):
            inside = any(one.low <= (3, minor, patch) < one.high for one in meaning.allowed)
            assert inside == SpecifierSet(specifier).contains(f"3.{minor}.{patch}"), (minor, patch)


NPM_VERSIONS = [
    *((0, minor, patch) for minor in (12, 13) for patch in (0, 2, 3, 9)),
    *((major, minor, patch) for major in range(17, 24) for minor in (0, 1, 4, 5, 10, 11) for patch in (0, 2, 7)),
]


@pytest.mark.parametrize(
    "range_",
    [
        ">=18",
        "^20.10.0",
        "~20.10.0",
        "~20",
        "20.x",
        "18 - 20",
        ">18 <=20",
        "<20.5",
        "18 || >=22",
        "^0.12.3",
        ">=18.1.2 <21",
    ],
)
def test_npm_as_the_semantic_version_package_reads_it(range_: str) -> None:
    meaning = schemes.read(range_, "npm", "node")
    assert meaning
    for version in NPM_VERSIONS:
        inside = any(one.low <= version < one.high for one in meaning.allowed)
        assert inside == (Version("{}.{}.{}".format(*version)) in NpmSpec(range_)), version


FILES = [
    ("python", {".python-version": "# a comment\n3.11.11\n"}, "3.11.11"),
    ("python", {".python-version": "3.12.1 3.11\n"}, "3.12.1"),
    ("python", {"runtime.txt": "python-3.10.7\n"}, "3.10.7"),
    ("python", {".tool-versions": "nodejs 20.1.0\npython 3.9.23 3.8\n"}, "3.9.23"),
    ("python", {"mise.toml": '[tools]\npython = "3.10"\n'}, "3.10"),
    ("python", {".mise.toml": '[tools]\npython = ["3.12", "3.11"]\n'}, "3.12"),
    ("python", {".config/mise.toml": '[tools]\npython = {version = "3.11"}\n'}, "3.11"),
    ("python", {"mise.toml": "[tools]\npython = 3.11\n"}, "3.11"),
    ("node", {".nvmrc": "v22.2.0"}, "22.2.0"),
    ("node", {".nvmrc": "lts/jod"}, "22"),
    ("node", {".node-version": "20.11"}, "20.11"),
    ("node", {".tool-versions": "nodejs lts\n"}, "24"),
    ("node", {"mise.toml": '[tools]\n"core:node" = "lts"\n'}, "24"),
    ("go", {".go-version": "1.22.1"}, "1.22.1"),
    ("go", {".tool-versions": "golang 1.23"}, "1.23"),
    ("ruby", {".ruby-version": "ruby-3.2.1"}, "3.2.1"),
    ("java", {".java-version": "17"}, "17"),
    ("java", {".sdkmanrc": "# sdkman\njava=21.0.2-tem\n"}, "21.0.2"),
    ("java", {"system.properties": "java.runtime.version=11\n"}, "11"),
    ("php", {".php-version": "8.2"}, "8.2"),
    ("rust", {"rust-toolchain.toml": '[toolchain]\nchannel = "1.75.0"\n'}, "1.75.0"),
    ("rust", {"rust-toolchain": "1.70\n"}, "1.70"),
    ("dotnet", {"global.json": '{"sdk": {"version": "8.0.404", "rollForward": "latestMinor"}}'}, "8.0.404"),
    ("elixir", {".tool-versions": "erlang 26.2\nelixir 1.16.2-otp-26\n"}, "1.16.2"),
    ("elixir", {"elixir_buildpack.config": "elixir_version=1.17.3\n"}, "1.17.3"),
    ("gleam", {".tool-versions": "gleam 1.13.0\n"}, "1.13.0"),
    ("bun", {".bun-version": "1.2.3"}, "1.2.3"),
]


@pytest.mark.parametrize(("product", "files", "version"), FILES)
def test_every_pin_file_is_read(product: str, files: dict[str, str], version: str) -> None:
    found, findings = decided(product, files=files)
    assert (found, codes(findings).count("version_unreadable")) == (version, 0)
    assert best(findings).evidence[0].path == next(iter(files))


def test_the_line_of_a_pin_is_its_evidence() -> None:
    _, findings = decided("python", files={".tool-versions": "nodejs 20\npython 3.12\n"})
    assert (best(findings).evidence[0].line, best(findings).reason) == (2, ".tool-versions pins it")


def test_a_pin_chooses_within_what_the_manifest_allows() -> None:
    found, findings = decided("node", (">=18", "npm"), files={".nvmrc": "v22.2.0"})
    assert (found, best(findings).reason, codes(findings)) == ("22.2.0", ".nvmrc pins it", [])


def test_of_two_that_agree_the_more_exact_is_used() -> None:
    files = {".python-version": "3.12", "runtime.txt": "python-3.12.4"}
    assert decided("python", files=files)[0] == "3.12.4"


def test_a_manifest_s_minimum_does_not_contradict_a_newer_pin() -> None:
    found, findings = decided("go", ("1.23", "go"), files={"mise.toml": '[tools]\ngo = "1.26.3"'})
    assert (found, codes(findings)) == ("1.26.3", [])
    assert decided("go", ("1.21", "go"), ("go1.22.3", "go"))[0] == "1.22.3"


DISAGREEING = [
    ("python", [(">=3.12", "pep440")], {".tool-versions": "python 3.11.9"}, "3.11.9", "3.11.9 of .tool-versions"),
    ("node", [("22.x", "npm")], {".nvmrc": "20"}, "22", ".nvmrc says 20"),
    ("ruby", [("3.4.1", "gem")], {".ruby-version": "3.3.0"}, "3.4.1", ".ruby-version says 3.3.0"),
]


@pytest.mark.parametrize(("product", "pins", "files", "version", "message"), DISAGREEING)
def test_files_that_contradict_each_other_are_named(
    product: str, pins: list[tuple[str, str]], files: dict[str, str], *, version: str, message: str
) -> None:
    found, findings = decided(product, *pins, files=files)
    warning = next(one for one in findings.warnings if one.code == "versions_disagree")
    assert found == version
    assert message in warning.message


def test_what_a_person_states_wins() -> None:
    findings = Findings()
    findings.add("runtime_version", "3.12", confidence.STATED, ".slipway.toml states it")
    project = Project(of_memory({".python-version": "3.11"}), ".", findings)
    assert versions.decide(project, "python") == "3.12"
    assert codes(findings) == ["versions_disagree"]


def test_a_service_s_own_file_is_stronger_than_that_of_the_tree() -> None:
    files = {"api/main.py": "", "api/.python-version": "3.12", ".python-version": "3.11", ".nvmrc": "22"}
    found, findings = decided("python", files=files, root="api")
    assert (found, best(findings).evidence[0].path, codes(findings)) == ("3.12", "api/.python-version", [])
    assert decided("node", files=files, root="api")[0] == "22"


@pytest.mark.parametrize(
    ("product", "text", "scheme", "warned"),
    [
        ("python", "3.8", "exact", True),
        ("python", "3.11.4", "exact", False),
        ("python", "<3.9", "pep440", True),
        ("node", "16.x", "npm", True),
        ("java", "1.8", "maven", False),
        ("rust", "1.56", "cargo", False),
        ("python", "3.99", "exact", False),
    ],
)
def test_an_end_of_life_is_told(product: str, text: str, scheme: str, *, warned: bool) -> None:
    _, findings = decided(product, (text, scheme))
    assert codes(findings) == ["version_end_of_life"] * warned


RUBBISH = [
    "garbage",
    "3.x.y.z!",
    ">=",
    "||",
    "1.2.3.4.5 and more",
    "²",
    "\u0663.\u0661\u0661",
    "9" * 400,
    "$(id)",
    "\0",
    "[3.11]",
    "^^3",
]


@pytest.mark.parametrize("text", RUBBISH)
def test_rubbish_is_told_and_ignored(text: str) -> None:
    found, findings = decided("python", (text, "pep440"))
    assert (found, codes(findings)) == ("3.13", ["version_unreadable"])
    assert best(findings).confidence == confidence.DEFAULT


@pytest.mark.parametrize("text", ["system", "ref:v3", "path:/opt/python"])
def test_a_pin_without_a_release_says_nothing(text: str) -> None:
    assert codes(decided("rust", files={"rust-toolchain.toml": '[toolchain]\nchannel = "nightly"\n'})[1]) == []
    assert codes(decided("python", files={".tool-versions": f"python {text}\n"})[1]) == []


@pytest.mark.parametrize("name", sorted({*pinfiles.READERS, ".python-version", ".nvmrc"}))
@pytest.mark.parametrize(
    "text", ["", "\n\n", "\0", "[tools]\nnode = [[]]\n", "tools = 3", '{"sdk": []}', "[", "=", "python"]
)
def test_no_file_can_break_it(name: str, text: str) -> None:
    for product in ("python", "node", "java", "dotnet", "rust"):
        assert decided(product, files={name: text})[0] == versions.default(product)


def test_an_unknown_product_without_a_pin_cannot_be_told() -> None:
    found, findings = decided("zig")
    assert (found, findings.missing) == (
        None,
        {"runtime_version": "pin the version of zig in .tool-versions or mise.toml"},
    )
    assert decided("zig", files={".tool-versions": "zig 0.13.0"})[0] == "0.13.0"


@pytest.mark.parametrize(
    ("product", "version", "cycle"),
    [
        ("java", "1.8.0", "8"),
        ("java", "21.0.2", "21"),
        ("node", "20.1.0", "20"),
        ("python", "3.12.1", "3.12"),
        ("go", "1.99.2", "1.99"),
        ("dotnet", "8.0.404", "8.0"),
        ("zig", "0.13.0", "0.13"),
        ("python", "odd", "odd"),
    ],
)
def test_the_cycle_of_a_version(product: str, version: str, cycle: str) -> None:
    assert versions.cycle(product, version) == cycle


@pytest.mark.parametrize("product", sorted(table.ROWS))
def test_the_table_is_sound(product: str) -> None:
    known = table.product(product)
    assert known
    numbers = [schemes.parts_of(cycle.name) for cycle in known.cycles]
    default = next(cycle for cycle in known.cycles if cycle.name == known.default)
    assert numbers == sorted(numbers, reverse=True)
    assert not default.ended
