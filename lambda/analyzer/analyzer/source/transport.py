"""HTTP for git, within limits: a token goes to its own host only, time and bytes are counted while they pass, and no
message repeats what a server or a URL says.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

from analyzer.failure import Failure
from analyzer.source.access import Access, variable_for
from analyzer.source.budget import Budget
from analyzer.source.dial import ProxyRefused, cut, dial, network_of
from analyzer.source.reference import Remote

REDIRECTS = 3
BLOCK = 1 << 16


class Transport:
    """Requests to one repository's server, over one connection as long as that stays open."""

    def __init__(self, remote: Remote, access: Access, budget: Budget) -> None:
        self.remote, self.access, self.budget = remote, access, budget
        self._origin = ""
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None
        self._watch: threading.Timer | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._watch:
            self._watch.cancel()
        if self._response:
            self._response.close()
        if self._connection:
            self._connection.close()
        self._connection = self._response = None

    def request(self, url: str, headers: Mapping[str, str], data: bytes | None) -> tuple[http.client.HTTPResponse, str]:
        """The answer, status 200, and the URL that gave it. Redirects are followed for what changes nothing."""
        for _ in range(REDIRECTS + 1):
            response = self._send(url, headers, data)
            place = response.headers.get("Location")
            if data is not None or not place or response.status not in (301, 302, 303, 307, 308):
                self._check_status(response.status)
                return response, url
            url = self._redirected(url, place)
        raise self._unreachable("it redirects in circles")

    def reader(self, response: http.client.HTTPResponse) -> Callable[[int], bytes]:
        """Reads as many bytes as asked for, fewer only at the end."""

        def read(count: int = -1) -> bytes:
            data = bytearray()
            while (count < 0 or len(data) < count) and (part := self._part(response, count - len(data))):
                data += part
            return bytes(data)

        return read

    def finish(self, response: http.client.HTTPResponse) -> None:
        """Reads over the end of an answer, so that the connection can serve another request."""
        with suppress(OSError, http.client.HTTPException, ValueError):
            if not response.isclosed() and response.length != 0 and self._part(response, 1):
                self.close()
        response.close()

    def _part(self, response: http.client.HTTPResponse, most: int) -> bytes:
        try:
            part = response.read1(most if most > 0 else BLOCK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._explained(error) from None
        self.budget.spend(len(part))
        if not part and response.length:
            raise self._unreachable("the connection was cut before the end")
        return part

    def _redirected(self, url: str, place: str) -> str:
        target = urljoin(url, place)
        if urlsplit(target).scheme != urlsplit(url).scheme:
            raise self._unreachable("it redirects to another kind of address")
        self._check_led(urlsplit(url).hostname or "", urlsplit(target).hostname or "")
        return target

    def _check_led(self, host: str, target: str) -> None:
        """A server must not lead into a network that it is not in itself."""
        if host == target:
            return
        network = network_of(target)
        if network not in ("public", network_of(host)):
            raise Failure(
                "InvalidSource",
                f"{self.remote.host} redirects into a {network} network: that is not followed",
                remedy="name the repository by the URL that it is served from",
            )

    def _send(self, url: str, headers: Mapping[str, str], data: bytes | None) -> http.client.HTTPResponse:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        try:
            if self._is_open(origin):
                with suppress(http.client.RemoteDisconnected, http.client.NotConnected, ConnectionError):
                    return self._exchange(url, headers, data)
            self._connect(origin)
            return self._exchange(url, headers, data)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._explained(error) from None

    def _is_open(self, origin: str) -> bool:
        response = self._response
        return self._origin == origin and response is not None and response.isclosed() and not response.will_close

    def _connect(self, origin: str) -> None:
        self.close()
        self._origin = origin
        opened = dial(origin, self.access, self.budget)
        self._connection = http.client.HTTPConnection(urlsplit(origin).netloc)
        self._connection.auto_open = 0
        self._connection.sock = opened
        self._watch = threading.Timer(self.budget.left(), cut, [opened])
        self._watch.daemon = True
        self._watch.start()

    def _exchange(self, url: str, headers: Mapping[str, str], data: bytes | None) -> http.client.HTTPResponse:
        assert self._connection is not None
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self._connection.request("GET" if data is None else "POST", target, data, {**headers, **self._authorization()})
        self._response = self._connection.getresponse()
        return self._response

    def _authorization(self) -> dict[str, str]:
        """Credentials, on the way to the host that they are for."""
        host = urlsplit(self._origin).hostname or ""
        secret = self.remote.credentials or self.access.tokens.get(host)
        if not secret or self._origin != self.remote.origin:
            return {}
        pair = secret if ":" in secret else f"{'x-access-token' if host == 'github.com' else 'oauth2'}:{secret}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode("ascii")}

    def _check_status(self, status: int) -> None:
        if status == 200:
            return
        has_token = bool(self._authorization())
        if status in (401, 403):
            raise needs_credentials(self.remote, has_token=has_token)
        if status in (404, 410):
            hidden = "" if has_token else ", or it is private"
            remedy = f"check the URL; for a private repository set {variable_for(self.remote.host)} in the environment"
            raise Failure("SourceNotFound", f"there is no repository {self.remote.url}{hidden}", remedy=remedy)
        raise self._unreachable(f"it answers HTTP {status}")

    def _explained(self, error: Exception) -> Failure:
        """A failure of the network, in words that hold nothing of the error's own."""
        with suppress(OSError):
            self.close()
        self.budget.left()
        return self._unreachable(next((why for kind, why in REASONS if isinstance(error, kind)), "it speaks no HTTP"))

    def _unreachable(self, why: str) -> Failure:
        return unreachable(self.remote, why)


REASONS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "its name is not known"),
    (TimeoutError, "it does not answer"),
    (ProxyRefused, "the proxy of the environment does not connect to it"),
    (ConnectionRefusedError, "it refuses connections"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted here"),
    (ssl.SSLError, "it speaks no TLS that is known here"),
    (OSError, "the connection was cut"),
    (http.client.IncompleteRead, "the connection was cut before the end"),
)


def unreachable(remote: Remote, why: str) -> Failure:
    """For a server that does not do its part."""
    return Failure("Unreachable", f"{remote.host} cannot be reached: {why}", remedy="try again later")


def needs_credentials(remote: Remote, *, has_token: bool) -> Failure:
    """For a server that wants to know who asks."""
    if has_token:
        message = f"{remote.host} refuses the credentials for {remote.url}"
        remedy = f"check that the token in {variable_for(remote.host)} is valid and may read the repository"
        return Failure("NeedsCredentials", message, remedy=remedy)
    message = f"{remote.url} is private, or does not exist: {remote.host} asks for credentials"
    remedy = f"set {variable_for(remote.host)} in the environment to a token that may read it"
    return Failure("NeedsCredentials", message, remedy=remedy)
