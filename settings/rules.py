"""What each key of `slipway.toml` may hold: a table row a key, with the sentence that a user sees when it is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FARGATE_MEMORY = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
}
"""CPU units -> allowed MiB. Source: Amazon ECS developer guide, "Task CPU and memory"."""

LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
"""Values that CloudWatch Logs takes, up to two years. Source: PutRetentionPolicy."""

STRATEGIES = ("rolling", "blue-green", "canary")
"""How ECS itself brings a new version in. Source: DeploymentConfiguration, strategy."""

PLATFORMS = ("linux/amd64", "linux/arm64")

IMAGE_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""OCI distribution specification, "Pulling manifests"."""

NAME = re.compile(r"[a-z](-?[a-z0-9])*")


@dataclass(frozen=True)
class Rule:
    """One key: what it must satisfy and how to say so."""

    allowed: str
    holds: Callable[[Any], bool]


def matches(pattern: str) -> Callable[[Any], bool]:
    """A predicate: a string that the whole of `pattern` matches."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def whole(low: int, high: int) -> Callable[[Any], bool]:
    """A predicate: an integer (no boolean) from `low` to `high`."""
    return lambda value: type(value) is int and low <= value <= high


def one_of(*values: Any) -> Callable[[Any], bool]:
    """A predicate: one of the values."""
    return lambda value: type(value) in (str, int) and value in values


def is_name(limit: int) -> Callable[[Any], bool]:
    """A predicate: a lower-case name of at most `limit` characters."""
    return lambda value: isinstance(value, str) and len(value) <= limit and NAME.fullmatch(value) is not None


def is_inner_path(value: Any) -> bool:
    """A relative path that stays inside the project, at most 200 bytes long."""
    if not isinstance(value, str) or not value or value.startswith(("/", "~")) or "\\" in value or "\0" in value:
        return False
    if len(value.encode()) > 200:
        return False
    return ".." not in value.split("/")


def is_text_table(value: Any) -> bool:
    """A table of strings without NUL, its keys names of environment variables."""
    if not isinstance(value, dict):
        return False
    key = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
    return all(key.fullmatch(name) and isinstance(text, str) and "\0" not in text for name, text in value.items())


EVALUATED = ("{{resolve:", "${Token[")
"""What would not stay text in a template: CloudFormation puts any secret of the account there, whoever asks for it, and
the CDK a value of any stack. Source: CloudFormation user guide, "Dynamic references"; CDK developer guide, "Tokens"."""


def stays_text(value: str) -> bool:
    """Whether a template with this text in it says just that."""
    return not any(part in value for part in EVALUATED)


def is_environment(value: Any) -> bool:
    """A table of strings that a container may get as they stand."""
    return is_text_table(value) and all(map(stays_text, value.values()))


REFERENCE = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@:-]{1,600}"
    r"|arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter/[A-Za-z0-9/_.-]{1,1000}"
    r"|secretsmanager:[A-Za-z0-9/_+=.@-]{1,512}"
    r"|ssm:/?[A-Za-z0-9_.-][A-Za-z0-9/_.-]{0,1010}"
)
"""What `secrets` may hold: where the value is kept, never the value."""
REFERENCES = "an ARN of Secrets Manager or SSM, secretsmanager:NAME or ssm:/NAME"
LATER = re.compile(rf"env:[A-Z_][A-Z0-9_]{{0,100}}|{REFERENCE.pattern}")
"""References that this tool itself resolves."""
SECONDS = {"s": 1, "m": 60}


def is_reference_table(value: Any) -> bool:
    """A table of references to secrets, its keys names of environment variables."""
    return is_text_table(value) and all(REFERENCE.fullmatch(text) for text in value.values())


def is_reference(value: Any) -> bool:
    """Where this tool finds a secret: in its own environment, in Secrets Manager or in SSM."""
    return isinstance(value, str) and LATER.fullmatch(value) is not None


def is_repository(value: Any) -> bool:
    """An https:// URL without user, password, query and fragment, one of this machine, or an absolute path."""
    if isinstance(value, str) and value.startswith("/") and value != "/":
        return is_inner_path(value[1:])
    return matches(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)+")(value) or is_loopback_url(value)


def is_claim(value: Any) -> bool:
    """Text of a token that a template may hold."""
    return matches(r"[!-~]{1,300}")(value) and stays_text(value)


def is_claims(value: Any) -> bool:
    """A list of such texts, each at most once."""
    return isinstance(value, list) and all(map(is_claim, value)) and len(set(value)) == len(value)


def is_key_set(value: Any) -> bool:
    """Where an issuer's keys are: on the web, or in a file of the project."""
    if isinstance(value, str) and "://" in value:
        return matches(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[!-~]{0,300})?")(value) and stays_text(value)
    return is_inner_path(value)


