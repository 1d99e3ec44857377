"""Every value that a key refuses, with the message that a user reads."""

from __future__ import annotations

import pytest

from settings import SettingsError
from tests.unit.settings.conftest import SERVICE, TARGET, Loader, refusal

FOLDER = "use a folder inside the project, relative to its root"
DOCKERFILE = "use a file inside the service's source folder"
PORT = "use a port from 1 to 65535"
PATH = 'use "/" or a prefix, such as "/shop"'
HEALTH = 'use a path, such as "/health"'
ACCOUNT = 'use 12 digits in quotes, such as "123456789012"'
REGION = 'use an AWS region, such as "eu-central-1"'
CERTIFICATE = "use the ARN of an ACM certificate"
MODEL = "use the id or ARN of a model or inference profile of Amazon Bedrock"
DOMAIN = 'use a host name, such as "shop.example.com"'
RETENTION = "use one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731"
TEXTS = 'use a table of strings, such as { LOG_LEVEL = "info" }, without {{resolve:'
ARGUMENTS = 'use a table of strings, such as { VERSION = "1" }'

ISSUER = "use what the tokens say in `iss`, such as an https:// URL"
AUDIENCES = 'use a list of what tokens say in `aud`, such as ["shop"]'
KEYS = "use an https:// URL, or a file of the project with the key set"
STICKY = 'use "", "cookie" or "header:NAME"'

TARGET_VALUES = (
    ("account", '"12345678901"', "'12345678901'", ACCOUNT),
    ("account", '"1234567890123"', "'1234567890123'", ACCOUNT),
    ("account", "123456789012", "123456789012", ACCOUNT),
    ("account", '"12345678901a"', "'12345678901a'", ACCOUNT),
    ("account", '"١٢٣٤٥٦٧٨٩٠١٢"', "'١٢٣٤٥٦٧٨٩٠١٢'", ACCOUNT),
    ("region", '"frankfurt"', "'frankfurt'", REGION),
    ("region", '"EU-CENTRAL-1"', "'EU-CENTRAL-1'", REGION),
    ("region", '"us-east-1;true"', "'us-east-1;true'", REGION),
    ("region", '"us-east-1\\n"', "'us-east-1\\n'", REGION),
    ("region", "true", "True", REGION),
    ("embedded", '"yes"', "'yes'", "use true or false"),
    ("embedded", "1", "1", "use true or false"),
    ("network", '"vpn"', "'vpn'", 'use "public" or "private"'),
    ("network", "true", "True", 'use "public" or "private"'),
    ("profile", '""', "''", "use the name of an AWS profile"),
    ("profile", '"a b"', "'a b'", "use the name of an AWS profile"),
    ("certificate_arn", '"arn:aws:iam::1:x"', "'arn:aws:iam::1:x'", CERTIFICATE),
    ("certificate_arn", "true", "True", CERTIFICATE),
    ("domain", '"shop"', "'shop'", DOMAIN),
    ("domain", '"https://shop.example.com"', "'https://shop.example.com'", DOMAIN),
    ("domain", '"shop.example.com/x"', "'shop.example.com/x'", DOMAIN),
    ("alarm_email", '"ops at example.org"', "'ops at example.org'", "use an e-mail address"),
    ("log_retention_days", "8", "8", RETENTION),
    ("log_retention_days", '"30"', "'30'", RETENTION),
    ("log_retention_days", "true", "True", RETENTION),
    ("platform", '"linux/riscv64"', "'linux/riscv64'", "use linux/amd64 or linux/arm64"),
    ("bedrock_model", '""', "''", MODEL),
    ("bedrock_model", '"maker model"', "'maker model'", MODEL),
    ("bedrock_model", '"arn:aws:s3:::bucket"', "'arn:aws:s3:::bucket'", MODEL),
    ("rollout_timeout", "5", "5", "use seconds from 10 to 7200"),
    ("rollout_timeout", "60.0", "60.0", "use seconds from 10 to 7200"),
    ("jwt_issuer", '""', "''", ISSUER),
    ("jwt_issuer", '"a b"', "'a b'", ISSUER),
    ("jwt_issuer", '"{{resolve:ssm:/x}}"', "'{{resolve:ssm:/x}}'", ISSUER),
    ("jwt_audiences", '"shop"', "'shop'", AUDIENCES),
    ("jwt_audiences", '["a", "a"]', "['a', 'a']", AUDIENCES),
    ("jwt_audiences", "[1]", "[1]", AUDIENCES),
    ("jwt_jwks", '"http://login.example.com/keys"', "'http://login.example.com/keys'", KEYS),
    ("jwt_jwks", '"https://u:p@login.example.com/keys"', "'https://u:p@login.example.com/keys'", KEYS),
    ("jwt_jwks", '"file:///etc/passwd"', "'file:///etc/passwd'", KEYS),
    ("jwt_jwks", '"../keys.json"', "'../keys.json'", KEYS),
    ("jwt_jwks", '"/etc/keys.json"', "'/etc/keys.json'", KEYS),
    ("ecs_deployment", '"linear"', "'linear'", 'use "rolling" or "blue-green" or "canary"'),
)

