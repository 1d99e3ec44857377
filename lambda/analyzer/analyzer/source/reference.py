"""References as people write them: a path, an archive, `owner/repository`, the URL of a git repository; `#REF` behind.

Nothing of a reference's user name, password or query ever reaches a message: see `shown`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from analyzer.failure import Failure
from analyzer.source.access import Access

SHORT = re.compile(r"(?:github\.com/)?([A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100})/?")
SSH = re.compile(r"(?:ssh|git|git\+ssh|ftps?)://.*|[\w.-]+@[\w.-]+:.*", re.DOTALL)
PAGE = re.compile(r"(.*?)(?:/-)?/(?:tree|blob|commits?)/([^/]+).*", re.DOTALL)
"""The address of a page of a hosting site, not of a repository."""
REF = re.compile(r"(?!.*(?:\.\.|@\{|//|\.lock$|[\0-\x20\x7f~^:?*\[\\]))[^-/.][^#]{0,199}(?<![./])")
"""What `git check-ref-format` allows, and hexadecimal ids."""
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository on a server."""

    url: str
    """Without user, password, query and fragment."""
    ref: str | None = None
    credentials: str | None = field(default=None, repr=False)
    """ "user:password" of the URL."""

    @property
    def host(self) -> str:
        """The server's name, lower case."""
        return urlsplit(self.url).hostname or ""

    @property
    def origin(self) -> str:
        """Scheme, host and port, as in the URL."""
        return "{0.scheme}://{0.netloc}".format(urlsplit(self.url))


@dataclass(frozen=True, slots=True)
class Local:
    """A folder or an archive of this machine; with a ref, a repository."""

    path: str
    ref: str | None = None


def parse(text: str, access: Access) -> Remote | Local:
    """What a reference names. Raises Failure InvalidSource, SourceNotFound."""
    if not text or "\0" in text:
        raise Failure("InvalidSource", "the reference is empty", remedy="name a folder, an archive or a git URL")
    if access.local and os.path.lexists(text):
        return Local(text)
    place, _, ref = text.partition("#")
    checked = _ref(ref) if "#" in text else None
    if SSH.fullmatch(place):
        raise Failure(
            "InvalidSource",
            f"{shown(place)} is reached with ssh, which would use keys of this machine",
            remedy="name its https:// URL; a private repository needs a token in the environment",
        )
    if "://" in place:
        return _remote(place, checked)
    return _path(place, checked, access)


def _path(place: str, ref: str | None, access: Access) -> Remote | Local:
    if access.local and place and os.path.lexists(place):
        return Local(place, ref)
    if short := SHORT.fullmatch(place):
        return Remote(f"https://github.com/{short[1]}", ref)
    kinds = "folder, archive or repository" if access.local else "repository"
    raise Failure(
        "SourceNotFound", f"there is no {kinds} {shown(place)}", remedy="check the path, or name a URL: https://..."
    )


def _ref(ref: str) -> str:
    if not REF.fullmatch(ref):
        raise Failure(
            "InvalidSource", f"#{shown(ref)} is not the name of a branch, tag or commit", remedy="write URL#branch"
        )
    return ref


def _remote(place: str, ref: str | None) -> Remote:
    try:
        url = urlsplit(place)
        netloc = _netloc(url)
    except ValueError as error:
        raise _invalid(place, "is not a URL") from error
    if url.scheme not in ("https", "http"):
        raise _invalid(place, "is not an http(s) URL")
    if not url.hostname or url.path.strip("/") == "" or re.search(r"[\0-\x20\x7f\\]", place):
        raise _invalid(place, "names no repository")
    if url.query:
        raise _invalid(place, "has a query, which a repository's URL does not have")
    if page := PAGE.fullmatch(url.path):
        raise Failure(
            "InvalidSource",
            f"{shown(place)} is the address of a page, not of a repository",
            remedy=f"write {url.scheme}://{netloc}{page[1]}#{page[2]}",
        )
    return Remote(f"{url.scheme}://{netloc}{url.path.rstrip('/')}", ref, _credentials(url))


def _netloc(url: SplitResult) -> str:
    """Host and port without the user; ValueError for a port that is no number."""
    host = url.hostname or ""
    return (f"[{host}]" if ":" in host else host) + (f":{url.port}" if url.port else "")


def _credentials(url: SplitResult) -> str | None:
    if not url.username:
        return None
    return f"{unquote(url.username)}:{unquote(url.password or '')}"


def _invalid(place: str, why: str) -> Failure:
    return Failure("InvalidSource", f"{shown(place)} {why}", remedy="write https://host/owner/repository")


def shown(text: str) -> str:
    """A reference for a message: without user, password and query, on one line, shortened."""
    text = re.sub(r"//.*@", "//", text, flags=re.DOTALL).partition("?")[0]
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
