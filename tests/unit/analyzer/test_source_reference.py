"""References and what may be reached: what people write, what is refused, what never shows in a message."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from typing import Any

import pytest

from analyzer.failure import Failure
from analyzer.source import dial
from analyzer.source.access import Access, from_environment
from analyzer.source.budget import Budget
from analyzer.source.dial import is_public
from analyzer.source.limits import Limits
from analyzer.source.opening import open_source
from analyzer.source.reference import Local, Remote, parse
from analyzer.source.transport import Transport

HERE, ELSEWHERE = Access(), Access(local=False, public_only=True)


@pytest.mark.parametrize(
    ("text", "url", "ref"),
    [
        ("https://example.com/a/b.git", "https://example.com/a/b.git", None),
        ("https://Example.com:8443/a/b/", "https://example.com:8443/a/b", None),
        ("https://example.com/a/b#main", "https://example.com/a/b", "main"),
        ("https://example.com/a/b#feature/x-1.2", "https://example.com/a/b", "feature/x-1.2"),
        ("https://[::1]:3000/a/b", "https://[::1]:3000/a/b", None),
        ("http://127.0.0.1:8080/r.git", "http://127.0.0.1:8080/r.git", None),
        ("octocat/hello-world", "https://github.com/octocat/hello-world", None),
        ("octocat/hello.world#v1", "https://github.com/octocat/hello.world", "v1"),
        ("github.com/octocat/hello", "https://github.com/octocat/hello", None),
        ("https://github.com/o/r#" + "a" * 40, "https://github.com/o/r", "a" * 40),
    ],
)
def test_remote_references(text: str, url: str, ref: str | None) -> None:
    assert parse(text, ELSEWHERE) == Remote(url, ref)


def test_paths_win_over_short_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owner/name").mkdir(parents=True)
    (tmp_path / "odd#name").mkdir()
    assert parse("owner/name", HERE) == Local("owner/name")
    assert parse("owner/name#v1", HERE) == Local("owner/name", "v1")
    assert parse("odd#name", HERE) == Local("odd#name")
    assert parse("owner/name", ELSEWHERE) == Remote("https://github.com/owner/name")


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "InvalidSource", "the reference is empty"),
        ("nowhere", "SourceNotFound", "there is no folder, archive or repository nowhere"),
        ("./no/such/folder", "SourceNotFound", "there is no folder, archive or repository ./no/such/folder"),
        (
            "git@github.com:o/r.git",
            "InvalidSource",
            "git@github.com:o/r.git is reached with ssh, which would use keys of this machine",
        ),
        (
            "ssh://git@github.com/o/r",
            "InvalidSource",
            "ssh://github.com/o/r is reached with ssh, which would use keys of this machine",
        ),
        ("file:///etc", "InvalidSource", "file:///etc is not an http(s) URL"),
        ("ext::sh -c id", "SourceNotFound", "there is no folder, archive or repository ext::sh -c id"),
        ("https://example.com", "InvalidSource", "https://example.com names no repository"),
        ("https://example.com/ a", "InvalidSource", "https://example.com/ a names no repository"),
        ("https://example.com:99999/a", "InvalidSource", "https://example.com:99999/a is not a URL"),
        (
            "https://example.com/a?b=c",
            "InvalidSource",
            "https://example.com/a has a query, which a repository's URL does not have",
        ),
        (
            "https://github.com/o/r/tree/main/app",
            "InvalidSource",
            "https://github.com/o/r/tree/main/app is the address of a page, not of a repository",
        ),
        ("o/r#", "InvalidSource", "# is not the name of a branch, tag or commit"),
        ("o/r#--upload-pack=x", "InvalidSource", "#--upload-pack=x is not the name of a branch, tag or commit"),
        ("o/r#a..b", "InvalidSource", "#a..b is not the name of a branch, tag or commit"),
        ("o/r#a b", "InvalidSource", "#a b is not the name of a branch, tag or commit"),
        ("o/r#HEAD~1", "InvalidSource", "#HEAD~1 is not the name of a branch, tag or commit"),
    ],
)
def test_references_that_name_nothing(text: str, code: str, message: str) -> None:
    with pytest.raises(Failure) as caught:
        parse(text, HERE)
    assert (caught.value.code, str(caught.value)) == (code, message)
    assert caught.value.remedy


def test_a_page_of_a_hosting_site_says_what_to_write() -> None:
    for page in ("https://github.com/o/r/tree/v1/app", "https://gitlab.com/g/s/r/-/tree/v1/app"):
        with pytest.raises(Failure) as caught:
            parse(page, HERE)
        assert caught.value.remedy.endswith("r#v1")


@pytest.mark.parametrize(
    "text",
    [
        "https://user:hunter2@example.com",
        "https://hunter2@example.com/a?x=1",
        "ftp://user:hunter2@example.com/a",
        "https://user:hun@ter2/hunter2@example.com/a b",
        "https://example.com/a?token=hunter2",
        "https://user:hunter2@example.com:port/a",
        "ssh://hunter2@example.com/a",
        "https://u:hunter2@github.com/o/r/tree/main",
    ],
)
def test_no_message_holds_a_credential(text: str) -> None:
    with pytest.raises(Failure) as caught:
        parse(text, HERE)
    assert "hunter2" not in f"{caught.value} {caught.value.remedy} {caught.value!r}"


def test_credentials_of_a_url_are_not_shown() -> None:
    remote = parse("https://user:p%40ss@example.com/a/b", HERE)
    assert isinstance(remote, Remote)
    assert (remote.url, remote.credentials, "p@ss" in repr(remote)) == ("https://example.com/a/b", "user:p@ss", False)


def test_tokens_of_the_environment_belong_to_their_host() -> None:
    environment = {
        "GITHUB_TOKEN": "one",
        "GITLAB_TOKEN": "two",
        "GIT_TOKEN": "three",
        "GIT_TOKEN_HOST": "Git.Example.com",
    }
    access = from_environment(environment)
    assert access.tokens == {"github.com": "one", "gitlab.com": "two", "git.example.com": "three"}
    assert "one" not in repr(access)
    assert from_environment({"GIT_TOKEN": "three"}).tokens == {}


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"],
)
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fd00:ec2::254", "fc00::1",
        "ff02::1", "::ffff:169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
        "::127.0.0.1", "2001:0:a9fe:a9fe::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_of_our_own_networks(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)


@pytest.mark.parametrize(
    ("url", "access", "addresses"),
    [
        ("https://internal.example.com/a/b", ELSEWHERE, ["10.0.0.1"]),
        ("https://two-faced.example.com/a/b", ELSEWHERE, ["93.184.216.34", "169.254.169.254"]),
        ("http://example.com/a/b", ELSEWHERE, ["93.184.216.34"]),
        ("http://example.com/a/b", HERE, ["93.184.216.34"]),
        ("http://10.0.0.1/a/b", HERE, ["10.0.0.1"]),
    ],
)
def test_addresses_that_are_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, url: str, access: Access, addresses: list[str]
) -> None:
    resolved(monkeypatch, *addresses)
    with pytest.raises(Failure) as caught, open_source(url, access):
        pass
    host = Remote(url).host
    assert (caught.value.code, str(caught.value)) == (
        "InvalidSource",
        f"{host} is not a public host that speaks https: it is not connected to",
    )


def test_a_public_host_is_not_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    resolved(monkeypatch, "127.0.0.1")
    with pytest.raises(Failure, match="is not a public host"), open_source("https://example.com/a/b", ELSEWHERE):
        pass


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (socket.gaierror("hunter2"), "example.com cannot be reached: its name is not known"),
        (ConnectionRefusedError("hunter2"), "example.com cannot be reached: it refuses connections"),
        (TimeoutError("hunter2"), "example.com cannot be reached: it does not answer"),
        (OSError("hunter2"), "example.com cannot be reached: the connection was cut"),
    ],
)
def test_failures_of_the_network(monkeypatch: pytest.MonkeyPatch, error: OSError, message: str) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(Failure) as caught, open_source("https://user:hunter2@example.com/a/b"):
        pass
    assert (caught.value.code, str(caught.value)) == ("Unreachable", message)
    assert "hunter2" not in repr(caught.value.__cause__)


def test_a_repository_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    budget = Budget(Limits(seconds=5), lambda: now[0])
    transport = Transport(Remote("https://example.com/a/b"), HERE, budget)
    now[0] = 6.0
    monkeypatch.setattr(dial, "_proxy", lambda _: None)
    resolved(monkeypatch, "93.184.216.34")
    with pytest.raises(Failure) as caught:
        transport.request("https://example.com/a/b/info/refs", {}, None)
    assert (caught.value.code, str(caught.value)) == ("TimedOut", "the repository did not arrive within 5 s")


def test_a_repository_that_sends_too_much() -> None:
    budget = Budget(Limits(fetched_bytes=2_000_000), lambda: 0.0)
    budget.spend(2_000_000)
    with pytest.raises(Failure) as caught:
        budget.spend(1)
    assert (caught.value.code, str(caught.value)) == ("TooLarge", "the repository sends more than 2 MB")


@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_what_is_no_source(tmp_path: Path, kind: str) -> None:
    import os

    path = tmp_path / "x"
    path.write_text("hello") if kind == "file" else os.mkfifo(path)
    with pytest.raises(Failure) as caught, open_source(str(path)):
        pass
    assert caught.value.code == "InvalidSource"


def test_a_service_reads_nothing_of_its_own_machine(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught, open_source(str(tmp_path), ELSEWHERE):
        pass
    assert (caught.value.code, str(caught.value)) == ("SourceNotFound", f"there is no repository {tmp_path}")
