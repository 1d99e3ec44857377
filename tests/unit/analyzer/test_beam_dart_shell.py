"""Elixir, Gleam, Dart and shell: how they start, where they listen, and their images."""

from __future__ import annotations

import pytest

from analyzer import languages
from analyzer.analyze import analyze
from analyzer.languages.elixir import mix
from analyzer.model import Service
from analyzer.render.dockerfile import dockerfile
from analyzer.source.view import of_memory

PHOENIX = """defmodule Hello.MixProject do
  use Mix.Project

  def project do
    [
      app: :hello,
      elixir: "~> 1.14",
      aliases: aliases(),
      deps: deps()
    ]
  end

  def application do
    [mod: {Hello.Application, []}]
  end

  defp deps do
    [
      {:phoenix, "~> 1.7"}, # the framework
      {:ecto_sql, "~> 3.10"},
      # {:cowboy, "~> 2.0"},
      {:credo, "~> 1.7", only: [:dev, :test], runtime: false},
      {:bandit, "~> 1.2"}
    ]
  end

  defp aliases do
    [
      "assets.deploy": ["esbuild hello --minify", "phx.digest"]
    ]
  end
end
"""
RUNTIME = 'import Config\nport = String.to_integer(System.get_env("PORT") || "4001")\n'
GLEAM = 'name = "app"\ngleam = ">= 1.13.0"\n[dependencies]\nmist = ">= 4.0.0"\n'
MIST = "import mist\npub fn main() {\n  mist.new(handler)\n  |> mist.port(8000)\n  |> mist.start_http\n}\n"
SERVER = (
    "final port = int.parse(Platform.environment['PORT'] ?? '8085');\nserve(handler, InternetAddress.anyIPv4, port);\n"
)
FLUTTER = "name: web\ndependencies:\n  flutter:\n    sdk: flutter\n"


def service(files: dict[str, str]) -> Service:
    return analyze(of_memory(dict(files))).services[0]


def image(files: dict[str, str]) -> str:
    found = service(files)
    recipe = languages.load(found.value("language")).recipe(found)
    assert recipe
    return dockerfile(recipe, title="app")


STARTS: dict[str, tuple[dict[str, str], str, str, tuple[str, ...]]] = {
    "phoenix": ({"mix.exs": PHOENIX}, "elixir", "beam-release", ("/app/bin/hello", "start")),
    "a release with a name": (
        {"mix.exs": PHOENIX.replace("aliases: aliases()", "releases: [shop: [include_executables_for: [:unix]]]")},
        "elixir",
        "beam-release",
        ("/app/bin/shop", "start"),
    ),
    "gleam": (
        {"gleam.toml": GLEAM, "src/app.gleam": MIST},
        "gleam",
        "binary",
        ("/app/build/erlang-shipment/entrypoint.sh", "run"),
    ),
    "dart": ({"pubspec.yaml": "name: x\n", "bin/server.dart": SERVER}, "dart", "binary", ("/app/bin/server",)),
    "dart frog": (
        {"pubspec.yaml": "name: x\ndependencies:\n  dart_frog: ^1.0.0\n", "routes/index.dart": ""},
        "dart",
        "binary",
        ("/app/bin/server",),
    ),
    "flutter": ({"pubspec.yaml": FLUTTER, "web/index.html": "<html>"}, "dart", "static", ("nginx", "-e", "stderr")),
    "sh": ({"start.sh": "echo hello\n"}, "shell", "shell-script", ("sh", "start.sh")),
    "bash": ({"start.sh": "#!/usr/bin/env bash\necho hello\n"}, "shell", "shell-script", ("bash", "start.sh")),
    "zsh": ({"start.sh": "#!/bin/zsh\necho hello\n"}, "shell", "shell-script", ("zsh", "start.sh")),
    "ash": ({"run.sh": "#!/bin/ash\necho hello\n"}, "shell", "shell-script", ("sh", "run.sh")),
    "the only script": ({"job.bash": "echo hello\n"}, "shell", "shell-script", ("bash", "job.bash")),
}


