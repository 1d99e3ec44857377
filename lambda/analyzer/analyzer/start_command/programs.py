"""What a program starts, by its name and words: the kind and the target of `model.Start`."""

from __future__ import annotations

import re
from collections.abc import Callable

from analyzer.start_command.options import (
    NODE_VALUES,
    NOT_SCRIPTS,
    PACKAGE_VALUES,
    SERVER_VALUES,
    WATCHER_VALUES,
    option,
    positional,
)
from analyzer.start_command.wrappers import program

Meaning = tuple[str, str | None]
Words = list[str]
OTHER: Meaning = ("other", None)

PYTHON = re.compile(r"(?:python|pypy)\d*(?:\.\d+)?t?")
NODE = re.compile(
    r"node|nodejs|tsx|ts-node|ts-node-esm|ts-node-dev|babel-node|nodemon|pm2-runtime|forever|esno|swc-node"
)
CONFIGURATION = re.compile(r"\.(?:json|ya?ml)$|\.config\.[cm]?js$")
"""What pm2 is given instead of a program."""
BUILD_TOOLS = ("mvnw", "gradlew", "mvn", "gradle")
WATCHERS = ("nodemon", "ts-node-dev", "pm2-runtime", "forever")
SCRIPT_FILE = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".jsx", ".tsx")
APPLICATION = re.compile(r"[A-Za-z_][\w.]*(?::[\w.]+(?:\(.*\))?)?")
"""A Python object as servers take it: module, module:variable or module:factory(...)."""

CONSOLE_MODULES = {"waitress": "waitress-serve", "fastapi_cli": "fastapi"}
"""Module that runs with `python -m` -> its program, where the names differ."""
STATIC_SERVERS = (
    "nginx",
    "http-server",
    "gostatic",
    "serve",
    "static-web-server",
    "lighttpd",
    "httpd",
    "sirv",
    "darkhttpd",
)
PHP_SERVERS = ("php-fpm", "frankenphp", "start-container.sh", "apache2-foreground", "rr", "apachectl", "apache2ctl")


def meaning(words: Words) -> Meaning:
    """The kind and target of a command without wrappers."""
    if not words or not words[0]:
        return OTHER
    name, rest = program(words[0]), words[1:]
    for matches, read in TABLE:
        if matches(name):
            return read(words[0], rest)
    return _by_path(words[0], rest)


def _application(words: Words) -> str | None:
    return next((word for word in positional(words, SERVER_VALUES) if APPLICATION.fullmatch(word)), None)


def _asgi(_: str, rest: Words) -> Meaning:
    return "asgi", _application(rest)


def _gunicorn(_: str, rest: Words) -> Meaning:
    worker = option(rest, "-k", "--worker-class") or next((word for word in rest if word.startswith("-kuvicorn")), "")
    if "uvicorn" in worker or "asgi" in worker:
        return "asgi", _application(rest)
    return "wsgi", _with_variable(_application(rest))


def _with_variable(target: str | None) -> str | None:
    """Servers look for `application` when no variable is named (gunicorn, "Running Gunicorn")."""
    return f"{target}:application" if target and ":" not in target else target


def _waitress(_: str, rest: Words) -> Meaning:
    return "wsgi", _with_variable(_application(rest))


def _granian(_: str, rest: Words) -> Meaning:
    return ("wsgi" if option(rest, "--interface") == "wsgi" else "asgi"), _application(rest)


def _uwsgi(_: str, rest: Words) -> Meaning:
    return "wsgi", option(rest, "--module", "-w", "--wsgi-file", "--wsgi", "--mount")


def _fastapi(_: str, rest: Words) -> Meaning:
    return ("asgi", None) if rest[:1] in (["run"], ["dev"]) else OTHER


def _streamlit(_: str, rest: Words) -> Meaning:
    files = [word for word in rest if word.endswith(".py")]
    return ("streamlit", files[0]) if rest[:1] == ["run"] and files else OTHER


def _python(_: str, rest: Words) -> Meaning:
    for index, word in enumerate(rest):
        if word == "-m" and index + 1 < len(rest):
            return _python_module(rest[index + 1], rest[index + 2 :])
        if word == "-c":
            return OTHER
        if not word.startswith("-") and (index == 0 or rest[index - 1] not in ("-W", "-X")):
            return "python-file", word
    return OTHER


def _python_module(module: str, rest: Words) -> Meaning:
    name = CONSOLE_MODULES.get(module, module)
    found = meaning([name, *rest])
    return found if found != OTHER else ("python-module", module)