def is_list_of(*values: str) -> Callable[[Any], bool]:
    """A predicate: a list of some of the values, each at most once."""
    return lambda value: isinstance(value, list) and len(set(map(str, value))) == len(value) and set(value) <= {*values}


def is_command(value: Any) -> bool:
    """One line that a person would type, not empty."""
    is_line = isinstance(value, str) and bool(value.strip()) and len(value) <= 2000 and value.isprintable()
    return is_line and stays_text(value)


def is_duration(longest: int) -> Callable[[Any], bool]:
    """A predicate: text such as "60s" or "5m", at most `longest` seconds."""

    def holds(value: Any) -> bool:
        return matches(r"\d{1,5}[sm]")(value) and seconds(value) <= longest

    return holds


def seconds(text: str) -> int:
    """Seconds of a duration such as "60s" or "5m"."""
    return int(text[:-1]) * SECONDS[text[-1]]


def is_loopback_url(value: Any) -> bool:
    """Plain HTTP, which is only for this machine."""
    return matches(r"http://(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}(/[!-~]*)?")(value)


SHORT_NAME = "a lower-case name of letters, digits and single hyphens, at most {} characters"

TOP = {
    # A load balancer's name may not begin with "internal-". Source: CreateLoadBalancer.
    "name": Rule(SHORT_NAME.format(20) + ', not "internal"', lambda v: is_name(20)(v) and not v.startswith("internal")),
    "default_target": Rule("the name of a target in this file", is_name(12)),
}

