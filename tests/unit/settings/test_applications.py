"""What an application is in slipway.toml: where it comes from, its processes, what deploy-app recorded of it."""

from __future__ import annotations

import pytest

from settings import SettingsError
from settings.model import Schedule, Worker
from tests.unit.settings.conftest import SERVICE, TARGET, Loader, refusal

HEAD = TARGET + SERVICE
SHOP = """
[services.shop]
repository = "https://github.com/acme/shop.git"
ref = "main"
commit = "0123456789012345678901234567890123456789"
path = "/shop"
environment = { LEVEL = "debug" }

[services.shop.app]
port = 9000
cpu = 512
memory = 1024
environment = { LEVEL = "info", MODE = "fast" }
release = "flask db upgrade"

[services.shop.app.workers.mailer]
command = "celery -A shop worker"

[services.shop.workers.mailer]
command = "celery -A shop worker -c 2"
desired = 2

[services.shop.schedules.nightly]
command = "python -m shop.nightly"
schedule = "cron(0 3 * * ? *)"
memory = 2048
"""


def test_what_the_file_says_wins_over_what_was_recorded(load_text: Loader) -> None:
    shop = load_text(HEAD + SHOP).service("shop")
    assert (shop.source, shop.port, shop.cpu, shop.memory) == (".", 9000, 512, 1024)
    assert shop.environment == (("LEVEL", "debug"), ("MODE", "fast"))
    assert shop.release == "flask db upgrade"
    assert shop.workers == (Worker("mailer", "celery -A shop worker -c 2", 2, 512, 1024),)
    assert shop.schedules == (Schedule("nightly", "python -m shop.nightly", "cron(0 3 * * ? *)", 512, 2048),)


def test_only_a_service_with_a_release_command_has_a_stack_for_it(load_text: Loader) -> None:
    keys = load_text(HEAD + SHOP).stack_keys
    assert keys.index("release-shop") == keys.index("service-shop") - 1
    assert sum(key.startswith("release-") for key in keys) == 1


def test_a_host_is_asked_before_every_path(load_text: Loader) -> None:
    deep = HEAD + '[services.deep]\nsource = "a"\npath = "/a/b/c/d"\n'
    settings = load_text(deep + '[services.shop]\nsource = "b"\nhost = "shop.example.com"\n')
    assert settings.service("shop").priority < settings.service("deep").priority
    assert settings.service("shop").route == "//shop.example.com"


@pytest.mark.parametrize(
    ("row", "where", "what"),
    [
        ('source = "a"\nhost = "a.example.com"\npath = "/a"', "services.x.host", "by `host` or by `path`"),
        ('source = "a"\nref = "main"\npath = "/a"', "services.x.repository", "missing beside ref and commit"),
        ('repository = "git@github.com:a/b"\npath = "/a"', "services.x.repository", "is not allowed"),
        ('repository = "https://u:p@github.com/a/b"\npath = "/a"', "services.x.repository", "is not allowed"),
        ('repository = "http://example.com/a/b"\npath = "/a"', "services.x.repository", "is not allowed"),
        ('repository = "/srv/../etc"\npath = "/a"', "services.x.repository", "is not allowed"),
        ('source = "a"\npath = "/a"\nsecrets = { KEY = "hunter2" }', "services.x.secrets", "is not allowed"),
        (
            'source = "a"\npath = "/a"\nsecrets = { K = "ssm:/k" }\nenvironment = { K = "v" }',
            "services.x.secrets",
            "K is a secret and in `environment`",
        ),
        (
            'source = "a"\npath = "/a"\nsecrets = { PORT = "ssm:/p" }',
            "services.x.secrets",
            "PORT is a variable that the tool itself sets",
        ),
        (
            'source = "a"\npath = "/a"\nenvironment = { K = "{{resolve:ssm:/other/key}}" }',
            "services.x.environment",
            "is not allowed",
        ),
        (
            'source = "a"\npath = "/a"\nrelease = "echo {{resolve:secretsmanager:other}}"',
            "services.x.release",
            "is not allowed",
        ),
        (
            'source = "a"\npath = "/a"\n[services.x.app]\nenvironment = { K = "${Token[AWS.AccountId.3]}" }',
            "services.x.app.environment",
            "is not allowed",
        ),
        (
            'source = "a"\npath = "/a"\n[services.x.workers.w]\ncommand = "echo {{resolve:ssm:/other}}"',
            "services.x.workers.w.command",
            "is not allowed",
        ),
        (
            'source = "a"\npath = "/a"\n[services.x.schedules.s]\ncommand = "w"\n'
            'schedule = "cron({{resolve:ssm:/other}} * * * * *)"',
            "services.x.schedules.s.schedule",
            "is not allowed",
        ),
        ('source = "a"\npath = "/a"\nbake = "2h"', "services.x.bake", "is not allowed"),
        ('source = "a"\npath = "/a"\nbake = "61m"', "services.x.bake", "is not allowed"),
        ('source = "a"\npath = "/a"\nrelease = ""', "services.x.release", "is not allowed"),
        ('source = "a"\npath = "/a"\nworkers = 3', "services.x.workers", "is not allowed"),
        ('source = "a"\npath = "/a"\n[services.x.workers.w]', "services.x.workers.w.command", "missing"),
        (
            'source = "a"\npath = "/a"\n[services.x.workers.w]\ncommand = "w"\nmemory = 4096',
            "services.x.workers.w.memory",
            "4096 MiB do not go with cpu 256",
        ),
        (
            'source = "a"\npath = "/a"\n[services.x.schedules.s]\ncommand = "w"\nschedule = "hourly"',
            "services.x.schedules.s.schedule",
            "is not allowed",
        ),
        ('source = "a"\npath = "/a"\n[services.x.app]\nsource = "b"', "services.x.app.source", "unknown key"),
        ('source = "a"\npath = "/a"\n[services.x.app]\nport = 0', "services.x.app.port", "0 is not allowed"),
        (
            'source = "a"\npath = "/a"\nworkers = { y = { command = "w" } }\n[services.x-y]\nsource = "b"\npath = "/b"',
            "services.x.workers.y",
            "x-y is also the name of the service x-y",
        ),
        (
            'source = "a"\npath = "/a"\nrelease = "r"\nworkers = { release = { command = "w" } }',
            "services.x.workers.release",
            "x-release is also the name of release of x",
        ),
    ],
)
def test_rows_that_are_refused(load_text: Loader, row: str, where: str, what: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(f"{HEAD}[services.x]\n{row}\n")
    place, said, _ = refusal(caught.value)
    assert place == f"slipway.toml: {where}"
    assert what in said


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ('kind = "pigeon"', "kind"),
        ('kind = "webhook"\nurl = "https://hooks.example.com/a"', "secret"),
        ('kind = "webhook"\nurl = "http://hooks.example.com/a"\nsecret = "env:HOOK"', "url"),
        ('kind = "webhook"\nurl = "https://hooks.example.com/a"\nsecret = "hunter2"', "secret"),
        ('kind = "slack"\nurl = "https://hooks.slack.com/services/T0/B0/x"', "url"),
        ('kind = "slack-bot"\nsecret = "env:SLACK_TOKEN"', "channel"),
        ('kind = "sns"', "topic_arn"),
        ('kind = "sns"\ntopic_arn = "arn:aws:sns:eu-west-1:123456789012:deploys"\non = ["lunch"]', "on"),
    ],
)
def test_receivers_that_are_refused(load_text: Loader, row: str, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_text(f"{HEAD}[targets.local.notify.team]\n{row}\n")
    assert refusal(caught.value)[0] == f"slipway.toml: targets.local.notify.team.{key}"
