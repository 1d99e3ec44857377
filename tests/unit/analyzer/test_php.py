"""PHP: what is served from which folder, what Composer says, and what belongs to the site."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analyzer.analyze import analyze
from analyzer.model import Service
from analyzer.source.view import of_memory

PAGE = "<?php echo 'hello';\n"
LARAVEL = {
    "composer.json": '{"require": {"php": "^8.2", "laravel/framework": "^11.0"}}',
    "artisan": "#!/usr/bin/env php\n<?php\n",
    "public/index.php": PAGE,
    "package.json": '{"private": true, "scripts": {"dev": "vite", "build": "vite build"}}',
    "vite.config.js": "",
}


def service(files: dict[str, str]) -> Service:
    return analyze(of_memory(dict(files))).services[0]


def composer(**manifest: Any) -> str:
    return json.dumps(manifest)


ROOTS: dict[str, tuple[dict[str, str], str, str | None]] = {
    "a page alone": ({"index.php": PAGE}, ".", None),
    "a page of short tags": ({"index.php": "<h1><?= 1 ?></h1>"}, ".", None),
    "a public folder": ({"public/index.php": PAGE, "composer.json": "{}"}, "public", None),
    "the folder of Paketo's samples": ({"htdocs/index.php": PAGE}, "htdocs", None),
    "an index that leads to public": (
        {"index.php": "<?php require __DIR__ . '/public/index.php';\n", "public/index.php": PAGE},
        "public",
        None,
    ),
    "laravel": (LARAVEL, "public", "laravel"),
    "symfony": (
        {"composer.json": composer(require={"symfony/framework-bundle": "7.*"}), "public/index.php": PAGE},
        "public",
        "symfony",
    ),
    "an older symfony": (
        {"composer.json": composer(require={"symfony/symfony": "3.*"}), "web/app.php": PAGE},
        "web",
        "symfony",
    ),
    "yii": ({"composer.json": composer(require={"yiisoft/yii2": "~2"}), "web/index.php": PAGE}, "web", "yii"),
    "cakephp": (
        {"composer.json": composer(require={"cakephp/cakephp": "5.*"}), "index.php": PAGE, "webroot/index.php": PAGE},
        "webroot",
        "cakephp",
    ),
    "wordpress": ({"wp-load.php": PAGE, "index.php": PAGE, "wp-content/x.php": PAGE}, ".", "wordpress"),
    "drupal in a folder that Composer names": (
        {
            "composer.json": composer(
                require={"drupal/core-recommended": "^10"},
                extra={"drupal-scaffold": {"locations": {"web-root": "docroot/"}}},
            ),
            "docroot/.gitkeep": "",
        },
        "docroot",
        "drupal",
    ),
    "what Heroku is told": (
        {"composer.json": "{}", "Procfile": "web: heroku-php-apache2 site/\n", "site/index.php": PAGE},
        "site",
        None,
    ),
    "what App Engine is told": (
        {"app.yaml": "runtime: php\nruntime_config:\n  document_root: web\n", "web/index.php": PAGE},
        "web",
        None,
    ),
    "pages beside HTML": ({"index.html": "<html>", "send.php": PAGE, "style.css": ""}, ".", None),
}


@pytest.mark.parametrize("name", ROOTS)
def test_the_folder_that_is_served(name: str) -> None:
    files, root, framework = ROOTS[name]
    found = service(files)
    assert found.value("language") == "php"
    assert found.value("kind") == "web"
    assert found.value("start").kind == "php-server"
    assert found.details["document_root"] == root
    assert found.value("framework") == framework


OTHER_STARTS = [
    ({"hello.php": PAGE}, "command", ("php", "hello.php")),
    (
        {"composer.json": composer(require={"hyperf/http-server": "~3"}), "bin/hyperf.php": PAGE},
        "web",
        ("php", "bin/hyperf.php", "start"),
    ),
    (
        {"composer.json": composer(require={"react/http": "^1"}), "server.php": "<?php\nlisten('0.0.0.0:8081');\n"},
        "web",
        ("php", "server.php"),
    ),
]


@pytest.mark.parametrize(("files", "kind", "argv"), OTHER_STARTS)
def test_programs_that_need_no_web_server(files: dict[str, str], kind: str, argv: tuple[str, ...]) -> None:
    found = service(files)
    assert found.value("kind") == kind
    assert found.value("start").argv == argv


def test_a_server_on_the_loopback_address_is_a_warning() -> None:
    found = service(
        {"composer.json": composer(require={"react/http": "^1"}), "server.php": "<?php\nlisten('127.0.0.1:8080');\n"}
    )
    assert found.value("port") == 8080
    assert "binds_loopback" in {warning.code for warning in found.warnings}


def test_a_package_is_a_library_and_a_function_a_function() -> None:
    package = {"composer.json": composer(type="library", autoload={"psr-4": {"A\\": "src/"}}), "src/A.php": PAGE}
    assert service(package).value("kind") == "library"
    function = {"composer.json": composer(require={"google/cloud-functions-framework": "^1"}), "index.php": PAGE}
    assert service(function).value("kind") == "function"
    assert service(function).fields["start"].missing


def test_several_pages_without_an_index_are_served() -> None:
    assert service({"a.php": PAGE, "b.php": PAGE}).value("start").kind == "php-server"


NOT_PHP = [
    {"requirements.txt": "flask\n", "app.py": "import flask\napp = flask.Flask('x')\n", "legacy/index.php": PAGE},
    {
        "package.json": '{"scripts": {"start": "node s.js"}}',
        "s.js": "",
        "composer.json": composer(**{"require-dev": {"squizlabs/php_codesniffer": "*"}}),
    },
    {"index.php": "no code in here", "index.html": "<html>"},
]


@pytest.mark.parametrize("files", NOT_PHP)
def test_php_beside_something_else_is_not_the_language(files: dict[str, str]) -> None:
    assert service(files).value("language") != "php"


VERSIONS = [
    (composer(require={"php": "^8.2"}), "{}", "8.4"),
    (composer(require={"php": "8.1.*"}), "{}", "8.1"),
    (composer(require={"php": ">=7.4"}, config={"platform": {"php": "8.2.10"}}), "{}", "8.2"),
    (composer(require={"a/b": "1"}), '{"packages": [{"name": "a/b", "require": {"php": "^7.4 || ~8.1.0"}}]}', "8.1"),
]


@pytest.mark.parametrize(("manifest", "lock", "version"), VERSIONS)
def test_the_version_is_one_that_every_package_runs_on(manifest: str, lock: str, version: str) -> None:
    files = {"composer.json": manifest, "composer.lock": lock, "index.php": PAGE}
    assert service(files).value("runtime_version") == version


def test_extensions_come_from_the_manifest_the_lock_and_the_environment() -> None:
    found = service(
        {
            "composer.json": composer(require={"ext-gd": "*", "ext-json": "*", "ext-nothing": "*"}),
            "composer.lock": '{"packages": [{"name": "a/b", "require": {"ext-intl": "*"}}]}',
            ".env.example": "DB_CONNECTION=pgsql\n",
            "index.php": PAGE,
        }
    )
    assert found.details["extensions"] == ["gd", "intl", "opcache", "pdo_pgsql"]
    assert {"libpq5", "libicu72", "libpng16-16"} <= set(found.system_packages)
    assert [warning.code for warning in found.warnings if "nothing" in warning.message] == ["unknown_extension"]


def test_pages_without_composer_tell_their_extensions_by_what_they_call() -> None:
    found = service({"index.php": "<?php\n$db = mysqli_connect('db');\n$r = new Redis();\n"})
    assert found.details["extensions"] == ["mysqli", "opcache", "redis"]


def test_laravel_brings_its_processes_health_and_front_end() -> None:
    found = service(
        LARAVEL
        | {
            "bootstrap/app.php": "<?php\nwithRouting(\n    health: '/up',\n)\n",
            "app/Jobs/Send.php": PAGE,
            "routes/console.php": "<?php\nSchedule::command('x')->daily();\n",
            "database/migrations/1_x.php": PAGE,
            ".env.example": "APP_KEY=\n",
        }
    )
    commands = {process.name: process.command for process in found.processes}
    assert commands["worker"] == "php artisan queue:work --tries=3"
    assert commands["scheduler"] == "php artisan schedule:work"
    assert commands["release"] == "php artisan migrate --force"
    assert found.value("health_path") == "/up"
    assert found.value("build_command") == "npm run build"
    assert "APP_KEY" in {variable.name for variable in found.variables}


def test_symfony_consumes_its_transports() -> None:
    found = service(
        {
            "composer.json": composer(
                require={"symfony/framework-bundle": "7.*", "doctrine/doctrine-migrations-bundle": "^3"}
            ),
            "public/index.php": PAGE,
            "migrations/V1.php": PAGE,
            "config/packages/messenger.yaml": "framework:\n  messenger:\n    failure_transport: failed\n"
            "    transports:\n      async: '%env(DSN)%'\n      failed: 'doctrine://'\n",
        }
    )
    commands = {process.name: process.command for process in found.processes}
    assert commands["worker"] == "php bin/console messenger:consume async"
    assert commands["release"].startswith("php bin/console doctrine:migrations:migrate")


RUBBISH = [
    ('{"require": ["a"], "config": [], "extra": 5, "repositories": "x", "scripts": 3, "type": 7}', '{"packages": {}}'),
    ('{"require": {"php": 8, "ext-../x": "*"}, "repositories": [7, {"type": "path", "url": 4}]}', '{"packages": [4]}'),
    ("{", "["),
    ("[]", '{"packages": [{"name": 5, "require": {"php": 8, "7": []}}]}'),
]


@pytest.mark.parametrize(("manifest", "lock"), RUBBISH)
def test_rubbish_is_read_over(manifest: str, lock: str) -> None:
    files = {
        "composer.json": manifest,
        "composer.lock": lock,
        "index.php": PAGE,
        "app.yaml": "- 1",
        "package.json": "5",
    }
    assert service(files).value("start").kind == "php-server"
