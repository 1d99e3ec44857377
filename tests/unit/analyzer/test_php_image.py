"""The images that are written for PHP services."""

from __future__ import annotations

import pytest

from analyzer import languages
from analyzer.analyze import analyze
from analyzer.render.dockerfile import dockerfile
from analyzer.render.dockerignore import dockerignore
from analyzer.render.recipe import Recipe
from analyzer.source.view import of_memory
from tests.unit.analyzer.test_php import LARAVEL, PAGE


def recipe(files: dict[str, str]) -> Recipe | None:
    return languages.load("php").recipe(analyze(of_memory(dict(files))).services[0])


def image(files: dict[str, str]) -> str:
    found = recipe(files)
    assert found
    return dockerfile(found, title="app")


def test_a_site_is_served_by_apache_on_the_port_of_the_environment() -> None:
    text = image({"index.php": PAGE})
    assert "FROM php:8.4-apache-bookworm\n" in text
    assert "Listen ${PORT}" in text
    assert "'DocumentRoot /app'" in text
    assert "PORT=8080" in text
    assert text.endswith('CMD ["apache2-foreground"]\n')
    assert "composer install" not in text


def test_laravel_installs_before_the_source_and_may_write_where_it_must() -> None:
    text = image(LARAVEL | {"composer.lock": "{}", "resources/views/x.blade.php": "", "package-lock.json": "{}"})
    assert text.index("COPY composer.json composer.lock ./") < text.index("COPY . .")
    assert text.index("npm ci") < text.index("COPY . .") < text.index("npm run build")
    assert "php artisan view:cache" in text
    assert "COPY --from=build --chown=10001:10001 /app/storage /app/storage" in text
    assert "config:cache" not in text
    assert "'DocumentRoot /app/public'" in text


def test_symfony_keeps_its_committed_defaults() -> None:
    found = recipe(
        {
            "composer.json": '{"require": {"symfony/framework-bundle": "7.*"}}',
            "public/index.php": PAGE,
            ".env": "APP_ENV=dev\n",
            "bin/console": PAGE,
        }
    )
    assert found
    assert dockerignore(found).splitlines()[-1] == "!.env"
    text = dockerfile(found, title="app")
    assert "ENV APP_ENV=prod" in text
    assert "php bin/console cache:warmup" in text


def test_extensions_are_compiled_apart() -> None:
    text = image({"composer.json": '{"require": {"ext-gd": "*", "ext-redis": "*", "php": "8.2.*"}}', "index.php": PAGE})
    last = text[text.rindex("FROM ") :]
    assert "docker-php-ext-configure gd --with-freetype" in text
    assert "pecl install redis" in text
    assert "libpng-dev" not in last
    assert "libpng16-16" in last
    assert "COPY --from=extensions /usr/local/lib/php/extensions /usr/local/lib/php/extensions" in last


STARTS = [
    ("web: php -S 0.0.0.0:$PORT -t .", "php:8.4-cli-bookworm", '"php", "-S"'),
    ("web: vendor/bin/heroku-php-nginx .", "php:8.4-apache-bookworm", "apache2-foreground"),
]


@pytest.mark.parametrize(("procfile", "base", "command"), STARTS)
def test_a_command_of_php_itself_is_run_as_it_is_written(procfile: str, base: str, command: str) -> None:
    text = image({"index.php": PAGE, "Procfile": f"{procfile}\n"})
    assert f"FROM {base}\n" in text
    assert command in text.splitlines()[-1]


def test_old_versions_are_on_the_debian_that_they_were_published_on() -> None:
    files = {"composer.json": '{"require": {"php": "7.4.*", "ext-intl": "*"}}', "index.php": PAGE}
    text = image(files)
    assert "FROM php:7.4-apache-bullseye\n" in text
    assert "libicu67" in text


def test_opcache_is_part_of_php_since_8_5() -> None:
    assert "ext-install" not in image({"composer.json": '{"require": {"php": "8.5.*"}}', "index.php": PAGE})


def test_packages_of_the_tree_are_there_before_composer_installs() -> None:
    manifest = '{"require": {"a/lib": "*"}, "repositories": [{"type": "path", "url": "./packages/*"}]}'
    text = image({"composer.json": manifest, "packages/lib/composer.json": "{}", "index.php": PAGE})
    assert text.index("COPY packages packages") < text.index("composer install")


def test_a_package_has_no_image() -> None:
    assert recipe({"composer.json": '{"type": "library", "autoload": {"psr-4": {}}}', "src/A.php": PAGE}) is None


MANAGERS = [
    ('{"scripts": {"build": "x"}}', "package-lock.json", "npm ci", None),
    ('{"scripts": {"build": "x"}}', "pnpm-lock.yaml", "pnpm install --frozen-lockfile", "npm install -g pnpm"),
    ('{"scripts": {"build": "x"}}', "yarn.lock", "yarn install --frozen-lockfile", "npm install -g yarn@1"),
    (
        '{"scripts": {"build": "x"}, "packageManager": "yarn@4.5.0"}',
        "yarn.lock",
        "yarn install --immutable",
        "npm install -g @yarnpkg/cli-dist@4.5.0",
    ),
]


@pytest.mark.parametrize(("manifest", "lock", "install", "program"), MANAGERS)
def test_a_front_end_is_built_by_its_package_manager(
    manifest: str, lock: str, install: str, program: str | None
) -> None:
    text = image({"index.php": PAGE, "package.json": manifest, lock: ""})
    assert f"COPY package.json {lock} ./\n" in text
    assert install in text
    assert (program or "ln -s ../lib/node_modules/npm/bin/npm-cli.js") in text
    assert ("npm install -g" in text) == bool(program)
