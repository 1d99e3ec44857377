"""Makes a version of the policies live and waits until every running gateway task says that it enforces it."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.engine.aws import Aws
from scripts.engine.errors import Failed, RolledBack
from scripts.engine.policies.bundle import Bundle
from scripts.engine.policies.candidates import Candidates
from scripts.engine.policies.store import Head, Live, PolicyStore, Report
from scripts.engine.policies.waiting import Cancel, Question, Waiting
from settings import Settings
from settings.model import GATEWAY


@dataclass(frozen=True)
class Published:
    """What came of it."""

    version: str
    previous: str | None
    tasks: int
    """Gateway tasks that enforce it."""
    changed: bool = True


class Publisher:
    """The policies of one target."""

    def __init__(self, aws: Aws, settings: Settings, actor: str, cancelled: Cancel) -> None:
        self.store, self.actor = PolicyStore(aws, settings), actor
        self.candidates = Candidates(self.store, actor)
        self.waiting = Waiting(aws, settings, self.store, cancelled)

    def publish(self, bundle: Bundle) -> Published:
        """Upload, make live, wait. Raises Refused, Failed, RolledBack, TimedOut or Cancelled."""
        self.store.upload(bundle, self.actor)
        head = self.store.head(bundle.version)
        assert head is not None, "it was just uploaded"
        return self.enforce(head, source_digest=bundle.source_digest)

    def enforce(self, head: Head, *, source_digest: str | None = None) -> Published:
        """Make a stored version live and wait for the gateway; a candidate that is live is none any more."""
        before = self.store.live()
        digest = source_digest or head.source_digest
        is_new = before is None or (before.version, before.source_digest) != (head.version, digest)
        tasks = self._make_live(head, before, digest) if is_new else self._await(head.version)
        self.candidates.end(head.version)
        previous = before.version if before and is_new else before.previous if before else None
        return Published(head.version, previous, tasks, changed=is_new)

    def _make_live(self, head: Head, before: Live | None, digest: str) -> int:
        now = self.store.flip(head, self.actor, before, digest)
        try:
            return self._await(head.version)
        except Failed as error:
            raise self._put_back(error, before, now) from None

    def _await(self, version: str) -> int:
        """Wait for the running tasks; returns how many there are."""

        def trouble(report: Report) -> str:
            return report.error if report.version != version and version in report.error else ""

        late = f"{version} is live, but not enforced everywhere"
        remedy = f"./poe logs {GATEWAY}; ./poe policies shows what each task enforces"
        return self.waiting.until(Question(lambda report: report.version == version, trouble, late, remedy))

    def _put_back(self, error: Failed, before: Live | None, now: Live) -> Failed | RolledBack:
        head = self.store.head(before.version) if before else None
        if before is None or head is None:
            self.store.withdraw(now)
            return error
        self.store.flip(head, self.actor, now, before.source_digest)
        return RolledBack(error.what, where=error.where, remedy=f"{before.version} is live again")
