"""The content key: the same for the same tree from any source, another for anything that an analysis may see."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID

from analyzer import key
from analyzer.analyze import Options
from analyzer.failure import Failure
from analyzer.key import content_key
from analyzer.source.archive import archive_tree
from analyzer.source.folder import folder_tree
from analyzer.source.git_tree import git_tree
from analyzer.source.limits import Limits
from analyzer.source.memory import memory_tree
from analyzer.source.readable import chosen, readable
from tests.unit.analyzer.test_source_archive import plain_tar
from tests.unit.analyzer.test_source_git import FILE, FOLDER, Store

FILES = {
    "app.py": b"import flask\r\n",
    "web/package.json": b"{}",
    "web/logo.png": b"\x89PNG",
    "z.lock": b"x" * 2_000_000,
}


def key_of(files: Mapping[str, bytes], options: Options | None = None) -> str:
    return content_key(memory_tree(files), options)


def test_the_same_tree_has_the_same_key_from_everywhere(tmp_path: Path) -> None:
    for path, data in FILES.items():
        (tmp_path / "folder" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / path).write_bytes(data)
    keys = {content_key(folder_tree(tmp_path / "folder")), key_of(FILES)}
    with closing(DiskObjectStore.init(tmp_path / "objects")) as made:
        store = Store(made)
        web = store.tree(
            *((name.encode(), FILE, store.blob(FILES[f"web/{name}"])) for name in ("package.json", "logo.png"))
        )
        rows: list[tuple[bytes, int, ObjectID]] = [(b"web", FOLDER, web)]
        rows += [(name.encode(), FILE, store.blob(FILES[name])) for name in ("app.py", "z.lock")]
        keys.add(content_key(git_tree(made, store.commit(store.tree(*rows)))))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in FILES.items():
            archive.writestr(f"top/{path}", data)
    for archived in (plain_tar(FILES), buffer.getvalue()):
        with archive_tree(io.BytesIO(archived)) as tree:
            keys.add(content_key(tree))
    assert len(keys) == 1


def test_what_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    base = key_of(FILES)
    others = [
        key_of(FILES | {"app.py": b"import django\n"}),
        key_of(FILES | {"new.png": b""}),
        key_of({path: data for path, data in FILES.items() if path != "web/logo.png"}),
        key_of({path.replace("web", "www"): data for path, data in FILES.items()}),
        key_of(FILES, Options(service="web")),
        key_of(FILES, Options()),
    ]
    monkeypatch.setattr(key, "VERSION", "other")
    others.append(key_of(FILES))
    assert len({base, *others}) == 8


@pytest.mark.parametrize("path", ["web/logo.png", "README.md", ".env", "data/rows.csv", "web/app.min.js", "LICENSE"])
def test_content_that_is_not_read_keeps_the_key(path: str) -> None:
    assert key_of(FILES | {path: b"one"}) == key_of(FILES | {path: b"two"})


def test_a_view_answers_nothing_that_the_key_does_not_cover() -> None:
    files = {f"{number:02}.py": b"x" for number in range(20)} | {"a/package.json": b"{}", "logo.png": b"x"}
    tree = memory_tree(files, Limits(read_files=5))
    read = {path for path in files if tree.view().read(path) is not None}
    assert read == set(tree.covered) == {"a/package.json", "00.py", "01.py", "02.py", "03.py"}


def test_a_key_is_64_hexadecimal_digits() -> None:
    assert len(bytes.fromhex(key_of({}))) == 32


READABLE = """
    Dockerfile Dockerfile.dev web.Dockerfile Containerfile Procfile Procfile.dev Makefile Gemfile Gemfile.lock Rakefile
    Pipfile Pipfile.lock pyproject.toml setup.py setup.cfg requirements.txt requirements-dev.txt requirements.in
    runtime.txt .python-version .nvmrc .node-version .ruby-version .tool-versions .go-version .sdkmanrc mise.toml
    package.json package-lock.json pnpm-lock.yaml pnpm-workspace.yaml yarn.lock bun.lock .npmrc .yarnrc.yml
    tsconfig.json deno.json deno.jsonc next.config.mjs vite.config.ts angular.json go.mod go.sum go.work pom.xml
    build.gradle
    build.gradle.kts settings.gradle.kts gradle/wrapper/gradle-wrapper.properties gradle/libs.versions.toml gradlew
    composer.json composer.lock artisan public/index.php app.csproj app.fsproj app.sln global.json Directory.Build.props
    appsettings.json Properties/launchSettings.json Cargo.toml Cargo.lock rust-toolchain.toml rust-toolchain mix.exs
    mix.lock config/runtime.exs rebar.config gleam.toml pubspec.yaml pubspec.lock bin/server.dart CMakeLists.txt
    meson.build compose.yaml docker-compose.yml fly.toml render.yaml railway.json app.json vercel.json netlify.toml
    .slipway.toml
    nixpacks.toml project.toml nginx.conf nginx.conf.template Caddyfile Staticfile index.html config.ru config/puma.rb
    bin/rails bin/start .env.example .env.sample env.example .env.production.example .dockerignore .buildpacks app.yaml
    schema.prisma web.config nuget.config elixir_buildpack.config start.sh src/main.rs src/App.tsx Aptfile conda.yml
""".split()  # noqa: SIM905 - a hundred of them


@pytest.mark.parametrize("path", READABLE)
def test_files_that_may_be_read(path: str) -> None:
    assert readable(path)


@pytest.mark.parametrize(
    "path",
    [
        ".env", ".env.local", ".env.production", "prod.env", ".envrc", ".netrc", ".pypirc", "id_rsa",
        "config/master.key", "cert.pem", ".streamlit/secrets.toml", "config/secrets.yml", "config/prod.secret.exs",
        "credentials.json",
        "config/credentials.yml.enc", "service-account.json", ".git-credentials", "README.md", "LICENSE", "LICENSE.txt",
        "logo.png", "data.csv", "notebook.ipynb", "jquery.min.js", "types.d.ts", "app.js.map", "style.css", "a.sql",
        "bun.lockb", "x.pyc", "lib/plain", "CHANGELOG",
    ],
)  # fmt: skip
def test_files_that_are_not_read(path: str) -> None:
    assert not readable(path)


def test_manifests_come_before_sources_and_the_root_before_the_depths() -> None:
    paths = ["a/b/c/package.json", "main.py", "a/main.py", "package.json"]
    assert [sorted(chosen(paths, Limits(read_files=most))) for most in (1, 2, 3)] == [
        ["package.json"],
        ["a/b/c/package.json", "package.json"],
        ["a/b/c/package.json", "main.py", "package.json"],
    ]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../a.py", "a/../../b.py", "", ".", "a//b.py", "a\nb.py", "C:/a.py", "..\\b.py"]
)
def test_paths_of_files_in_memory_are_checked(path: str) -> None:
    with pytest.raises(Failure) as caught:
        memory_tree({path: "x"})
    assert caught.value.code == "InvalidSource"


def test_files_in_memory_are_bounded() -> None:
    for limits in (Limits(files=1), Limits(read_bytes=3)):
        with pytest.raises(Failure) as caught:
            memory_tree({"a.py": "12", "b.py": "34"}, limits)
        assert caught.value.code == "TooLarge"


def test_text_that_is_no_text_is_no_crash() -> None:
    assert memory_tree({"a.py": "\ud800"}).view().text("a.py") == "?"