@pytest.mark.parametrize("name", STARTS)
def test_how_it_starts(name: str) -> None:
    files, language, kind, argv = STARTS[name]
    found = service(files)
    assert found.value("language") == language
    assert (found.value("start").kind, found.value("start").argv) == (kind, argv)


PORTS = [
    ({"mix.exs": PHOENIX}, 4000),
    ({"mix.exs": PHOENIX, "config/runtime.exs": RUNTIME}, 4001),
    ({"mix.exs": PHOENIX.replace(":phoenix,", ":plug,"), "lib/a.ex": "{Bandit, plug: A, port: 8088}\n"}, 8088),
    ({"gleam.toml": GLEAM, "src/app.gleam": MIST}, 8000),
    ({"pubspec.yaml": "name: x\n", "bin/server.dart": SERVER}, 8085),
    ({"start.sh": "exec python3 -m http.server ${PORT:-8123}\n"}, 8123),
]


@pytest.mark.parametrize(("files", "port"), PORTS)
def test_where_it_listens(files: dict[str, str], port: int) -> None:
    found = service(files)
    assert found.value("port") == port
    assert found.value("kind") == "web"


KINDS = [
    ({"mix.exs": "defmodule L do\n  def project do\n    [app: :l]\n  end\nend\n"}, "library"),
    ({"gleam.toml": 'name = "lib"\n', "src/lib.gleam": "pub fn x() {}\n"}, "library"),
    ({"gleam.toml": 'name = "app"\n', "src/app.gleam": "pub fn main() {}\n"}, "command"),
    ({"pubspec.yaml": "name: lib\n", "lib/lib.dart": ""}, "library"),
    ({"pubspec.yaml": "name: cli\n", "bin/cli.dart": "void main() {}\n"}, "command"),
    ({"start.sh": "echo hello\n"}, "command"),
    ({"start.sh": "while true; do\n  sleep 5\ndone\n"}, "worker"),
]


@pytest.mark.parametrize(("files", "kind"), KINDS)
def test_what_kind_of_program_it_is(files: dict[str, str], kind: str) -> None:
    assert service(files).value("kind") == kind


LOOPBACK = [
    {"mix.exs": PHOENIX, "config/runtime.exs": "config :hello, http: [ip: {127, 0, 0, 1}]\n"},
    {"gleam.toml": GLEAM, "src/app.gleam": MIST},
    {"pubspec.yaml": "name: x\n", "bin/server.dart": "serve(handler, InternetAddress.loopbackIPv4, 8080);\n"},
]


@pytest.mark.parametrize("files", LOOPBACK)
def test_listening_on_the_loopback_address_is_a_warning(files: dict[str, str]) -> None:
    assert "binds_loopback" in {warning.code for warning in service(files).warnings}


def test_development_may_listen_on_the_loopback_address() -> None:
    files = {"mix.exs": PHOENIX, "config/dev.exs": "config :hello, http: [ip: {127, 0, 0, 1}]\n"}
    assert "binds_loopback" not in {warning.code for warning in service(files).warnings}


def test_mix_files_are_read_without_being_run() -> None:
    read = mix.read(of_memory({"mix.exs": PHOENIX}))
    assert (read.app, read.elixir, read.runs) == ("hello", "~> 1.14", True)
    assert list(read.deps) == ["phoenix", "ecto_sql", "bandit"]
    assert read.aliases == ["assets.deploy"]


def test_an_umbrella_without_a_release_says_what_to_add() -> None:
    umbrella = 'defmodule U do\n  def project do\n    [apps_path: "apps", deps: []]\n  end\nend\n'
    inside = PHOENIX.replace("app: :hello,", 'app: :hello,\n      deps_path: "../../deps",')
    found = service({"mix.exs": umbrella, "apps/web/mix.exs": inside})
    assert found.root == "."
    assert found.value("framework") == "phoenix"
    assert found.value("start") is None
    assert "releases" in found.fields["start"].missing


def test_an_umbrella_is_deployed_as_its_release() -> None:
    umbrella = 'defmodule U do\n  def project do\n    [apps_path: "apps", releases: [shop: []]]\n  end\nend\n'
    inside = PHOENIX.replace("app: :hello,", 'app: :hello,\n      deps_path: "../../deps",')
    found = service({"mix.exs": umbrella, "apps/web/mix.exs": inside})
    assert (found.root, found.value("kind")) == (".", "web")
    assert found.value("start").target == "shop"