TARGET = {
    "embedded": Rule("true or false", lambda value: isinstance(value, bool)),
    "account": Rule('12 digits in quotes, such as "123456789012"', matches(r"\d{12}")),
    "region": Rule('an AWS region, such as "eu-central-1"', matches(r"[a-z]{2}(-[a-z]+)+-\d")),
    "profile": Rule("the name of an AWS profile", matches(r"[A-Za-z0-9_.@+-]{1,64}")),
    "network": Rule('"public" or "private"', one_of("public", "private")),
    "certificate_arn": Rule(
        "the ARN of an ACM certificate", matches(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/\S+")
    ),
    "domain": Rule(
        'a host name, such as "shop.example.com"', matches(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
    ),
    "alarm_email": Rule("an e-mail address", matches(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    "log_retention_days": Rule("one of " + ", ".join(map(str, LOG_RETENTION_DAYS)), one_of(*LOG_RETENTION_DAYS)),
    "platform": Rule(" or ".join(PLATFORMS), one_of(*PLATFORMS)),
    "bedrock_model": Rule(
        "the id or ARN of a model or inference profile of Amazon Bedrock",
        matches(r"(?!arn:)[A-Za-z0-9][A-Za-z0-9.:-]{1,127}|arn:aws[a-z-]*:bedrock:[A-Za-z0-9.:/-]{10,500}"),
    ),
    "rollout_timeout": Rule("seconds from 10 to 7200", whole(10, 7200)),
    "ledger_retention_days": Rule("days from 1 to 3650", whole(1, 3650)),
    "budget": Rule("a whole number of US dollars a month, from 1", whole(1, 10_000_000)),
    "jwt_issuer": Rule("what the tokens say in `iss`, such as an https:// URL", is_claim),
    "jwt_audiences": Rule('a list of what tokens say in `aud`, such as ["shop"]', is_claims),
    "jwt_jwks": Rule("an https:// URL, or a file of the project with the key set", is_key_set),
    "ecs_deployment": Rule(" or ".join(f'"{one}"' for one in STRATEGIES), one_of(*STRATEGIES)),
}

NOTIFY_KINDS = ("slack", "slack-bot", "webhook", "sns")
NOTIFY_EVENTS = ("start", "live", "rolled_back", "failed", "superseded")

NOTIFY = {
    "kind": Rule(" or ".join(f'"{kind}"' for kind in NOTIFY_KINDS), one_of(*NOTIFY_KINDS)),
    "url": Rule(
        "an https:// URL, or where it is kept: env:NAME, secretsmanager:NAME, ssm:/NAME",
        lambda v: is_reference(v) or matches(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[!-~]*)?")(v) or is_loopback_url(v),
    ),
    "secret": Rule("where the secret is kept: env:NAME, secretsmanager:NAME or ssm:/NAME", is_reference),
    "channel": Rule('a channel, such as "#deploys", or its id', matches(r"#?[A-Za-z0-9_-]{1,80}")),
    "topic_arn": Rule("the ARN of an SNS topic", matches(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")),
    "on": Rule("a list of " + ", ".join(NOTIFY_EVENTS), is_list_of(*NOTIFY_EVENTS)),
}

SERVICE = {
    "source": Rule("a folder inside the project, relative to its root", is_inner_path),
    "repository": Rule(
        "the https:// URL of a git repository, without user and password, or an absolute path", is_repository
    ),
    "ref": Rule(
        "a branch, a tag or a commit", matches(r"(?!.*(?:\.\.|@\{|//|\.lock$))[^-/.~^:?*\[\\#\s][^~^:?*\[\\#\s]{0,199}")
    ),
    "commit": Rule("a commit's full id, 40 or 64 hex digits", matches(r"[0-9a-f]{40}|[0-9a-f]{64}")),
    "folder": Rule("a folder inside the service's source folder", is_inner_path),
    "dockerfile": Rule("a file inside the service's source folder", is_inner_path),
    "port": Rule("a port from 1 to 65535", whole(1, 65535)),
    "health_path": Rule('a path, such as "/health"', matches(r"/[A-Za-z0-9._~/-]{0,200}")),
    "path": Rule('"/" or a prefix, such as "/shop"', matches(r"/|(/[a-z0-9][a-z0-9._-]*){1,4}")),
    "host": Rule(
        'a host name, such as "shop.example.com"', matches(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
    ),
    "priority": Rule("a whole number from 1 to 49999, unique among the services", whole(1, 49_999)),
    "cpu": Rule("one of 256, 512, 1024, 2048, 4096", one_of(*FARGATE_MEMORY)),
    "memory": Rule("MiB, in a combination that Fargate offers for the cpu", whole(512, 30_720)),
    "desired": Rule("tasks from 0 to 100, between min and max", whole(0, 100)),
    "min": Rule("tasks from 0 to 100", whole(0, 100)),
    "max": Rule("tasks from 1 to 100", whole(1, 100)),
    "stop_timeout": Rule("seconds from 2 to 120", whole(2, 120)),
    "deregistration_delay": Rule("seconds from 0 to 3600", whole(0, 3600)),
    "health_interval": Rule("seconds from 5 to 300", whole(5, 300)),
    "grace_period": Rule("seconds from 0 to 3600", whole(0, 3600)),
    "environment": Rule('a table of strings, such as { LOG_LEVEL = "info" }, without {{resolve:', is_environment),
    "build_args": Rule('a table of strings, such as { VERSION = "1" }', is_text_table),
    "secrets": Rule("a table; each value " + REFERENCES, is_reference_table),
    "needs": Rule(
        'a list of engines, such as ["postgresql"]', lambda v: isinstance(v, list) and all(map(is_name(28), v))
    ),
    "release": Rule("a command, without {{resolve:", is_command),
    "release_timeout": Rule("seconds from 10 to 7200", whole(10, 7200)),
    "steady": Rule("seconds from 0 to 600", whole(0, 600)),
    "bake": Rule('"0s" to "60m", such as "60s"', is_duration(3600)),
    "bake_p95": Rule("milliseconds from 1 to 60000", whole(1, 60_000)),
    "public": Rule("true or false", lambda value: isinstance(value, bool)),
    "request_timeout": Rule("seconds from 1 to 60", whole(1, 60)),
    "rate_limit": Rule("requests a second, from 0 to 1000000", whole(0, 1_000_000)),
    "max_body": Rule("bytes from 0 to 4294967295", whole(0, 2**32 - 1)),
    "sticky": Rule('"", "cookie" or "header:NAME"', matches(r"|cookie|header:[A-Za-z][A-Za-z0-9-]{0,63}")),
}
BEHIND_GATEWAY = ("public", "request_timeout", "rate_limit", "max_body", "sticky")
"""Keys of a service that are about its place behind the gateway."""

WORKER = {
    "command": Rule("a command, without {{resolve:", is_command),
    "desired": Rule("tasks from 0 to 100", whole(0, 100)),
    "cpu": SERVICE["cpu"],
    "memory": SERVICE["memory"],
}

CRON_FIELD = r"[0-9A-Za-z*/,?#-]{1,100}"
SCHEDULE_EXPRESSION = (
    r"rate\([1-9]\d{0,5} (minute|hour|day)s?\)"
    rf"|cron\({CRON_FIELD}( {CRON_FIELD}){{5}}\)"
    r"|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)"
)

SCHEDULE = {
    "command": Rule("a command, without {{resolve:", is_command),
    "schedule": Rule(
        'rate(...), cron(...) or at(...) as EventBridge Scheduler has them, such as "rate(1 hour)"',
        matches(SCHEDULE_EXPRESSION),
    ),
    "cpu": SERVICE["cpu"],
    "memory": SERVICE["memory"],
}

PROCESSES = {"workers": WORKER, "schedules": SCHEDULE}
"""Tables of tables in a service."""
RECORDED = (
    "port",
    "health_path",
    "folder",
    "dockerfile",
    "cpu",
    "memory",
    "desired",
    "min",
    "max",
    "environment",
    "secrets",
    "needs",
    "release",
)
"""Keys that `[services.NAME.app]` may hold: what `deploy-app` found in the application itself; the service's win."""