def _node(word: str, rest: Words) -> Meaning:
    if script := option(rest, "--run"):
        return "package-script", script
    values = WATCHER_VALUES if program(word) in WATCHERS else NODE_VALUES
    files = positional(rest, values)
    files = files[1:] if files[:1] in (["start"], ["watch"]) and len(files) > 1 else files
    return ("node-file", files[0]) if files and not CONFIGURATION.search(files[0]) else OTHER


def _package(_: str, rest: Words) -> Meaning:
    found = positional(rest, PACKAGE_VALUES)
    if found[:1] == ["workspace"]:
        found = found[2:]
    found = found[1:] if found[:1] in (["run"], ["run-script"], ["task"]) else found
    if not found or found[0] in NOT_SCRIPTS:
        return OTHER
    return ("node-file" if found[0].endswith(SCRIPT_FILE) else "package-script"), found[0]


def _deno(word: str, rest: Words) -> Meaning:
    if rest[:1] == ["task"]:
        return _package(word, rest)
    files = [word for word in rest[1:] if word.endswith(SCRIPT_FILE)]
    return ("deno-file", files[0]) if rest[:1] in (["run"], ["serve"], ["start"]) and files else OTHER


def _task_runner(_: str, rest: Words) -> Meaning:
    """turbo, lerna: `turbo run start --filter=web`."""
    found = positional(rest, PACKAGE_VALUES)
    found = found[1:] if found[:1] == ["run"] else found
    return ("package-script", found[0]) if found else OTHER


def _ruby(_: str, rest: Words) -> Meaning:
    found = positional(rest, ("-I", "-r", "-C", "-e"))
    if found and program(found[0]) == "rails":
        return _rails(found[0], found[1:])
    return ("ruby-file", found[0]) if found and found[0].endswith(".rb") else OTHER


def _rails(_: str, rest: Words) -> Meaning:
    return ("rails-server", None) if rest[:1] in (["server"], ["s"]) else OTHER


def _java(_: str, rest: Words) -> Meaning:
    return ("jar", None) if "-jar" in rest else OTHER


def _php(_: str, rest: Words) -> Meaning:
    serving = "-S" in rest or rest[:2] in (
        ["artisan", "serve"],
        ["artisan", "octane:start"],
        ["artisan", "octane:frankenphp"],
    )
    return ("php-server", None) if serving else OTHER


def _mix(_: str, rest: Words) -> Meaning:
    return ("beam-release", None) if "phx.server" in rest else OTHER


def _shell(_: str, rest: Words) -> Meaning:
    files = positional(rest, ("-o",))
    return ("shell-script", files[0].removeprefix("./")) if files and "-c" not in rest else OTHER


def _caddy(_: str, rest: Words) -> Meaning:
    return ("static", None) if rest[:1] in (["run"], ["file-server"]) else OTHER


def _is(kind: str) -> Callable[[str, Words], Meaning]:
    return lambda _, __: (kind, None)


def _by_path(word: str, rest: Words) -> Meaning:
    """A program that is named by its path, or a script by its ending."""
    if word.endswith(".sh"):
        return "shell-script", word.removeprefix("./")
    if word.endswith(".py"):
        return "python-file", word
    if program(word) in BUILD_TOOLS:
        return OTHER
    if "/rel/" in word and rest[:1] == ["start"]:
        return "beam-release", None
    return ("binary", None) if "/" in word.rstrip("/") else OTHER


def _named(*names: str) -> Callable[[str], bool]:
    return lambda name: name in names


TABLE: tuple[tuple[Callable[[str], bool], Callable[[str, Words], Meaning]], ...] = (
    (_named("uvicorn", "hypercorn", "daphne"), _asgi),
    (_named("gunicorn"), _gunicorn),
    (_named("waitress-serve"), _waitress),
    (_named("granian"), _granian),
    (_named("uwsgi"), _uwsgi),
    (_named("fastapi"), _fastapi),
    (_named("streamlit"), _streamlit),
    (lambda name: PYTHON.fullmatch(name) is not None, _python),
    (lambda name: NODE.fullmatch(name) is not None, _node),
    (_named("npm", "pnpm", "yarn", "bun"), _package),
    (_named("deno"), _deno),
    (_named("turbo", "lerna"), _task_runner),
    (_named("ruby"), _ruby),
    (_named("rails"), _rails),
    (_named("puma"), _is("puma")),
    (_named("rackup"), _is("rackup")),
    (_named("java"), _java),
    (_named("php"), _php),
    (lambda name: name in PHP_SERVERS or name.startswith(("heroku-php-", "php-fpm")), _is("php-server")),
    (_named(*STATIC_SERVERS), _is("static")),
    (_named("caddy"), _caddy),
    (_named("mix", "elixir"), _mix),
    (_named("sh", "bash", "zsh", "ash", "dash"), _shell),
)
"""Programs by name, and how their words are read; first match wins."""
