"""Start commands of people: what they start, and how they are run without a shell where that is possible."""

from __future__ import annotations

import pytest

from analyzer import start_command
from analyzer.model import Start

MEANINGS = [
    ("uvicorn main:app --host 0.0.0.0 --port $PORT", "asgi", "main:app"),
    ("uvicorn --factory --port 8000 shop.main:create_app", "asgi", "shop.main:create_app"),
    ("uvicorn --access-log main:app", "asgi", "main:app"),
    ("python -m uvicorn main:app", "asgi", "main:app"),
    ("hypercorn -b 0.0.0.0:8000 app.main:app", "asgi", "app.main:app"),
    ("daphne -b 0.0.0.0 -p 8000 mysite.asgi:application", "asgi", "mysite.asgi:application"),
    ("granian --interface asgi main:app", "asgi", "main:app"),
    ("granian --interface wsgi main:app", "wsgi", "main:app"),
    ("gunicorn main:app -k uvicorn.workers.UvicornWorker -w 4", "asgi", "main:app"),
    ("gunicorn -kuvicorn.workers.UvicornWorker main:app", "asgi", "main:app"),
    ("gunicorn --worker-class=uvicorn_worker.UvicornWorker main:app", "asgi", "main:app"),
    ("gunicorn mysite.wsgi", "wsgi", "mysite.wsgi:application"),
    ("gunicorn --workers 2 --bind :$PORT 'app:create_app()'", "wsgi", "app:create_app()"),
    ("gunicorn -c gunicorn.conf.py", "wsgi", None),
    ("gunicorn -b :8000 -e A=b -w 2 app:server", "wsgi", "app:server"),
    ("waitress-serve --port=8000 --call shop:create_app", "wsgi", "shop:create_app"),
    ("python3 -m waitress shop:app", "wsgi", "shop:app"),
    ("uwsgi --http :8000 --module shop.wsgi", "wsgi", "shop.wsgi"),
    ("uwsgi --ini uwsgi.ini", "wsgi", None),
    ("fastapi run app/main.py", "asgi", None),
    ("fastapi --version", "other", None),
    ("flask --app shop run", "other", None),
    ("streamlit run app.py --server.port $PORT", "streamlit", "app.py"),
    ("python -m streamlit run --server.port=8501 app.py", "streamlit", "app.py"),
    ("streamlit hello", "other", None),
    ("python main.py", "python-file", "main.py"),
    ("python3.12 -u -W ignore src/main.py --port 80", "python-file", "src/main.py"),
    ("python -m shop.server --port 80", "python-module", "shop.server"),
    ("python -c 'print(1)'", "other", None),
    ("python", "other", None),
    ("./app.py", "python-file", "./app.py"),
    ("npm start", "package-script", "start"),
    ("npm run start:prod", "package-script", "start:prod"),
    ("npm --prefix web run start -- --port 3000", "package-script", "start"),
    ("npm run start --workspace=web", "package-script", "start"),
    ("pnpm --filter web start", "package-script", "start"),
    ("yarn workspace web start", "package-script", "start"),
    ("yarn --cwd web serve", "package-script", "serve"),
    ("bun run start", "package-script", "start"),
    ("bun index.ts", "node-file", "index.ts"),
    ("npm install", "other", None),
    ("npm", "other", None),
    ("turbo run start --filter=web", "package-script", "start"),
    ("node server.js", "node-file", "server.js"),
    ("node --run serve", "package-script", "serve"),
    ("node --watch -r dotenv/config ./dist/main.js", "node-file", "./dist/main.js"),
    ("node --max-old-space-size=4096 build", "node-file", "build"),
    ("tsx watch src/index.ts", "node-file", "src/index.ts"),
    ("nodemon --watch src server.js", "node-file", "server.js"),
    ("pm2-runtime start server.js -i max", "node-file", "server.js"),
    ("node", "other", None),
    ("deno run --allow-net main.ts", "deno-file", "main.ts"),
    ("deno task start", "package-script", "start"),
    ("deno lint", "other", None),
    ("ruby --yjit app.rb", "ruby-file", "app.rb"),
    ("bundle exec ruby app.rb", "ruby-file", "app.rb"),
    ("bin/rails server -b 0.0.0.0", "rails-server", None),
    ("ruby bin/rails s", "rails-server", None),
    ("./bin/thrust ./bin/rails server", "rails-server", None),
    ("rails db:migrate", "other", None),
    ("bundle exec puma -C config/puma.rb", "puma", None),
    ("bundle exec rackup config.ru -p $PORT", "rackup", None),
    ("java $JAVA_OPTS -jar target/*.jar", "jar", None),
    ("java -cp app.jar shop.Main", "other", None),
    ("php -S 0.0.0.0:8000 -t public", "php-server", None),
    ("php artisan serve", "php-server", None),
    ("php artisan queue:work", "other", None),
    ("vendor/bin/heroku-php-apache2 public/", "php-server", None),
    ("php-fpm8.2 -F", "php-server", None),
    ("frankenphp run", "php-server", None),
    ("caddy run --config Caddyfile", "static", None),
    ("nginx -g 'daemon off;'", "static", None),
    ("npx serve -s build", "static", None),
    ("npx --yes http-server dist", "static", None),
    ("mix phx.server", "beam-release", None),
    ("elixir --sname shop -S mix phx.server", "beam-release", None),
    ("pm2-runtime start ecosystem.config.js", "other", None),
    ("./mvnw spring-boot:run", "other", None),
    ("_build/prod/rel/shop/bin/shop start", "beam-release", None),
    ("sh start.sh", "shell-script", "start.sh"),
    ("bash -e ./start.sh", "shell-script", "start.sh"),
    ("./start.sh --now", "shell-script", "start.sh"),
    ("./server --port 80", "binary", None),
    ("bin/shop", "binary", None),
    ("/app/out", "binary", None),
    ("concurrently 'npm run css' 'node server.js'", "package-script", "css"),
    ("supervise --run 'php-fpm -F' --log x", "php-server", None),
    ("echo 'npm start'", "other", None),
    ("shop", "other", None),
    ("", "other", None),
    ("''", "other", None),
]


