"""The tree of a commit on a server: one commit, and of its files only those that are read.

A server that can filter first sends the folders of the commit without any file, which is all that the content key
needs; the files that may be read follow in one more request when the first of them is read. Other servers send all
files at once. Everything arrives in a temporary folder that is removed with the tree.
"""

from __future__ import annotations

import logging
import struct
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeGuard

from analyzer.failure import Failure
from analyzer.source.access import Access
from analyzer.source.budget import Budget
from analyzer.source.git_tree import Objects, git_tree, ref_not_found
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.pack_file import check_pack
from analyzer.source.reference import Remote
from analyzer.source.scan import Clock
from analyzer.source.transport import Transport, unreachable
from analyzer.source.tree import Tree

if TYPE_CHECKING:
    from dulwich.object_store import DiskObjectStore

HEXADECIMAL = "0123456789abcdef"
NO_FILES = b"blob:none"


@contextmanager
def remote_tree(
    remote: Remote, access: Access, limits: Limits = DEFAULT, *, clock: Clock = time.monotonic
) -> Iterator[Tree]:
    """The tree of a repository on a server at a branch, tag or commit (its HEAD when none is named).

    Raises Failure SourceNotFound, RefNotFound, NeedsCredentials, InvalidSource, TooLarge, TimedOut, Unreachable; while
    the tree is read, too.
    """
    from dulwich.object_store import DiskObjectStore

    with (
        TemporaryDirectory(prefix="analyzer-") as folder,
        closing(Transport(remote, access, Budget(limits, clock))) as transport,
        closing(DiskObjectStore.init(f"{folder}/objects")) as store,
    ):
        fetching = _Fetching(transport, store)
        commit = fetching.commit()
        yield git_tree(store, commit, limits, fetch=fetching.blobs, clock=clock)


@contextmanager
def remote_commit(
    remote: Remote,
    access: Access,
    limits: Limits,
    *,
    is_known: Callable[[str], bool] = lambda _: False,
    clock: Clock = time.monotonic,
) -> Iterator[tuple[str, Objects | None]]:
    """A commit with all of its files: its id, or that of a tag of it, and the objects; None where the id is known.

    What was there before the commit is never fetched. Raises Failure as `remote_tree` does.
    """
    from dulwich.object_store import DiskObjectStore

    with (
        TemporaryDirectory(prefix="analyzer-") as folder,
        closing(Transport(remote, access, Budget(limits, clock))) as transport,
        closing(DiskObjectStore.init(f"{folder}/objects")) as store,
    ):
        found, is_here = _Fetching(transport, store).whole(is_known)
        yield found, None if is_here else Objects(store)


class _Fetching:
    """Requests of one repository's objects into a store."""

    def __init__(self, transport: Transport, store: DiskObjectStore) -> None:
        self.transport, self.store = transport, store
        self.remote, self.budget = transport.remote, transport.budget
        self.client = _client(transport)
        self.wanted: list[bytes] = []

    def commit(self) -> bytes:
        """Fetches the commit that is asked for with its folders; its id, or that of a tag of it."""

        def choose(refs: Mapping[bytes, bytes]) -> list[bytes]:
            self.wanted = [_chosen(self.remote.ref, refs)]
            return self.wanted

        self._fetch(choose, filter_spec=NO_FILES, depth=1, ref_prefix=_prefixes(self.remote.ref))
        return self.wanted[0]

    def whole(self, is_known: Callable[[str], bool]) -> tuple[str, bool]:
        """Fetches the commit with its files unless its id is known; the id, and whether it was."""

        def choose(refs: Mapping[bytes, bytes]) -> list[bytes]:
            self.wanted = [_chosen(self.remote.ref, refs)]
            return [] if is_known(self.wanted[0].decode("ascii")) else self.wanted

        self._fetch(choose, depth=1, ref_prefix=_prefixes(self.remote.ref))
        found = self.wanted[0].decode("ascii")
        return found, is_known(found)

    def blobs(self, ids: Iterable[bytes]) -> None:
        """Fetches files by their ids; when one of them is huge, all files of the commit that are not."""
        prefixes = _prefixes(self.remote.ref)
        wanted = list(ids)
        try:
            self._fetch(lambda _: wanted, ref_prefix=prefixes)
        except Failure as failure:
            if failure.code != "TooLarge":
                raise
            spec = b"blob:limit=%d" % (self.budget.limits.file_bytes + 1)
            self._fetch(lambda _: self.wanted, filter_spec=spec, depth=1, ref_prefix=prefixes)

    def _fetch(self, choose: Callable[[Mapping[bytes, bytes]], list[bytes]], **options: Any) -> None:
        file, commit, abort = self.store.add_pack()
        try:
            with _explained(self.remote):
                self.client.fetch_pack(
                    "", lambda refs, **_: choose(refs), _NothingHere(), pack_data=file.write, **options
                )
                file.flush()
                if not file.tell():  # nothing was wanted
                    abort()
                    return
                check_pack(file, self.budget.limits, self.budget.left)
                commit()
        except BaseException:
            if not file.closed:
                abort()
            raise


