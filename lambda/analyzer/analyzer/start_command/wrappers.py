"""Commands that run another one, which is what really starts: `bundle exec`, `uv run`, `tini --`, `env A=b`, ..."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.start_command import shell


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The words it begins with, its options that take a value, and how many words of its own follow."""

    words: tuple[str, ...]
    values: tuple[str, ...] = ()
    own: int = 0


UV = ("--with", "--with-requirements", "--python", "-p", "--package", "--project", "--directory", "--env-file")
UV_MORE = ("--extra", "--group", "--only-group", "--index", "--index-url", "--config-file", "--with-editable")
PACKAGE = ("-p", "--package", "-c", "--call", "--filter", "-F", "-C", "--dir")

WRAPPERS = (
    Wrapper(("exec",), ("-a",)),
    Wrapper(("command",)),
    Wrapper(("nohup",)),
    Wrapper(("time",)),
    Wrapper(("nice",), ("-n",)),
    Wrapper(("stdbuf",), ("-o", "-e", "-i")),
    Wrapper(("timeout",), ("-s", "-k"), own=1),
    Wrapper(("env",), ("-u", "-C", "-S")),
    Wrapper(("sudo",), ("-u", "-g")),
    Wrapper(("gosu",), own=1),
    Wrapper(("su-exec",), own=1),
    Wrapper(("dumb-init",), ("-r", "--rewrite")),
    Wrapper(("tini",), ("-e", "-p")),
    Wrapper(("docker-init",), ("-e", "-p")),
    Wrapper(("catatonit",)),
    Wrapper(("thrust",)),
    Wrapper(("xvfb-run",), ("-n", "-s", "-e", "-f", "-p", "-w", "--server-num", "--server-args")),
    Wrapper(("ddtrace-run",)),
    Wrapper(("opentelemetry-instrument",), ("--traces_exporter", "--metrics_exporter", "--service_name")),
    Wrapper(("newrelic-admin", "run-program")),
    Wrapper(("bundle", "exec"), ("--gemfile",)),
    Wrapper(("uv", "run"), (*UV, *UV_MORE)),
    Wrapper(("uvx",), (*UV, "--from")),
    Wrapper(("poetry", "run"), ("-C", "-P", "--directory", "--project")),
    Wrapper(("pipenv", "run")),
    Wrapper(("pdm", "run"), ("-p", "--project")),
    Wrapper(("rye", "run")),
    Wrapper(("hatch", "run")),
    Wrapper(("pixi", "run"), ("-e", "--environment", "--manifest-path")),
    Wrapper(("conda", "run"), ("-n", "-p", "--name", "--prefix")),
    Wrapper(("micromamba", "run"), ("-n", "-p")),
    Wrapper(("npx",), PACKAGE),
    Wrapper(("bunx",)),
    Wrapper(("npm", "exec"), PACKAGE),
    Wrapper(("pnpm", "exec"), PACKAGE),
    Wrapper(("pnpm", "dlx"), PACKAGE),
    Wrapper(("yarn", "exec")),
    Wrapper(("yarn", "dlx"), PACKAGE),
    Wrapper(("bun", "x")),
    Wrapper(("cross-env",)),
    Wrapper(("cross-env-shell",)),
    Wrapper(("dotenv",), ("-e", "-v", "-c", "-f")),
    Wrapper(("dotenvx", "run"), ("-f", "--env-file")),
    Wrapper(("doppler", "run"), ("-p", "-c", "-t", "--project", "--config", "--token", "--command")),
    Wrapper(("infisical", "run"), ("--env", "--path", "--projectId", "--token")),
    Wrapper(("op", "run"), ("--env-file",)),
    Wrapper(("chamber", "exec"), own=1),
    Wrapper(("mise", "exec")),
)
"""Options are those of each tool's own manual."""

MODULE_RUNNERS = frozenset(("uv", "rye", "pdm"))
"""Of Python; `-m` of theirs is that of the interpreter."""


def unwrapped(words: list[str]) -> list[str]:
    """The words of the command that really starts; empty when there is none."""
    words = shell.unassigned(words)
    wrapper = next((row for row in WRAPPERS if _begins(words, row.words)), None)
    if wrapper is None:
        return words
    return unwrapped(_inner(words[len(wrapper.words) :], wrapper))


def program(word: str) -> str:
    """A program's name without the folder that it is in."""
    return word.rpartition("/")[2]


def _begins(words: list[str], wanted: tuple[str, ...]) -> bool:
    return bool(words) and (program(words[0]), *words[1 : len(wanted)]) == wanted


def _inner(rest: list[str], wrapper: Wrapper) -> list[str]:
    """What follows the wrapper's options and own words."""
    while rest and rest[0].startswith("-"):
        option, rest = rest[0], rest[1:]
        if option == "--":
            break
        if option in ("-m", "--module") and wrapper.words[0] in MODULE_RUNNERS:
            return ["python", "-m", *rest]
        if option in wrapper.values:
            rest = rest[1:]
    rest = rest[wrapper.own :]
    return rest[1:] if rest and rest[0] == "--" else rest