@pytest.mark.parametrize(("command", "kind", "target"), MEANINGS)
def test_what_a_command_starts(command: str, kind: str, target: str | None) -> None:
    start = start_command.parse(command)
    assert (start.kind, start.target) == (kind, target)


@pytest.mark.parametrize(
    "command",
    [
        "FOO=bar BAZ='a b' gunicorn app:app",
        "env FOO=bar gunicorn app:app",
        "env -u FOO gunicorn app:app",
        "exec gunicorn app:app",
        "cd web && exec gunicorn app:app",
        "uv run --frozen --with x --package web gunicorn app:app",
        "uv run -m gunicorn app:app",
        "poetry -C . run x || poetry run gunicorn app:app && gunicorn app:app",
        "pipenv run gunicorn app:app",
        "pdm run -p . gunicorn app:app",
        "dumb-init -- gunicorn app:app",
        "/sbin/tini -g -- gunicorn app:app",
        "tini -s /usr/bin/dumb-init gunicorn app:app",
        "python manage.py migrate && gunicorn app:app",
        "python manage.py migrate; python manage.py collectstatic --noinput\ngunicorn app:app",
        "gunicorn app:app 2>&1 | tee log",
        "gunicorn app:app || exit 1",
        "gunicorn app:app & wait",
        "sh -c 'python manage.py migrate && exec gunicorn app:app'",
        'bash -lc "sh -c \\"gunicorn app:app\\""',
        "newrelic-admin run-program ddtrace-run gunicorn app:app",
        "timeout -s INT 60 gunicorn app:app",
        "doppler run -p shop -- gunicorn app:app",
        "gunicorn \\\n  app:app",
        "  gunicorn   app:app  ",
    ],
)
def test_wrappers_and_preparations_are_looked_through(command: str) -> None:
    start = start_command.parse(command)
    assert (start.kind, start.target) == ("wsgi", "app:app")


