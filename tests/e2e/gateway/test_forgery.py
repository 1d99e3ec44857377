"""Who somebody is, where he comes from and which host he wants: what a client says of it, and what is believed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.gateway.agent_process import Gateway
from tests.e2e.gateway.behind import behind
from tests.e2e.gateway.raw import Recorder, exchange, statuses

POLICIES = """
@id("open") @description("everybody") permit (principal, action, resource)
unless { resource in Path::"/office" };
@id("office") @description("from the office") permit (principal, action, resource in Path::"/office")
when { context.source_ip.isInRange(ip("10.0.0.0/8")) };
@id("closed") @description("nobody") forbid (principal, action, resource)
when { context.host == "closed.example.com" || context.host like "*.closed.example.com" };
"""
SERVICES = {"app": {"path": "/app"}, "office": {"path": "/office"}, "closed": {"host": "closed.example.com"}}


@pytest.fixture(scope="module")
def app() -> Iterator[Recorder]:
    made = Recorder()
    yield made
    made.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, app: Recorder) -> Iterator[Gateway]:
    with behind(tmp_path_factory.mktemp("g"), app, POLICIES, SERVICES) as made:
        yield made


def ask(gateway: Gateway, *lines: str, path: str = "/app/x", host: str | None = "x", method: str = "GET") -> int:
    """The status of an answer to a request with these lines."""
    hosts = [f"host: {host}"] if host is not None else []
    head = [f"{method} {path} HTTP/1.1", *hosts, "connection: close", "content-length: 0", *lines, "", ""]
    return statuses(exchange(gateway.port, "\r\n".join(head).encode("latin-1")))[0]


IDENTITY = (
    *("X-User-Id", "x-user-id", "X-USER-ROLES", "X_User_Id", "x_user-id", "x-user_id", "X-User-Anything"),
    *("x-user-email\t", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Auth-Request-User"),
    *("X-Auth-Request-Groups", "X-Amzn-Oidc-Identity", "x-amzn-oidc-data", "Remote-User", "X-Remote-User"),
    *("X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token"),
)
PLACE = (
    *("X-Forwarded-Prefix", "X-Forwarded-Host", "X-Forwarded-Server", "Forwarded", "X-Real-IP", "X-Client-IP"),
    *("True-Client-IP", "X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Envoy-Original-Path", "Proxy"),
    *("X-Envoy-External-Address", "X-Envoy-Internal", "X-Envoy-Retry-On", "X-Envoy-Upstream-Rq-Timeout-Ms"),
    *("X-Envoy-Decorator-Operation", "X-Envoy-Force-Trace", "X-Envoy-Max-Retries", "X-Envoy-Hedge-On-Per-Try-Timeout"),
)
METHOD = ("X-HTTP-Method-Override", "X-Http-Method", "X-Method-Override")


@pytest.mark.parametrize("name", IDENTITY + PLACE + METHOD)
def test_what_only_a_gateway_may_say_does_not_arrive_from_a_client(gateway: Gateway, app: Recorder, name: str) -> None:
    app.heads.clear()
    status = ask(gateway, f"{name}: forged")
    assert status == (400 if name != name.strip() else 200)
    assert "forged" not in "".join(app.heads)


@pytest.mark.parametrize("line", ["X-User-Id : forged", " X-User-Id: forged", "X-User-Id\x00: forged"])
def test_names_that_are_none_are_refused(gateway: Gateway, app: Recorder, line: str) -> None:
    app.heads.clear()
    request = f"GET /app/x HTTP/1.1\r\n{line}\r\nhost: x\r\n\r\n"
    assert statuses(exchange(gateway.port, request.encode("latin-1"))) == [400]
    assert app.heads == []


def test_what_is_said_twice_is_said_by_us_once(gateway: Gateway, app: Recorder) -> None:
    app.heads.clear()
    token = f"authorization: {gateway.token(roles=['reader'])}"
    assert ask(gateway, "x-user-id: root", token, "X-User-Id: root", "x-user-roles: admin") == 200
    said = [line for line in app.heads[0].split("\r\n") if line.lower().startswith("x-user-")]
    assert sorted(said) == ["x-user-id: ann", 'x-user-roles: ["reader"]']


ADDRESSES = {
    "no word of it": ((), 401),
    "the load balancer saw it": (("x-forwarded-for: 10.1.1.1",), 200),
    "the client lied of it, the load balancer saw another": (("x-forwarded-for: 10.1.1.1, 203.0.113.9",), 401),
    "the client lied of another, the load balancer saw it": (("x-forwarded-for: 203.0.113.9, 10.1.1.1",), 200),
    "a long chain": (("x-forwarded-for: " + "10.1.1.1, " * 50 + "203.0.113.9",), 401),
    "two lines, the last is the load balancer's": (
        ("x-forwarded-for: 10.1.1.1", "x-forwarded-for: 203.0.113.9"),
        401,
    ),
    "rubbish at the end": (("x-forwarded-for: 10.1.1.1, rubbish",), 401),
    "nothing at the end": (("x-forwarded-for: 10.1.1.1,",), 401),
    "with a port": (("x-forwarded-for: 10.1.1.1:80",), 401),
    "in the clothes of IPv6": (("x-forwarded-for: ::ffff:10.1.1.1",), 401),
    "in octal": (("x-forwarded-for: 012.1.1.1",), 401),
    "in another header": (("x-real-ip: 10.1.1.1", "forwarded: for=10.1.1.1", "true-client-ip: 10.1.1.1"), 401),
    "in Envoy's own": (("x-envoy-external-address: 10.1.1.1", "x-envoy-internal: true"), 401),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_policies_see_the_address_that_the_load_balancer_saw(gateway: Gateway, name: str) -> None:
    lines, status = ADDRESSES[name]
    assert ask(gateway, *lines, path="/office/x") == status


HOSTS = {
    "closed.example.com": 401,
    "CLOSED.example.com": 401,
    "Closed.Example.COM:80": 401,
    "closed.example.com.": 401,
    "closed.example.com.:80": 401,
    "A.closed.EXAMPLE.com": 401,
    "closed.example.com:rubbish": 400,
    "closed.example.com..": 400,
    "a@closed.example.com": 400,
    "x, closed.example.com": 400,
    "x,closed.example.com": 400,
    "x/closed.example.com": 400,
    "x closed.example.com": 400,
    "closed.example.com#": 400,
    "closed.example.com%00": 400,
    '"><script>': 400,
    "é": 400,
    "": 400,
    "[::1]:80": 200,
    "127.0.0.1:8080": 200,
    "Other.example.com": 200,
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_is_one_host_however_it_is_written(gateway: Gateway, host: str) -> None:
    assert ask(gateway, host=host) == HOSTS[host]


@pytest.mark.parametrize("line", ["host: closed.example.com", ":authority: closed.example.com", ":path: /office"])
def test_a_second_word_for_host_or_path_is_refused(gateway: Gateway, line: str) -> None:
    assert ask(gateway, line) == 400


@pytest.mark.parametrize("url", ["http://closed.example.com/app/x", "http://CLOSED.example.com:80/app/x"])
def test_the_host_of_a_whole_address_is_the_one_that_counts(gateway: Gateway, url: str) -> None:
    assert ask(gateway, path=url) == 401


OWN = {
    ("GET", "/.gateway/health/app"): 200,
    ("GET", "/.gateway//health/app"): 200,
    ("GET", "/%2egateway/health/app"): 200,
    ("GET", "/x/../.gateway/health/app"): 200,
    ("GET", "/.gateway/health/app?x=/admin"): 401,
    ("GET", "/.gateway/health/app?"): 401,
    ("GET", "/.gateway/health/app/"): 401,
    ("GET", "/.gateway/health/app/x"): 401,
    ("GET", "/.gateway/health/app;x"): 401,
    ("GET", "/.gateway/health/app%20"): 401,
    ("GET", "/.gateway/health/APP"): 401,
    ("GET", "/.GATEWAY/health/app"): 404,  # a path like any other
    ("GET", "/.gateway/health/other"): 401,
    ("GET", "/.gateway/health/"): 401,
    ("GET", "/.gateway/routes/"): 401,
    ("GET", "/.gateway/routes/000000000000"): 401,
    ("GET", "/.gateway/stats"): 401,
    ("GET", "/.gateway"): 404,
    ("HEAD", "/.gateway/health/app"): 401,
    ("POST", "/.gateway/health/app"): 401,
    ("DELETE", "/.gateway/health/app"): 401,
    ("OPTIONS", "/.gateway/health/app"): 401,
}


@pytest.mark.parametrize(("method", "path"), OWN)
def test_the_gateways_own_paths_in_every_spelling(gateway: Gateway, method: str, path: str) -> None:
    assert ask(gateway, method=method, path=path) == OWN[method, path]


def test_the_gateways_own_paths_are_there_for_every_host_that_is_one(gateway: Gateway) -> None:
    assert ask(gateway, path="/.gateway/health/app", host="closed.example.com") == 200
    assert ask(gateway, path="/.gateway/health/app", host="x,y") == 401


def test_a_health_path_says_its_status_and_nothing_else(gateway: Gateway) -> None:
    answer = gateway.get("/.gateway/health/app", authorization="Basic x", cookie="a=b")
    assert answer.body == b"app answers its health path with 200\n"
    assert set(answer.headers) <= {"content-length", "content-type", "date", "server", "x-request-id"}
