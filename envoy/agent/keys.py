"""Keeps Envoy's keys current: fetched by us, not by Envoy, so that the last good ones stay when the issuer is down."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent import auth, files, log
from agent.clock import REAL, Clock
from agent.reading import whole

AUTH_FILE = "auth.json"
FRESH_SECONDS = 60.0
"""A key that the issuer adds is known that long after at most."""
AGAIN_SECONDS = 5.0
LARGEST = 1_000_000
SECONDS = 5.0

Fetch = Callable[[str], str]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Whose keys these are was said by the settings; nobody on the way may name another place."""

    def redirect_request(self, *_: Any) -> None:
        """Not followed: the answer then is an error, with its status."""


def fetched(url: str) -> str:
    """The text of a set of keys; raises OSError."""
    try:
        with urllib.request.build_opener(NoRedirect).open(url, timeout=SECONDS) as answer:
            return whole(answer, largest=LARGEST, seconds=SECONDS).decode("utf-8", "replace")
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"{type(error).__name__} {error}") from None


class Keys:
    """One step looks whether settings or keys are others than before."""

    def __init__(self, state: Path, fetch: Fetch = fetched, *, clock: Clock = REAL) -> None:
        self._file, self._fetch, self._clock = state / AUTH_FILE, fetch, clock
        self._nobodys = auth.nobodys_key()
        self._auth: auth.Auth | None = None
        self._jwks = self._nobodys
        self._due = 0.0
        self._changes = log.Changes()
        self._write()

    def step(self, text: str) -> None:
        """Settings as JSON; empty: there is no issuer. What cannot be used leaves what was."""
        try:
            wanted = auth.parse(text) if text else None
        except auth.BadAuth as error:
            self._changes.trouble("authentication stays as it was", error)
            return
        if wanted == self._auth and self._clock.now() < self._due:
            return
        self._take(wanted)

    def _take(self, wanted: auth.Auth | None) -> None:
        self._due = self._clock.now() + FRESH_SECONDS
        try:
            jwks = self._keys_of(wanted) if wanted else self._nobodys
        except (OSError, auth.BadAuth) as error:
            self._due = self._clock.now() + AGAIN_SECONDS
            self._changes.trouble("the keys cannot be had", error)
            if wanted == self._auth:
                return
            jwks = self._nobodys  # keys of another issuer must not verify this one's tokens
        else:
            self._changes.fine("the keys are there again")
        self._auth, self._jwks = wanted, jwks
        self._write()

    def _keys_of(self, wanted: auth.Auth) -> str:
        return auth.usable(wanted.jwks or self._fetch(wanted.jwks_uri), self._nobodys)

    def _write(self) -> None:
        text = files.resources(auth.resource(self._auth, self._jwks))
        if files.replace_when_changed(self._file, text):
            log.say("tokens are verified", issuer=self._auth.issuer if self._auth else None)
