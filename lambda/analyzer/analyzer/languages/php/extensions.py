"""Extensions of PHP: which are wanted, which the official image has, and how the others get into it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer.languages.php.composer import Composer
from analyzer.languages.php.frameworks import Framework
from analyzer.model import Evidence
from analyzer.project import Project

BUILT_IN = frozenset(
    {
        "core",
        "ctype",
        "curl",
        "date",
        "dom",
        "fileinfo",
        "filter",
        "ftp",
        "hash",
        "iconv",
        "json",
        "libxml",
        "mbstring",
        "mysqlnd",
        "openssl",
        "pcre",
        "pdo",
        "pdo_sqlite",
        "phar",
        "posix",
        "readline",
        "random",
        "reflection",
        "session",
        "simplexml",
        "sodium",
        "spl",
        "sqlite3",
        "standard",
        "tokenizer",
        "xml",
        "xmlreader",
        "xmlwriter",
        "zlib",
    }
)
"""Compiled into the official images, as their description says."""


@dataclass(frozen=True, slots=True)
class Extension:
    """How an extension is compiled."""

    name: str
    building: tuple[str, ...] = ()
    """Debian packages for its compilation."""
    running: tuple[str, ...] = ()
    """Debian packages that it loads."""
    pecl: bool = False
    """Whether it comes from PECL rather than from PHP's own source."""
    configure: str = ""


TABLE = {
    extension.name: extension
    for extension in (
        Extension("bcmath"),
        Extension("bz2", ("libbz2-dev",)),
        Extension("calendar"),
        Extension("dba"),
        Extension("exif"),
        Extension("ffi", ("libffi-dev",), ("libffi8",)),
        Extension(
            "gd",
            ("libfreetype6-dev", "libjpeg62-turbo-dev", "libpng-dev", "libwebp-dev"),
            ("libfreetype6", "libjpeg62-turbo", "libpng16-16", "libwebp7"),
            configure="--with-freetype --with-jpeg --with-webp",
        ),
        Extension("gettext"),
        Extension("gmp", ("libgmp-dev",), ("libgmp10",)),
        Extension(
            "imap",
            ("libc-client-dev", "libkrb5-dev"),
            ("libc-client2007e",),
            configure="--with-kerberos --with-imap-ssl",
        ),
        Extension("intl", ("libicu-dev",), ("libicu72",)),
        Extension("ldap", ("libldap-dev",), ("libldap-2.5-0",)),
        Extension("mysqli"),
        Extension("opcache"),
        Extension("pcntl"),
        Extension("pdo_mysql"),
        Extension("pdo_pgsql", ("libpq-dev",), ("libpq5",)),
        Extension("pgsql", ("libpq-dev",), ("libpq5",)),
        Extension("shmop"),
        Extension("snmp", ("libsnmp-dev",), ("libsnmp40",)),
        Extension("soap", ("libxml2-dev",)),
        Extension("sockets"),
        Extension("sysvmsg"),
        Extension("sysvsem"),
        Extension("sysvshm"),
        Extension("tidy", ("libtidy-dev",), ("libtidy5deb1",)),
        Extension("xsl", ("libxslt1-dev",), ("libxslt1.1",)),
        Extension("zip", ("libzip-dev",), ("libzip4",)),
        Extension("amqp", ("librabbitmq-dev",), ("librabbitmq4",), pecl=True),
        Extension("apcu", pecl=True),
        Extension("ds", pecl=True),
        Extension("event", ("libevent-dev", "libssl-dev"), ("libevent-2.1-7",), pecl=True),
        Extension("grpc", ("zlib1g-dev",), pecl=True),
        Extension("igbinary", pecl=True),
        Extension("imagick", ("libmagickwand-dev",), ("libmagickwand-6.q16-6",), pecl=True),
        Extension("memcached", ("libmemcached-dev", "zlib1g-dev"), ("libmemcached11",), pecl=True),
        Extension("mongodb", ("libssl-dev",), pecl=True),
        Extension("msgpack", pecl=True),
        Extension("protobuf", pecl=True),
        Extension("rdkafka", ("librdkafka-dev",), ("librdkafka1",), pecl=True),
        Extension("redis", pecl=True),
        Extension("swoole", ("libssl-dev",), pecl=True),
        Extension("uuid", ("uuid-dev",), ("libuuid1",), pecl=True),
        Extension("yaml", ("libyaml-dev",), ("libyaml-0-2",), pecl=True),
    )
}
OF_PACKAGES = {
    "laravel/horizon": ("pcntl",),
    "mongodb/mongodb": ("mongodb",),
    "mongodb/laravel-mongodb": ("mongodb",),
    "phpoffice/phpspreadsheet": ("gd", "zip"),
    "intervention/image": ("gd",),
    "doctrine/doctrine-bundle": ("intl",),
    "filament/filament": ("intl", "zip"),
}
"""What packages need though their own requirements leave it open."""
CONNECTIONS = {"mysql": "pdo_mysql", "mariadb": "pdo_mysql", "pgsql": "pdo_pgsql", "postgresql": "pdo_pgsql"}
CONNECTION = re.compile(r"^\s*(?:DB_CONNECTION\s*=\s*[\"']?|DATABASE_URL\s*=\s*[\"']?)(\w+)")
USES = (
    (re.compile(r"\bmysqli(?:_connect)?\s*\("), "mysqli"),
    (re.compile(r"[\"']mysql:(?:host|dbname|unix)"), "pdo_mysql"),
    (re.compile(r"[\"']pgsql:(?:host|dbname)"), "pdo_pgsql"),
    (re.compile(r"\bpg_connect\s*\("), "pgsql"),
    (re.compile(r"new\s+\\?Redis\s*\("), "redis"),
    (re.compile(r"new\s+\\?Memcached\s*\("), "memcached"),
    (re.compile(r"new\s+\\?MongoDB\\"), "mongodb"),
    (re.compile(r"\bimagecreate(?:truecolor|from\w+)?\s*\("), "gd"),
)
SOURCES = 60
"""Files in which calls are looked for."""
ENVIRONMENTS = (".env.example", ".env.dist", ".env")