def test_migrations_run_from_the_release() -> None:
    files = {
        "mix.exs": PHOENIX,
        "priv/repo/migrations/1.exs": "",
        "lib/hello/release.ex": "defmodule Hello.Release do\n  def migrate do\n  end\nend\n",
    }
    commands = {process.name: process.command for process in service(files).processes}
    assert commands["release"] == '/app/bin/hello eval "Hello.Release.migrate"'
    del files["lib/hello/release.ex"]
    assert "no_migration_command" in {warning.code for warning in service(files).warnings}


OTP = [("elixir 1.16.2\nerlang 26.2\n", "1.16.2-otp-26-slim"), ("elixir 1.16.2\nerlang 27.0\n", "1.16.2-slim")]


@pytest.mark.parametrize(("pins", "tag"), OTP)
def test_an_elixir_image_is_of_the_pinned_otp_where_there_is_one(pins: str, tag: str) -> None:
    text = image({"mix.exs": PHOENIX, "mix.lock": "%{}", ".tool-versions": pins})
    assert f"FROM elixir:{tag} AS build\n" in text
    assert text.index("COPY mix.exs mix.lock ./") < text.index("mix deps.get") < text.index("COPY . .")
    assert "mix assets.deploy" in text
    assert "mix release hello" in text
    assert "PHX_SERVER=true" in text


def test_assets_of_an_older_phoenix_are_built_with_node() -> None:
    older = PHOENIX.replace('"assets.deploy"', '"assets.other"')
    text = image(
        {"mix.exs": older, "assets/package.json": '{"scripts": {"build": "webpack"}}', "assets/package-lock.json": "{}"}
    )
    assert "COPY assets/package.json assets/package-lock.json assets/\n" in text
    assert "(cd assets && npm run build) && mix phx.digest" in text


def test_a_gleam_image_runs_the_shipment() -> None:
    text = image({"gleam.toml": GLEAM, "src/app.gleam": MIST, ".tool-versions": "gleam 1.13.0\n"})
    assert "FROM ghcr.io/gleam-lang/gleam:v1.13.0-erlang-slim AS build\n" in text
    assert 'CMD ["/app/build/erlang-shipment/entrypoint.sh", "run"]' in text


def test_a_dart_image_holds_one_program() -> None:
    text = image({"pubspec.yaml": "name: x\nenvironment:\n  sdk: ^3.4.0\n", "bin/server.dart": SERVER})
    assert "dart compile exe bin/server.dart -o bin/server" in text
    assert "FROM scratch\n" in text


def test_a_shell_image_has_what_the_script_calls() -> None:
    text = image({"start.sh": "#!/bin/zsh\n# wget is not called\nA=1 curl -s x | jq .\nif true; then git pull; fi\n"})
    assert "install -y --no-install-recommends curl git jq zsh &&" in text


NOT_SHELL = [
    {"index.html": "<html>", "deploy.sh": "aws s3 sync . s3://x\n"},
    {"requirements.txt": "flask\n", "app.py": "import flask\napp = flask.Flask('x')\n", "start.sh": "flask run\n"},
    {"one.sh": "", "two.sh": ""},
]


@pytest.mark.parametrize("files", NOT_SHELL)
def test_a_script_beside_something_else_is_not_the_language(files: dict[str, str]) -> None:
    assert service(files).value("language") != "shell"


RUBBISH = [
    {"mix.exs": "app: :\ndeps do {:x\n\x01"},
    {"gleam.toml": "name = 5\ndependencies = 3\ngleam = 4\n"},
    {"pubspec.yaml": "name: [1]\ndependencies: 4\nenvironment: []\n"},
    {"pubspec.yaml": "- 1\n"},
    {"start.sh": ""},
]


@pytest.mark.parametrize("files", RUBBISH)
def test_rubbish_is_read_over(files: dict[str, str]) -> None:
    assert service(files).value("language") in ("elixir", "gleam", "dart", "shell")