class _NothingHere:
    """Tells the server that there is no commit here yet."""

    def __next__(self) -> None:
        return None

    def ack(self, sha: bytes) -> None:
        """Nothing was offered."""

    def nak(self) -> None:
        """Nothing was offered."""


def _client(transport: Transport) -> Any:
    """A git client that speaks through a transport."""
    from dulwich.client import AbstractHttpGitClient

    logging.getLogger("dulwich").setLevel(logging.CRITICAL)  # or it logs what servers send

    class Client(AbstractHttpGitClient):
        """Discovers what the server has once."""

        _discovered: Any = None

        def _http_request(
            self,
            url: str,
            headers: Mapping[str, str] | None = None,
            data: Any = None,
            raise_for_status: bool = True,  # noqa: FBT001, FBT002 - the signature is the library's
        ) -> Any:
            response, place = transport.request(url, headers or {}, data)
            answer = _Answer(transport, response, "" if place == url else place)
            if not str(answer.content_type).startswith("application/x-git-"):
                why = f"{transport.remote.url} is not a git repository"
                raise Failure("SourceNotFound", why, remedy="check the URL")
            return answer, _without_errors(transport.reader(response), transport.remote)

        def _discover_references(self, *arguments: Any, **options: Any) -> Any:
            if self._discovered is None:
                self._discovered = super()._discover_references(*arguments, **options)
            return self._discovered

        @staticmethod
        def _warn_filter_objects() -> None:
            """A server that cannot filter sends all files."""

    return Client(transport.remote.url, thin_packs=False, quiet=True)


def _without_errors(read: Callable[[int], bytes], remote: Remote) -> Callable[[int], bytes]:
    """Ends at an error packet, which the library takes for the start of a pack."""

    def checked(count: int = -1) -> bytes:
        data = read(count)
        if data.startswith(b"ERR "):
            unknown = b"not our ref" in data or b"unadvertised object" in data
            raise ref_not_found(remote.ref) if unknown else unreachable(remote, "it answers with an error")
        return data

    return checked


class _Answer:
    """A response with what the library looks at."""

    def __init__(self, transport: Transport, response: Any, redirect_location: str) -> None:
        self._transport, self._response = transport, response
        self.content_type = response.headers.get("Content-Type")
        self.redirect_location = redirect_location

    def close(self) -> None:
        """Done with it."""
        self._transport.finish(self._response)


def _prefixes(ref: str | None) -> Sequence[bytes]:
    """What the server has to list."""
    if ref in (None, "HEAD") or _is_id(ref):
        return [b"HEAD"]
    if ref.startswith("refs/"):
        return [ref.encode()]
    return [b"refs/heads/" + ref.encode(), b"refs/tags/" + ref.encode()]


def _chosen(ref: str | None, refs: Mapping[bytes, bytes]) -> bytes:
    if _is_id(ref):
        return ref.encode()
    found = next((refs[name] for name in _prefixes(ref) if name in refs), None)
    if found is None:
        raise ref_not_found(ref)
    return found


def _is_id(ref: str | None) -> TypeGuard[str]:
    return ref is not None and len(ref) in (40, 64) and not ref.strip(HEXADECIMAL)


@contextmanager
def _explained(remote: Remote) -> Iterator[None]:
    """What the library raises when an answer is not what git says; it asserts and indexes what a server sends."""
    from dulwich import errors
    from dulwich.pack import UnresolvedDeltas

    damaged = (errors.FileFormatException, errors.ChecksumMismatch, errors.ApplyDeltaError, UnresolvedDeltas)
    try:
        yield
    except (errors.GitProtocolError, errors.NotGitRepository):
        raise unreachable(remote, "the connection was cut, or its answer is not git's") from None
    except (ValueError, LookupError, TypeError, AssertionError, OSError, EOFError, zlib.error, struct.error):
        raise unreachable(remote, "its answer is not git's") from None
    except damaged:
        raise unreachable(remote, "its answer is damaged") from None
