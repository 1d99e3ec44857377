"""The image of a PHP service: Apache with PHP in it, which is one process, reads .htaccess, and needs no root.

The official image lets any user run it; only the port has to be one that needs no privilege. Programs that listen by
themselves, and scripts, get PHP without a web server.
"""

from __future__ import annotations

import re
from typing import Any

from analyzer.languages import assets
from analyzer.languages.compiled.image import apt
from analyzer.languages.debian import Release, release
from analyzer.languages.php.extensions import TABLE
from analyzer.languages.php.starting import APACHE
from analyzer.model import Service, Start
from analyzer.render.recipe import Command, Copy, Env, Expose, Health, Recipe, Run, Stage, Step, Workdir

DEBIAN = (
    Release("bookworm", (8, 3), {(8, 1): 20, (8, 2): 7}),
    Release("bullseye", (8, 1), {(7, 3): 30, (7, 4): 23, (8, 0): 10}),
    Release("buster", (7, 4), {(7, 1): 31, (7, 2): 21, (7, 3): 8}),
)
OTHERWISE = {"libicu72": "libicu67", "libffi8": "libffi7", "libldap-2.5-0": "libldap-2.4-2", "libwebp7": "libwebp6"}
"""Packages whose name holds a version of bookworm, and what they are called on bullseye."""
BUILT_IN_OPCACHE = (8, 5)
COMPOSER = "composer:2"
RUNS_PHP = re.compile(r"(?:^|&&|;)\s*(?:exec\s+)?php\s")
"""A command of PHP itself, such as its development server: it is run as it is written."""
TOOLS = ("git", "unzip")
"""What Composer unpacks and clones with."""
IGNORE = ("tests", "storage/logs/*", "bootstrap/cache/*.php", "var/cache", "var/log", "**/.phpunit*")
OPCACHE = ("opcache.enable=1", "opcache.validate_timestamps=0", "opcache.memory_consumption=128", "expose_php=0")
EXTENSION_FOLDERS = ("/usr/local/lib/php/extensions", "/usr/local/etc/php/conf.d")


def recipe(service: Service) -> Recipe | None:
    """The stages; None for a package, a function, or when the start is open."""
    start = service.value("start")
    version = str(service.value("runtime_version") or "")
    if not isinstance(start, Start) or not re.match(r"\d+\.\d+", version):
        return None
    served = _is_served(start)
    base = f"php:{version}-{'apache' if served else 'cli'}-{release(_parts(version), DEBIAN)}"
    node = service.details.get("assets")
    stages = [
        *([assets.stage(node)] if node else []),
        *([Stage(COMPOSER, (), "composer")] if service.details.get("manifest") else []),
        Stage(base, tuple(_extensions(service, version)), "extensions"),
        Stage("extensions", tuple(_build(service)), "build"),
        Stage(base, tuple(_final(service, start, version)), None),
    ]
    return Recipe(tuple(stages), tuple(_ignore(service)))


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _is_served(start: Start) -> bool:
    """Whether Apache serves it, whatever server a platform's own command names."""
    return "heroku-php-" in start.command or (start.kind == "php-server" and not RUNS_PHP.search(start.command))


def _extensions(service: Service, version: str) -> list[Step]:
    names = _names(service, version)
    steps: list[Step] = [*apt(service.build_packages)]
    commands = [f"docker-php-ext-configure {name} {TABLE[name].configure}" for name in names if TABLE[name].configure]
    if own := [name for name in names if not TABLE[name].pecl]:
        commands.append(f'docker-php-ext-install -j"$(nproc)" {" ".join(own)}')
    if pecl := [name for name in names if TABLE[name].pecl]:
        commands += [f"pecl install {' '.join(pecl)}", f"docker-php-ext-enable {' '.join(pecl)}", "rm -rf /tmp/pear"]
    return [*steps, Run(tuple(commands), downloads=bool(pecl))] if commands else steps


def _names(service: Service, version: str) -> list[str]:
    found = [str(name) for name in service.details.get("extensions") or () if name in TABLE]
    return [name for name in found if name != "opcache" or _parts(version) < BUILT_IN_OPCACHE]


def _build(service: Service) -> list[Step]:
    details, node = service.details, service.details.get("assets")
    steps: list[Step] = [Workdir("/app")]
    if service.value("framework") == "symfony":
        steps.append(Env((("APP_ENV", "prod"),)))
    if details.get("manifest"):
        steps += _packages(details)
    if node:
        steps += assets.steps(node)
    steps += [Copy((".",), "."), *_finish(service)]
    if node and node["build"]:
        steps.append(Run((str(node["build"]), "rm -rf node_modules"), downloads=True))
    return steps


def _packages(details: Any) -> list[Step]:
    """Composer's packages from the lock file alone, so that an edit of the source does not install them again."""
    files = ["composer.json", *(["composer.lock"] if details.get("lock") else [])]
    install = "composer install --no-dev --no-scripts --no-autoloader --prefer-dist --no-interaction --no-progress"
    return [
        *apt(TOOLS),
        Copy(("/usr/bin/composer",), "/usr/local/bin/composer", stage="composer"),
        Env((("COMPOSER_ALLOW_SUPERUSER", "1"),)),
        Copy(tuple(files), "./"),
        *(Copy((folder,), folder) for folder in details.get("package_folders") or ()),
        Run((install,), ("/root/.composer/cache",), downloads=True),
    ]


