"""Who answers a request: the gateway, whatever the request says."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from tests.e2e.project import Project
from tests.e2e.running import Result


def asked(project: Project, path: str, host: str = "") -> tuple[int, http.client.HTTPMessage]:
    """Status and headers of one answer."""
    where = urlsplit(project.url(path))
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=10)
    try:
        connection.request("GET", where.path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


def status(project: Project, path: str) -> int:
    """Status of one answer."""
    return asked(project, path)[0]


def test_nothing_but_the_gateway_answers(project: Project, bootstrap: Result) -> None:
    """Whatever host a request names, and the port of the listener behind it too: the answer has the gateway's mark."""
    for host in ("", "shop.example.com", "shop.example.com:8081"):
        code, headers = asked(project, "/hello", host)
        assert (code, bool(headers["x-request-id"])) == (200, True), host
    assert status(project, "/nowhere") == 401