def wanted(project: Project, composer: Composer, framework: Framework | None) -> dict[str, Evidence | None]:
    """Names of the extensions to add to the image, with what asks for them, sorted."""
    found: dict[str, Evidence | None] = dict(composer.extensions())
    for package, names in OF_PACKAGES.items():
        if composer.requires(package):
            found |= {name: composer.evidence(package) for name in names if name not in found}
    found |= {name: None for name in (framework.extensions if framework else ()) if name not in found}
    found |= {name: where for name, where in _connections(project).items() if name not in found}
    if not composer.there:
        found |= {name: where for name, where in _called(project).items() if name not in found}
    found["opcache"] = found.get("opcache")
    named = {_name(name): where for name, where in found.items()}
    return {name: named[name] for name in sorted(named) if name not in BUILT_IN}


def _name(extension: str) -> str:
    """PHP reports some extensions by other names than they are compiled by."""
    return {"zend-opcache": "opcache", "zend opcache": "opcache"}.get(extension, extension.replace("-", "_"))


def _connections(project: Project) -> dict[str, Evidence]:
    """Drivers of the databases that the example environment names."""
    found = {}
    for path in ENVIRONMENTS:
        for number, line in enumerate(project.view.lines(path), 1):
            matched = CONNECTION.match(line)
            if matched and (driver := CONNECTIONS.get(matched[1].lower())):
                found[driver] = project.view.evidence(path, number, line)
    return found


def _called(project: Project) -> dict[str, Evidence]:
    """Extensions whose functions the source calls."""
    files = [path for path in project.view.match("*.php", "*/*.php") if not path.startswith("vendor/")][:SOURCES]
    found: dict[str, Evidence] = {}
    for path in files:
        text = project.view.text(path) or ""
        for pattern, name in USES:
            if name not in found and pattern.search(text) and (hit := project.view.find(path, pattern)):
                found[name] = hit[1]
    return found


def add(project: Project, composer: Composer, framework: Framework | None) -> None:
    """Adds the extensions and their Debian packages; one that nobody knows how to compile is a warning."""
    findings = project.findings
    names = wanted(project, composer, framework)
    for name, where in names.items():
        extension = TABLE.get(name)
        if extension is None:
            findings.warn(
                "unknown_extension",
                f"the PHP extension {name} is asked for, and it is not known how to install it",
                *([where] if where else []),
                remedy="write a Dockerfile that installs it",
            )
            continue
        findings.build_packages.update(extension.building)
        findings.system_packages.update(extension.running)
    findings.details["extensions"] = [name for name in names if name in TABLE]
