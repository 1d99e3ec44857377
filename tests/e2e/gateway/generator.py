"""Random policies and random requests that meet them often: few names, so that a policy's name is in many requests."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from scripts.engine.policies.oracle import Request

PATHS = ("/", "/orders", "/orders/7", "/orders/7/items", "/ordersx", "/admin", "/admin/users", "/a.b", "/a+b", "/a-b/c")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ACTIONS = (*METHODS, "read", "write")
NAMES = ("ann", "bob", "", "a*b", "é", "ann@example.com", "x" * 40, "a.b", "a\\b", 'say "hi"')
ROLES = ("admin", "reader", "auditor")
GROUPS = ("dev", "ops", "a*b", "")
HOSTS = ("shop.example.com", "api.example.com", "localhost")
OTHER_CASE = ("SHOP.example.com", "Localhost")
NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "192.168.1.0/24", "0.0.0.0/0", "10.1.2.3", "::1", "2001:db8::/32", "fe80::/10")
ADDRESSES = ("10.1.2.3", "10.200.0.1", "192.168.1.77", "8.8.8.8", "127.0.0.1", "2001:db8::7", "::1", "fe80::1")
PATTERNS = ("*", "a*", "*b", "*nn*", "a*b", "ann", "*@example.com", "a\\*b", "*.*", "", "**", "x*x*x")
LEVELS = (-1, 0, 1, 3, 10, 2**40, -(2**52))
VERSIONS = ("1", "2", "2.1", "")
TOKENS = 400
"""Different tokens; signing and verifying one takes longer than all the rest of a request."""


T = TypeVar("T")


class Generator:
    """Everything from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.known_claims = [self._claims() for _ in range(TOKENS)]

    def policies(self, count: int) -> str:
        """Text of that many policies."""
        return "\n".join(self._policy(place) for place in range(count))

    def _policy(self, place: int) -> str:
        effect = self.one(("permit", "permit", "permit", "forbid"))
        head = f'@id("p{place}") @description("random")\n{effect}({self._who()}, {self._what()}, {self._where()})'
        conditions = [
            f"{self.one(('when', 'unless'))} {{ {self._expression(self.few(3))} }}" for _ in range(self.few(2))
        ]
        return "\n".join([head, *conditions]) + ";"

    def _who(self) -> str:
        return self.one(
            (
                "principal",
                "principal",
                f"principal == User::{quoted(self.one(NAMES))}",
                f'principal in Role::"{self.one(ROLES)}"',
                "principal is User",
                "principal is Anonymous",
                f'principal is User in Role::"{self.one(ROLES)}"',
            )
        )

    def _what(self) -> str:
        several = ", ".join(f'Action::"{self.one(ACTIONS)}"' for _ in range(1 + self.few(2)))
        return self.one(("action", f'action == Action::"{self.one(METHODS)}"', f"action in [{several}]"))

    def _where(self) -> str:
        path = self.one(PATHS)
        return self.one(
            (
                "resource",
                f'resource == Path::"{path}"',
                f'resource in Path::"{path}"',
                f'resource is Path in Path::"{path}"',
            )
        )

    def _expression(self, depth: int) -> str:
        if depth and self.random.random() < 0.6:
            left, right = self._expression(depth - 1), self._expression(depth - 1)
            whole = f"if {left} then {right} else {self._expression(depth - 1)}"
            return self.one((f"({left} && {right})", f"({left} || {right})", f"!({left})", f"({whole})"))
        return self.one(self._leaves())()

    def _leaves(self) -> tuple[Callable[[], str], ...]:
        return (
            lambda: self._user(f"principal.sub == {quoted(self.one(NAMES))}"),
            lambda: self._user(f"principal has email && principal.email like {pattern(self.one(PATTERNS))}"),
            lambda: self._user("principal has email"),
            lambda: self._user(f"principal has scope && principal.scope != {quoted(self.one(NAMES))}"),
            lambda: self._user("principal has email_verified && principal.email_verified"),
            lambda: self._user(f"principal has level && {self._number()}"),
            lambda: self._user(f"principal.groups.contains({quoted(self.one(GROUPS))})"),
            lambda: self._user(f"principal.groups.{self.one(('containsAll', 'containsAny'))}({self._set()})"),
            lambda: self._user("principal.groups.isEmpty()"),
            lambda: self._user(f"{self._set(NAMES)}.contains(principal.sub)"),
            lambda: self.one(("principal is User", "principal is Anonymous")),
            lambda: self.one(tuple(f'principal in Role::"{role}"' for role in ROLES)),
            lambda: f'resource {self.one(("in", "=="))} Path::"{self.one(PATHS)}"',
            lambda: f'resource in [Path::"{self.one(PATHS)}", Path::"{self.one(PATHS)}"]',
            lambda: f'action in Action::"{self.one(ACTIONS)}"',
            lambda: f'context.source_ip.isInRange(ip("{self.one(NETWORKS)}"))',
            lambda: f"context.source_ip.{self.one(('isIpv4', 'isIpv6', 'isLoopback'))}()",
            lambda: f'context.host {self.one(("==", "!="))} "{self.one(HOSTS + OTHER_CASE)}"',
            lambda: f"context.host like {pattern(self.one(PATTERNS))}",
            lambda: f"context.path like {pattern(self.one(('/orders*', '*7*', '/a.b', '*')))}",
            lambda: f'context.method == "{self.one(METHODS)}"',
            lambda: 'context.headers has "x-api-version"',
            lambda: (
                'context.headers has "x-api-version" && context.headers["x-api-version"] '
                f"{self.one(('==', '!='))} {quoted(self.one(VERSIONS))}"
            ),
            lambda: self.one(("true", "false")),
        )

    def _user(self, condition: str) -> str:
        return f"(principal is User && {condition})"

    def _number(self) -> str:
        left, right = "principal.level", str(self.one(LEVELS))
        if self.random.random() < 0.3:
            left, right = right, left
        return f"{left} {self.one(('<', '<=', '>', '>=', '==', '!='))} {right}"

    def _set(self, words: tuple[str, ...] = GROUPS) -> str:
        return "[" + ", ".join(quoted(self.one(words)) for _ in range(1 + self.few(2))) + "]"

    def request(self) -> Request:
        """A request, with odd claims now and then."""
        return Request(
            method=self.one((*METHODS, "GET", "GET", "PURGE")),
            path=self.one(PATHS),
            claims=self.one(self.known_claims) if self.random.random() < 0.75 else None,
            host=self.one(HOSTS + OTHER_CASE),
            source_ip=self.one(ADDRESSES),
            headers={"x-api-version": self.one(VERSIONS)} if self.random.random() < 0.5 else {},
        )

    def _claims(self) -> dict[str, Any]:
        claims: dict[str, Any] = {"sub": self.one(NAMES)}
        odd = self.random.random() < 0.08
        for name, values in {
            "email": NAMES,
            "scope": NAMES,
            "email_verified": (True, False),
            "level": (*LEVELS, 2, 4),
        }.items():
            if self.random.random() < 0.6:
                claims[name] = self.one(values)
        for name, words in {"groups": GROUPS, "roles": ROLES}.items():
            if self.random.random() < 0.7:
                claims[name] = [self.one(words) for _ in range(self.few(3))]
        if odd:
            claims[self.one((*claims, "sub"))] = self.one(
                (None, 7, True, "x", [], ["dev", 3], ["dev", {}], {}, {"a": 1}, [[]], [None], 1.0, 2**53, [True])
            )
        return claims

    def one(self, values: Sequence[T]) -> T:
        """One of them."""
        return self.random.choice(values)

    def few(self, most: int) -> int:
        """From none to that many."""
        return self.random.randint(0, most)


def quoted(text: str) -> str:
    """A string of Cedar."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pattern(text: str) -> str:
    """A pattern of Cedar; `*` stands for anything, `\\*` for itself."""
    return '"' + text.replace('"', '\\"') + '"'
