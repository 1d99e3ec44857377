"""Options of programs that start things: which take the next word as their value."""

from __future__ import annotations

from collections.abc import Iterable


def _names(*lines: str) -> frozenset[str]:
    return frozenset(name for line in lines for name in line.split())


SERVER_VALUES = _names(
    "-b --bind -w --workers -k --worker-class -c --config -t --timeout --threads --host --port -p --pid --name -n",
    "-e --env -u --user -g --group --chdir --app-dir --pythonpath --root-path --url-prefix --env-file --reload-dir",
    "--log-level --log-file --log-config --access-logfile --error-logfile --access-logformat --logger-class",
    "--max-requests --max-requests-jitter --keep-alive --graceful-timeout --worker-tmp-dir --worker-connections",
    "--backlog --umask --paste --forwarded-allow-ips --limit-max-requests --limit-concurrency --timeout-keep-alive",
    "--timeout-graceful-shutdown --loop --http --ws --lifespan --fd --uds --endpoint --socket --http-socket --ini",
    "--processes --certfile --keyfile --ssl-keyfile --ssl-certfile --listen --unix-socket --channel-timeout",
    "--statsd-host --interface --runtime-mode --runtime-threads --static-map --static-path-mount",
)
"""Of gunicorn, uvicorn, hypercorn, daphne, waitress, granian, uWSGI (manual of each)."""
NODE_VALUES = _names(
    "-r --require --import --loader --experimental-loader --env-file --env-file-if-exists -C --conditions",
    "--tsconfig -P --project -O --compiler-options",
)
"""Of node, tsx, ts-node."""
WATCHER_VALUES = NODE_VALUES | _names("--watch -w --ignore -x --exec -e --ext --delay --signal -i --name -n --log")
"""Of nodemon, ts-node-dev, pm2, forever."""
PACKAGE_VALUES = _names("-w --workspace --filter -F -C --dir --prefix --cwd --loglevel --workspace-concurrency --scope")
"""Of npm, pnpm, yarn, bun, turbo, lerna."""
NOT_SCRIPTS = _names(
    "install i ci add remove init exec dlx x publish config cache create link audit update up upgrade prune rebuild",
    "workspaces import dedupe pack store why list ls info set version",
)
"""Commands of package managers themselves."""


def positional(words: list[str], values: Iterable[str]) -> list[str]:
    """The words that are no options and no values of options."""
    found, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-") and len(word) > 1:
            skip = word in values
        else:
            found.append(word)
    return found


def option(words: list[str], *names: str) -> str | None:
    """The value of an option, whether `--name value` or `--name=value`."""
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else next(iter(words[index + 1 :]), None)
    return None