SERVICE_VALUES = (
    ("source", '"../x"', "'../x'", FOLDER),
    ("source", '"a/../../x"', "'a/../../x'", FOLDER),
    ("source", '"/etc"', "'/etc'", FOLDER),
    ("source", '"~"', "'~'", FOLDER),
    ("source", '"~root/x"', "'~root/x'", FOLDER),
    ("source", '"a\\\\b"', "'a\\\\b'", FOLDER),
    ("source", '"a\\u0000b"', "'a\\x00b'", FOLDER),
    ("source", '""', "''", FOLDER),
    ("source", "true", "True", FOLDER),
    ("source", f'"{"x" * 201}"', "'" + "x" * 56 + "...", FOLDER),
    ("dockerfile", '"../Dockerfile"', "'../Dockerfile'", DOCKERFILE),
    ("dockerfile", '"/etc/passwd"', "'/etc/passwd'", DOCKERFILE),
    ("port", "0", "0", PORT),
    ("port", "70000", "70000", PORT),
    ("port", '"80"', "'80'", PORT),
    ("port", "true", "True", PORT),
    ("port", "80.0", "80.0", PORT),
    ("port", "0x" + "f" * 4500, "a number of that length", PORT),
    ("port", "1979-05-27", "datetime.date(1979, 5, 27)", PORT),
    ("health_path", '"health"', "'health'", HEALTH),
    ("health_path", '"/a b"', "'/a b'", HEALTH),
    ("health_path", '"/x?y=1"', "'/x?y=1'", HEALTH),
    ("health_path", "true", "True", HEALTH),
    ("path", '"shop"', "'shop'", PATH),
    ("path", '"/shop/"', "'/shop/'", PATH),
    ("path", '"/Shop"', "'/Shop'", PATH),
    ("path", '"/*"', "'/*'", PATH),
    ("path", '"/a/b/c/d/e"', "'/a/b/c/d/e'", PATH),
    ("cpu", "300", "300", "use one of 256, 512, 1024, 2048, 4096"),
    ("cpu", "true", "True", "use one of 256, 512, 1024, 2048, 4096"),
    ("memory", "100", "100", "use MiB, in a combination that Fargate offers for the cpu"),
    ("desired", "-1", "-1", "use tasks from 0 to 100, between min and max"),
    ("max", "0", "0", "use tasks from 1 to 100"),
    ("stop_timeout", "300", "300", "use seconds from 2 to 120"),
    ("deregistration_delay", "-5", "-5", "use seconds from 0 to 3600"),
    ("health_interval", "1", "1", "use seconds from 5 to 300"),
    ("environment", '"A=1"', "'A=1'", TEXTS),
    ("environment", "{ A = 1 }", "{'A': 1}", TEXTS),
    ("environment", "{ A = true }", "{'A': True}", TEXTS),
    ("environment", '{ "A-B" = "1" }', "{'A-B': '1'}", TEXTS),
    ("environment", '{ "1A" = "1" }', "{'1A': '1'}", TEXTS),
    ("environment", '{ "Ä" = "1" }', "{'Ä': '1'}", TEXTS),
    ("environment", '{ A = "\\u0000" }', "{'A': '\\x00'}", TEXTS),
    ("environment", '{ A = { B = "1" } }', "{'A': {'B': '1'}}", TEXTS),
    ("environment", f'{{ A = 1, B = "{"x" * 99}" }}', "{'A': 1, 'B': '" + "x" * 42 + "...", TEXTS),
    ("public", '"yes"', "'yes'", "use true or false"),
    ("public", "1", "1", "use true or false"),
    ("request_timeout", "0", "0", "use seconds from 1 to 60"),
    ("rate_limit", "-1", "-1", "use requests a second, from 0 to 1000000"),
    ("max_body", "4294967296", "4294967296", "use bytes from 0 to 4294967295"),
    ("max_body", '"1 MB"', "'1 MB'", "use bytes from 0 to 4294967295"),
    ("sticky", '"header:"', "'header:'", STICKY),
    ("sticky", '"header:a b"', "'header:a b'", STICKY),
    ("sticky", '"Cookie"', "'Cookie'", STICKY),
    ("build_args", "[]", "[]", ARGUMENTS),
    ("build_args", '{ A = "\\u0000" }', "{'A': '\\x00'}", ARGUMENTS),
)  # fmt: skip


Row = tuple[str, str, str, str]


def name_of(row: Row) -> str:
    return f"{row[0]} {row[1]:.24}"


@pytest.mark.parametrize("row", TARGET_VALUES, ids=name_of)
def test_bad_value_of_a_target(load_text: Loader, row: Row) -> None:
    key, value, shown, remedy = row
    rows = {"account": '"000000000000"', "region": '"us-east-1"', key: value}
    text = "[targets.local]\n" + "".join(f"{name} = {text}\n" for name, text in rows.items()) + SERVICE
    with pytest.raises(SettingsError) as caught:
        load_text(text)
    assert refusal(caught.value) == (f"slipway.toml: targets.local.{key}", f"{shown} is not allowed", remedy)


