"""What looks like a credential is hidden; what tells why something failed stays."""

from __future__ import annotations

import time

import pytest

from analyzer.masking import masked, masked_lines


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("DATABASE_PASSWORD=hunter2 starting", "DATABASE_PASSWORD=[...] starting"),
        ('{"password": "hun ter2", "user": "ann"}', '{"password": [...], "user": "ann"}'),
        (r"{\"api_key\": \"abc\", \"user\": \"ann\"}", r"{\"api_key\": [...], \"user\": \"ann\"}"),
        ("connecting to postgres://ann:hunter2@db:5432/app", "connecting to postgres://[...]db:5432/app"),
        ("> Authorization: Bearer abc.def", "> Authorization: [...]"),
        ("authorization: Basic YW5uOmg= trailing", "authorization: [...] trailing"),
        ("RUN login --password hunter2 --user ann", "RUN login --password [...] --user ann"),
        ("using AKIAIOSFODNN7EXAMPLE now", "using [...] now"),
        ("token ghp_0123456789abcdefABCDEF was refused", "token [...] was refused"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x expired", "[...] expired"),
        ("POST https://hooks.slack.com/services/T0/B0/xyz 404", "POST https://[...] 404"),
        ("os.environ['DB_PASSWORD'] = 'x'", "os.environ['DB_PASSWORD'] = [...]"),
        ("secret => s3cret", "secret => [...]"),
    ],
)
def test_a_credential_is_hidden(line: str, shown: str) -> None:
    assert masked(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "KeyError: 'SECRET_KEY'",
        "ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
        'FATAL:  password authentication failed for user "app"',
        '  File "/usr/local/lib/python3.11/site-packages/uvicorn/server.py", line 69, in serve',
        "failed to resolve localhost:4566/slipway-local/hello@sha256:" + "0a" * 32,
        "unable to pull secrets: arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-AbCdEf not found",
        "no access to secretsmanager:shop/db",
        "#7 [3/5] RUN --mount=type=secret,id=ca uv sync",
        "the container health check /health answered 401 Unauthorized",
        "desk-0123456789abcdef and task-0123456789abcdef",
    ],
)
def test_what_tells_a_cause_stays(line: str) -> None:
    assert masked(line) == line


def test_a_key_over_several_lines_goes_whole() -> None:
    lines = ["before", "-----BEGIN RSA PRIVATE KEY-----", "MIIEpAIB", "AAKC", "-----END RSA PRIVATE KEY-----", "after"]
    assert list(masked_lines(lines)) == ["before", "[...]", "[...]", "[...]", "[...]", "after"]


def test_a_certificate_is_no_key() -> None:
    lines = ["-----BEGIN CERTIFICATE-----", "MIIB", "-----END CERTIFICATE-----", "after"]
    assert list(masked_lines(lines))[1] == "MIIB"


@pytest.mark.parametrize(
    "text", ["secret", "token=", "://", "-----BEGIN ", "--key ", 'password\\"', "a.", "eyJ", "'\"="]
)
def test_a_line_made_to_be_slow_is_not(text: str) -> None:
    line = text * (300_000 // len(text))
    began = time.process_time()
    masked(line)
    assert time.process_time() - began < 5, "seconds of the processor; a quadratic pattern takes minutes"