def _finish(service: Service) -> list[Step]:
    """Folders that are written, the class map, Composer's scripts, and what follows from the source alone."""
    details, framework = service.details, service.value("framework")
    folders = _writable(service)
    commands = [f"mkdir -p {' '.join(folders)}"] if folders else []
    if details.get("manifest"):
        commands.append("composer install --no-dev --optimize-autoloader --prefer-dist --no-interaction --no-progress")
    if framework == "laravel" and details.get("views"):
        commands.append("php artisan view:cache")
    if framework == "symfony" and details.get("console") and "post-install-cmd" not in details["composer_scripts"]:
        commands.append("php bin/console cache:warmup --no-debug")
    commands += [f"php bin/console {command}" for command in details.get("console_assets") or () if details["console"]]
    caches = ("/root/.composer/cache",) if details.get("manifest") else ()
    return [Run(tuple(commands), caches, downloads=bool(caches))] if commands else []


LARAVEL_STORAGE = (
    "storage/app/public",
    "storage/framework/cache/data",
    "storage/framework/sessions",
    "storage/framework/views",
    "storage/logs",
    "bootstrap/cache",
)


def _writable(service: Service) -> list[str]:
    if service.value("framework") in ("laravel", "lumen"):
        database = ["database"] if service.details.get("sqlite") else []
        return [*LARAVEL_STORAGE, *database]
    return [str(folder) for folder in service.details.get("framework_folders") or ()]


def _owned(service: Service) -> list[str]:
    """The folders of `_writable` by their tops."""
    if service.value("framework") in ("laravel", "lumen"):
        return ["storage", "bootstrap/cache", *(["database"] if service.details.get("sqlite") else [])]
    return _writable(service)


def _final(service: Service, start: Start, version: str) -> list[Step]:
    served = _is_served(start)
    old = release(_parts(version), DEBIAN) != "bookworm"
    packages = sorted(OTHERWISE.get(name, name) if old else name for name in service.system_packages)
    steps: list[Step] = [*apt(packages), *(Copy((path,), path, stage="extensions") for path in EXTENSION_FOLDERS)]
    steps.append(Run(tuple(_configure(service, served=served))))
    steps += [Workdir("/app"), Copy(("/app",), "/app", stage="build")]
    steps += [Copy((f"/app/{folder}",), f"/app/{folder}", stage="build", owned=True) for folder in _owned(service)]
    if variables := _variables(service):
        steps.append(Env(tuple(variables)))
    steps += _listening(service)
    return [*steps, Command(APACHE if served else start.argv)]


def _configure(service: Service, *, served: bool) -> list[str]:
    """PHP for production; Apache on the port that PORT names when the container starts."""
    settings = " ".join(f"'{line}'" for line in OPCACHE)
    commands = [
        'mv "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini"',
        f"printf '%s\\n' {settings} > \"$PHP_INI_DIR/conf.d/production.ini\"",
    ]
    if not served:
        return commands
    site = " ".join(f"'{line}'" for line in _virtual_host(service))
    return [
        *commands,
        "a2enmod rewrite headers > /dev/null",
        "echo 'Listen ${PORT}' > /etc/apache2/ports.conf",
        f"printf '%s\\n' {site} > /etc/apache2/sites-available/000-default.conf",
    ]


def _virtual_host(service: Service) -> list[str]:
    root = str(service.details.get("document_root") or ".")
    folder = "/app" if root == "." else f"/app/{root}"
    front = service.details.get("front")
    return [
        "ServerName localhost",
        "<VirtualHost *:${PORT}>",
        f"DocumentRoot {folder}",
        f"<Directory {folder}>",
        "AllowOverride All",
        "Require all granted",
        "Options -Indexes +FollowSymLinks",
        *([f"DirectoryIndex {front} index.html", f"FallbackResource /{front}"] if front else []),
        "</Directory>",
        '<DirectoryMatch "/\\.(?!well-known)">',
        "Require all denied",
        "</DirectoryMatch>",
        '<FilesMatch "^\\.|^composer\\.(json|lock)$|^package(-lock)?\\.json$">',
        "Require all denied",
        "</FilesMatch>",
        "</VirtualHost>",
    ]


def _variables(service: Service) -> list[tuple[str, str]]:
    framework, port = service.value("framework"), service.value("port")
    variables = [("PORT", str(port))] if port else []
    if framework in ("laravel", "lumen"):
        variables += [("APP_ENV", "production"), ("APP_DEBUG", "false"), ("LOG_CHANNEL", "stderr")]
    if framework == "symfony":
        variables += [("APP_ENV", "prod"), ("APP_DEBUG", "0")]
    return variables


def _listening(service: Service) -> list[Step]:
    port, path = service.value("port"), service.value("health_path")
    if not port:
        return []
    if not path:
        return [Expose(int(port))]
    asks = f"exit(@file_get_contents('http://127.0.0.1:'.getenv('PORT').'{path}') === false ? 1 : 0);"
    return [Expose(int(port)), Health(("php", "-r", asks))]


def _ignore(service: Service) -> list[str]:
    """Symfony keeps its defaults in .env, which is committed and read at run time; secrets are in .env.local."""
    vendored = ["vendor"] if service.details.get("manifest") else []
    return [*vendored, *IGNORE, *(["!.env"] if service.details.get("dotenv") else [])]