@pytest.mark.parametrize("row", SERVICE_VALUES, ids=name_of)
def test_bad_value_of_a_service(load_text: Loader, row: Row) -> None:
    key, value, shown, remedy = row
    rows = {"source": '"hello"', key: value}
    text = TARGET + "[services.hello]\n" + "".join(f"{name} = {text}\n" for name, text in rows.items())
    with pytest.raises(SettingsError) as caught:
        load_text(text)
    assert refusal(caught.value) == (f"slipway.toml: services.hello.{key}", f"{shown} is not allowed", remedy)


TOGETHER = {
    "a name that AWS keeps for its own load balancers": (
        'name = "internal"\n' + TARGET + SERVICE,
        (
            "name",
            "'internal' is not allowed",
            'use a lower-case name of letters, digits and single hyphens, at most 20 characters, not "internal"',
        ),
    ),
    "no account": (
        '[targets.local]\nregion = "us-east-1"\n' + SERVICE,
        ("targets.local.account", "missing", 'add 12 digits in quotes, such as "123456789012"'),
    ),
    "no region": (
        '[targets.local]\naccount = "000000000000"\n' + SERVICE,
        ("targets.local.region", "missing", 'add an AWS region, such as "eu-central-1"'),
    ),
    "a certificate without its domain": (
        TARGET + f'certificate_arn = "arn:aws:acm:us-east-1:{"0" * 12}:certificate/1"\n' + SERVICE,
        (
            "targets.local.domain",
            "missing beside certificate_arn",
            'add a host name, such as "shop.example.com", which the certificate is for',
        ),
    ),
    "an issuer without its keys": (
        TARGET + 'jwt_issuer = "https://login.example.com"\n' + SERVICE,
        (
            "targets.local.jwt_jwks",
            "missing beside jwt_issuer",
            "add an https:// URL, or a file of the project with the key set",
        ),
    ),
    "audiences of nobody": (
        TARGET + 'jwt_audiences = ["shop"]\n' + SERVICE,
        (
            "targets.local.jwt_issuer",
            "missing beside jwt_audiences",
            "add what the tokens say in `iss`, such as an https:// URL",
        ),
    ),
    "a gateway for one path": (
        TARGET + '[services.gateway]\nsource = "envoy"\npath = "/api"\n',
        (
            "services.gateway.path",
            "the gateway takes every request, not only those for '/api'",
            "take it out; the services behind the gateway have paths and hosts",
        ),
    ),
    "a gateway for one host": (
        TARGET + '[services.gateway]\nsource = "envoy"\nhost = "api.example.com"\n',
        (
            "services.gateway.host",
            "the gateway takes every request, not only those for 'api.example.com'",
            "take it out; the services behind the gateway have paths and hosts",
        ),
    ),
    "a gateway behind a gateway": (
        TARGET + '[services.gateway]\nsource = "envoy"\npublic = true\n',
        (
            "services.gateway.public",
            "this is about services behind the gateway, not about the gateway itself",
            "take it out",
        ),
    ),
    "path twice beside a gateway": (
        TARGET
        + '[services.gateway]\nsource = "envoy"\n[services.a]\nsource = "a"\n[services.b]\nsource = "b"\npath = "/"\n',
        ("services.b.path", "'/' is also the path of a", "give each service its own path"),
    ),
    "no source": (
        TARGET + "[services.hello]\nport = 1\n",
        ("services.hello.source", "missing", "add a folder inside the project, relative to its root"),
    ),
    "path twice": (
        TARGET + '[services.a]\nsource = "a"\n[services.b]\nsource = "b"\n',
        ("services.b.path", "'/' is also the path of a", "give each service its own path"),
    ),
    "priority twice": (
        TARGET + '[services.a]\nsource = "a"\npriority = 7\n[services.b]\nsource = "b"\npath = "/b"\npriority = 7\n',
        ("services.b.priority", "7 is also the priority of a", "give each service its own priority"),
    ),
    "memory too small for the cpu": (
        TARGET + SERVICE + "cpu = 1024\n",
        (
            "services.hello.memory",
            "512 MiB do not go with cpu 1024",
            "use one of 2048, 3072, 4096, 5120, 6144, 7168, 8192",
        ),
    ),
    "memory between two steps": (
        TARGET + SERVICE + "memory = 700\n",
        ("services.hello.memory", "700 MiB do not go with cpu 256", "use one of 512, 1024, 2048"),
    ),
    "more desired than max": (
        TARGET + SERVICE + "desired = 9\n",
        (
            "services.hello.desired",
            "desired 9 is not between min 2 and max 4",
            "use tasks from 0 to 100, between min and max",
        ),
    ),
    "min above max": (
        TARGET + SERVICE + "min = 5\ndesired = 5\n",
        (
            "services.hello.desired",
            "desired 5 is not between min 5 and max 4",
            "use tasks from 0 to 100, between min and max",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TOGETHER)
def test_values_that_do_not_go_together(load_text: Loader, case: str) -> None:
    text, (where, what, remedy) = TOGETHER[case]
    with pytest.raises(SettingsError) as caught:
        load_text(text)
    assert refusal(caught.value) == (f"slipway.toml: {where}", what, remedy)