ARGV = [
    ("gunicorn --bind 0.0.0.0:8000 'app:create_app()'", ("gunicorn", "--bind", "0.0.0.0:8000", "app:create_app()")),
    ("exec node server.js", ("node", "server.js")),
    ("A=b node server.js", ("env", "A=b", "node", "server.js")),
    ("node '$literal' \"a b\"", ("node", "$literal", "a b")),
    ("node server.js -p $PORT", ("sh", "-c", "exec node server.js -p $PORT")),
    ('node server.js -p "$PORT"', ("sh", "-c", 'exec node server.js -p "$PORT"')),
    ("A=$B node server.js", ("sh", "-c", "exec env A=$B node server.js")),
    ("java -jar target/*.jar", ("sh", "-c", "exec java -jar target/*.jar")),
    ("node server.js > log", ("sh", "-c", "exec node server.js > log")),
    ("a && b", ("sh", "-c", "a && exec b")),
    ("a; exec b", ("sh", "-c", "a; exec b")),
    ("a | b", ("sh", "-c", "a | b")),
    ("a & b", ("sh", "-c", "a & b")),
    ("a &", ("sh", "-c", "a &")),
    ("a || b", ("sh", "-c", "a || b")),
    ("a && exit 0", ("sh", "-c", "a && exit 0")),
    ("(a && b)", ("sh", "-c", "(a && b)")),
    ("if a; then b; fi", ("sh", "-c", "if a; then b; fi")),
    ("cd web", ("sh", "-c", "cd web")),
    ("ls ~/x", ("sh", "-c", "exec ls ~/x")),
    ('echo "it', ("sh", "-c", 'echo "it')),
]


@pytest.mark.parametrize(("command", "argv"), ARGV)
def test_a_shell_only_where_one_is_needed(command: str, argv: tuple[str, ...]) -> None:
    assert start_command.parse(command).argv == argv


@pytest.mark.parametrize(
    "reference",
    ["$PORT", "${PORT}", "${PORT:-8000}", "${PORT-1}", "${PORT:=80}", "$(PORT)", "${PORT:-${HTTP_PORT:-80}}"],
)
def test_a_known_port_needs_no_shell(reference: str) -> None:
    start = start_command.with_port(start_command.parse(f"uvicorn main:app --port {reference}"), 9000)
    assert start == Start("asgi", "main:app", *_both("uvicorn main:app --port 9000"))


def test_other_variables_still_need_a_shell() -> None:
    start = start_command.with_port(start_command.parse("x --port $PORT --portal $PORTAL"), 80)
    assert start.argv == ("sh", "-c", "exec x --port 80 --portal $PORTAL")


def test_a_start_of_a_language_keeps_its_meaning_and_its_words() -> None:
    own = Start("jar", None, "java -jar app.jar", ("java", "-Dserver.port=$PORT", "-jar", "app.jar"))
    ported = start_command.with_port(own, 80)
    assert ported == Start("jar", None, "java -jar app.jar", ("java", "-Dserver.port=80", "-jar", "app.jar"))


def test_without_a_port_nothing_changes() -> None:
    start = start_command.parse("node server.js")
    assert start_command.with_port(start, 80) is start


def test_words_are_run_as_they_are() -> None:
    assert start_command.of_argv(["node", "server.js"]) == Start("node-file", "server.js", *_both("node server.js"))
    shell = start_command.of_argv(["sh", "-c", "npm start"])
    assert shell == Start("package-script", "start", "npm start", ("sh", "-c", "npm start"))


@pytest.mark.parametrize(
    "rubbish", ["&&", ";;", "| |", "\0", "'" * 3, "(" * 50, "$(", "${", "`", "\\", "😀 &", "<<<<", "-"]
)
def test_rubbish_is_something_else(rubbish: str) -> None:
    start = start_command.with_port(start_command.parse(rubbish), 80)
    assert start.kind == "other"
    assert all(isinstance(word, str) for word in start.argv)


def test_a_long_line_takes_no_long_time() -> None:
    assert start_command.parse("a'b " * 20_000).kind == "other"


def _both(command: str) -> tuple[str, tuple[str, ...]]:
    return command, tuple(command.split())
