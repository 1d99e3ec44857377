"""Folders of pages, generators of sites, and Deno."""

from __future__ import annotations

import json

import pytest

from analyzer.languages.static import site
from analyzer.render.files import image_files
from tests.unit.analyzer.node_service import manifest, service

SITES = [
    ({"index.html": ""}, ".", ""),
    ({"index.htm": ""}, ".", ""),
    ({"a.html": "", "b.html": ""}, ".", ""),
    ({"public/index.html": "", "nginx.conf": ""}, "public", ""),
    ({"dist/index.html": "", "dist/app.js": ""}, "dist", ""),
    ({"index.html": "", "js/app.js": "", "main.js": ""}, ".", ""),
    ({"Staticfile": "root: web\n", "web/index.html": ""}, "web", ""),
    ({"Staticfile": "index_fallback: true\n", "index.html": ""}, ".", "index.html"),
    ({"Staticfile": "pushstate: enabled\n", "index.html": ""}, ".", "index.html"),
    ({"Staticfile": "", "index.html": ""}, ".", ""),
    ({"Staticfile": "root: ../..\n", "index.html": ""}, ".", ""),
]


@pytest.mark.parametrize(("files", "folder", "page"), SITES)
def test_folders_of_pages(files: dict[str, str], folder: str, page: str) -> None:
    found = service(files)
    assert (found.value("language"), found.value("kind"), found.value("start").kind) == ("static", "static", "static")
    assert found.details["static"] == {"folder": folder, "fallback": page, "package": None}
    assert (found.value("port"), found.value("health_path")) == (8080, "/")


GENERATED = [
    ({"hugo.toml": "baseURL = 'x'\n", "content/a.md": ""}, "hugo", "public"),
    ({"config.yaml": "baseURL: x\npublishDir: docs\n", "themes/a/b": ""}, "hugo", "docs"),
    ({"config.toml": "base_url = 'x'\n", "content/a.md": ""}, "zola", "public"),
    ({"book.toml": "[book]\n", "src/SUMMARY.md": ""}, "mdbook", "book"),
]


@pytest.mark.parametrize(("files", "framework", "folder"), GENERATED)
def test_generators(files: dict[str, str], framework: str, folder: str) -> None:
    found = service(files)
    assert (found.value("language"), found.value("framework"), found.value("output_dir")) == (
        "static",
        framework,
        folder,
    )


def test_a_generator_that_debian_has_builds_in_a_stage() -> None:
    text = image_files(service({"hugo.toml": "baseURL = 'x'\n", "content/a.md": ""}))["Dockerfile"]
    assert "apt-get install -y --no-install-recommends hugo" in text
    assert "COPY --from=build /app/public /srv" in text


def test_one_that_debian_has_not_gets_no_image() -> None:
    assert image_files(service({"book.toml": "[book]\n"})) == {}


def test_the_image_of_pages() -> None:
    text = image_files(service({"index.html": ""}))["Dockerfile"]
    assert text.count("FROM ") == 1
    assert "COPY . /srv" in text
    assert 'ENTRYPOINT ["nginx", "-e", "stderr"]' in text
    assert "USER 10001:10001" in text


@pytest.mark.parametrize(
    ("page", "line"),
    [
        ("index.html", "try_files $uri $uri.html $uri/ /index.html;"),
        ("", "try_files $uri $uri.html $uri/ =404;"),
        ("404.html", "try_files $uri $uri.html $uri/ =404;"),
        ("x; }", "try_files $uri $uri.html $uri/ =404;"),
    ],
)
def test_pages_for_unknown_paths(page: str, line: str) -> None:
    assert any(line in row for row in site.configuration(page, 8080))


def test_nothing_but_temporary_folders_is_written_to() -> None:
    rows = [row.split() for row in site.configuration("", 8080) if "_path" in row or "pid " in row]
    assert rows
    assert all(row[1].startswith("/tmp/") for row in rows)


DENO = [
    ({"deno.json": "{}", "main.ts": ""}, "deno-file", "main.ts"),
    ({"deno.jsonc": "{ // x\n}", "src/index.ts": ""}, "deno-file", "src/index.ts"),
    ({"main.ts": "import { serve } from 'https://deno.land/std/http/server.ts'\n"}, "deno-file", "main.ts"),
    (
        {"deno.json": json.dumps({"tasks": {"start": "deno run -A --watch=routes/ dev.ts"}}), "main.ts": ""},
        "deno-file",
        "main.ts",
    ),
    ({"deno.json": json.dumps({"tasks": {"start": "deno run --allow-net src/a.ts"}})}, "other", None),
]


@pytest.mark.parametrize(("files", "kind", "target"), DENO)
def test_deno(files: dict[str, str], kind: str, target: str | None) -> None:
    found = service(files)
    start = found.value("start")
    assert (found.value("language"), start.kind, start.target) == ("deno", kind, target)


def test_a_task_runs_without_the_task_runner() -> None:
    found = service({"deno.json": json.dumps({"tasks": {"start": "deno run --allow-net a.ts"}}), "a.ts": ""})
    assert found.value("start").command == "deno task start"
    assert found.value("start").argv == ("deno", "run", "--allow-net", "a.ts")


def test_fresh() -> None:
    config = {"imports": {"$fresh/": "https://deno.land/x/fresh/"}}
    found = service({"deno.json": json.dumps(config), "main.ts": "", "dev.ts": ""})
    assert (found.value("framework"), found.value("port")) == ("fresh", 8000)


def test_the_image_of_deno() -> None:
    files = {"deno.json": "{}", "deno.lock": "{}", "main.ts": "Deno.serve({ port: 4000 }, () => new Response())"}
    text = image_files(service(files))["Dockerfile"]
    assert "deno cache --frozen main.ts" in text
    assert text.endswith('CMD ["deno", "run", "--allow-all", "main.ts"]\n')
    assert "PORT=4000" in text


@pytest.mark.parametrize("text", ["", "[", "[]", '{"tasks": 3}', '{"tasks": {"start": {}}}', '{"imports": []}'])
def test_rubbish_in_a_configuration_of_deno(text: str) -> None:
    assert service({"deno.json": text, "main.ts": ""}).value("language") == "deno"


@pytest.mark.parametrize("text", ["- a\n", "root: [1]\n", "root: {}\n", "\0", "a: b: c"])
def test_rubbish_in_a_staticfile(text: str) -> None:
    assert service({"Staticfile": text, "index.html": ""}).value("language") == "static"


def test_a_manifest_with_a_site_is_node() -> None:
    files = {"package.json": manifest({"build": "astro build"}, ["astro"]), "Staticfile": "index_fallback: false\n"}
    assert service(files).value("language") == "node"
