"""What is no application, or is broken, or means harm: the analyzer says exactly what is wrong, and guesses nothing.

Sizes are scaled down here; tests/e2e/analyzer/test_negative.py has the full ones, with time and memory.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.analyze import analyze
from analyzer.failure import Failure
from analyzer.model import Analysis, Service
from analyzer.source.folder import of_folder
from analyzer.source.limits import Limits
from analyzer.source.memory import memory_tree
from tests.unit.analyzer import corpus
from tests.unit.analyzer.corpus import MALFORMED, TREES, Files

NO_LANGUAGE = "add the manifest of a language, such as pyproject.toml, package.json or go.mod, or a Dockerfile"
START = "add a Procfile with a line such as `web: gunicorn package.module:app`, or name the start in .slipway.toml"


def analysis_of(files: Files) -> Analysis:
    return analyze(memory_tree(files).view())


def service_of(files: Files) -> Service:
    (service,) = analysis_of(files).services
    return service


def told(analysis: Analysis) -> list[tuple[str, str]]:
    return [(warning.code, warning.message) for warning in analysis.warnings]


def warned(service: Service) -> dict[str, str]:
    return {warning.code: warning.message for warning in service.warnings}


def test_an_empty_folder() -> None:
    found = analysis_of(TREES["empty"])
    assert told(found) == [("empty_tree", "there is no file to analyze")]
    assert found.warnings[0].remedy == "check that the reference names the source, and that it is committed"
    assert found.services[0].fields["language"].missing == NO_LANGUAGE


@pytest.mark.parametrize("tree", ["prose", "binary junk"])
def test_what_is_in_no_language(tree: str) -> None:
    service = service_of({path: data for path, data in TREES[tree].items() if path != "app.py"})
    assert {name: field.value for name, field in service.fields.items() if field.value is not None} == {}
    assert service.fields["language"].missing == NO_LANGUAGE


def test_an_app_py_that_is_not_a_web_app() -> None:
    service = service_of(TREES["no web app"])
    assert (service.value("kind"), service.value("port"), service.value("framework")) == ("command", None, None)
    assert service.fields["kind"].reason == "app.py runs and shows no server"


def test_a_script() -> None:
    service = service_of(TREES["script"])
    assert (service.value("kind"), service.value("start").command) == ("command", "python app.py")
    assert (service.value("port"), service.value("health_path")) == (None, None)


def test_a_library() -> None:
    service = service_of(TREES["library"])
    assert (service.value("kind"), service.value("start")) == ("library", None)
    assert service.fields["kind"].reason == "it is a package without an entry point"
    assert service.fields["start"].missing == START
    assert warned(service) == {"library": "this is a library: it has no entry point to be started"}


def test_notebooks() -> None:
    service = service_of(TREES["notebooks"])
    assert (service.value("kind"), service.value("start")) == ("notebook", None)
    assert service.fields["kind"].reason == "there are notebooks and no program that can be started"
    assert service.fields["start"].missing == START


def test_two_frameworks() -> None:
    service = service_of(TREES["two frameworks"])
    start = service.fields["start"]
    assert (service.value("framework"), start.value.target) == ("flask", "app:app")
    assert "it wins over api:app because app.py is the more usual place" in start.reason
    assert "api:app" in [other.value.target for other in start.others]
    assert [other.value for other in service.fields["framework"].others] == ["fastapi"]


def test_conflicting_pins() -> None:
    service = service_of(TREES["conflicting pins"])
    assert service.value("runtime_version") == "3.12.4"
    assert warned(service)["versions_disagree"] == (
        "Python 3.12.4 of runtime.txt is used, but .python-version says 3.11, pyproject.toml says >=3.13"
    )
    (warning,) = (warning for warning in service.warnings if warning.code == "versions_disagree")
    assert [(row.path, row.line) for row in warning.evidence] == [
        ("runtime.txt", 1),
        (".python-version", 1),
        ("pyproject.toml", 4),
    ]


def test_windows_line_endings_change_nothing() -> None:
    unix = {path: str(data).replace("\r\n", "\n") for path, data in TREES["Windows"].items()}
    windows = service_of(TREES["Windows"])
    assert windows == service_of(dict(unix))
    assert (windows.value("start").argv, windows.value("runtime_version")) == (("gunicorn", "app:app"), "3.12")


def test_utf_16_is_read_where_its_mark_says_so() -> None:
    service = service_of(TREES["UTF-16"])
    assert (service.value("framework"), service.value("start").target) == ("flask", "app:app")
    assert service.fields["start"].evidence[0].line == 3


@pytest.mark.parametrize("manifest", [name for name in MALFORMED if name != ".slipway.toml"])
def test_malformed_manifests_are_named_with_their_line(manifest: str) -> None:
    kind, files, path, line = MALFORMED[manifest]
    found = [warning for warning in service_of(files).warnings if warning.code == "malformed_manifest"]
    assert [(row.path, row.line) for warning in found for row in warning.evidence] == [(path, line)]
    assert found[0].message.startswith(f"{path} is not valid {kind}: ")
    assert found[0].remedy == "mend the file: until then it is as if it were not there"


def test_a_malformed_settings_file_is_not_passed_over() -> None:
    with pytest.raises(Failure) as caught:
        analysis_of(MALFORMED[".slipway.toml"][1])
    assert (caught.value.code, str(caught.value)) == (
        "InvalidSettings",
        ".slipway.toml:1: not valid TOML: Expected newline or end of document after a statement",
    )


def in_folder(make: Callable[[Path], Path], folder: Path, limits: Limits | None = None) -> Analysis:
    return analyze(of_folder(make(folder), limits or Limits()))


def test_deep_nesting(tmp_path: Path) -> None:
    found = in_folder(corpus.deep, tmp_path)
    assert told(found) == [("tree_too_deep", "folders nested more deeply than is looked at are left out")]
    assert found.files == 32


def test_symlink_loops(tmp_path: Path) -> None:
    found = in_folder(corpus.loops, tmp_path)
    assert (found.files, told(found)) == (2, [])
    assert found.services[0].value("start").target == "app:app"


def test_names_with_line_feeds(tmp_path: Path) -> None:
    found = in_folder(corpus.line_feeds, tmp_path)
    assert told(found) == [
        (
            "names_left_out",
            "2 files or folders are left out: the name is not UTF-8, or has line feeds or other control characters",
        )
    ]
    assert found.services[0].value("framework") == "flask"


def test_more_files_than_are_looked_at(tmp_path: Path) -> None:
    found = in_folder(lambda folder: corpus.many(folder, 300, 100), tmp_path, Limits(files=120))
    assert told(found) == [
        (
            "tree_truncated",
            "the tree has more files than are looked at: the rest, deepest folders first, is as if it were not there",
        )
    ]
    assert (found.files, found.services[0].value("framework")) == (120, "flask")


def test_a_file_of_2_gb(tmp_path: Path) -> None:
    found = in_folder(lambda folder: corpus.huge(folder, 2_000_000_000), tmp_path)
    assert found.services[0].value("start").target == "app:app"
