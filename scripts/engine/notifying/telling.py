"""Listens to a deploy and tells its receivers: that it began, under its lock, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from scripts.engine.addresses import base_url, urls
from scripts.engine.errors import SlipwayError
from scripts.engine.events import Event
from scripts.engine.ledger import actor, new_id
from scripts.engine.masking import masked
from scripts.engine.model import Verdict
from scripts.engine.notifying.delivery import Mailbox, close
from scripts.engine.notifying.message import EVENT_OF, Message, changed
from scripts.engine.outcome import verdict_of
from scripts.engine.world import World


@contextmanager
def telling(world: World) -> Iterator[Callable[[Event], Event]]:
    """Tell while the block deploys. It calls what it gets with its report, before that is printed, and gets it back.

    A block that raises after its start was told is told as well.
    """
    teller = Teller(world)
    world.events.listeners.append(teller.hear)
    try:
        yield teller.end
    except BaseException as error:
        teller.fail(error)
        raise
    finally:
        world.events.listeners.remove(teller.hear)


class Teller:
    """Makes messages from events; who heard no start hears no end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plan: Event = {"services": {}}
        self.start: Event | None = None
        self.mailboxes = [Mailbox(receiver, world.connection, self._warn) for receiver in world.settings.target.notify]

    def hear(self, event: Event) -> None:
        """A listener of events: quick, since the deploy waits for it."""
        if event["event"] == "plan":
            self.plan = event
        elif event["event"] == "start":
            self.start = event
            self.plan = event if "services" in event else self.plan
            self._put("start")

    def end(self, report: Event) -> Event:
        """Tell how it ended, and wait for the receivers, briefly; returns the report as it is."""
        event = EVENT_OF.get(report["verdict"])
        if event and self.start:
            facts = {key: report.get(key) for key in ("verdict", "seconds")}
            error = report.get("error")
            told = {key: error[key] for key in ("what", "where", "remedy")} if error else None
            self._put(event, services=report["services"], error=told, **facts)
        self._close()
        return report

    def fail(self, error: BaseException) -> None:
        """Tell that it ended without a report."""
        if self.start:
            known = error if isinstance(error, SlipwayError) else SlipwayError(f"ended by {type(error).__name__}")
            verdict = verdict_of(known) if isinstance(error, Exception) else Verdict.STOPPED
            facts = {"what": masked(known.what), "where": known.where, "remedy": known.remedy}
            seconds = round(self.world.events.seconds, 3)
            self._put(EVENT_OF[verdict], verdict=str(verdict), seconds=seconds, error=facts)
        self._close()

    def _put(self, event: str, *, services: Event | None = None, **facts: Any) -> None:
        start = self.start or {}
        message = Message(
            event=event,
            id=f"{start['deployment']}-{event}",
            at=time.time(),
            project=self.world.settings.name,
            target=self.world.settings.target.name,
            actor=start["actor"],
            action=start["action"],
            deployment=start["deployment"],
            path=self.plan.get("path"),
            reason=self.plan.get("reason"),
            commit=start["commit"],
            services=changed(self._addresses(), self.plan["services"], services or {}),
            **facts,
        )
        for mailbox in self.mailboxes:
            mailbox.put(message)

    def _addresses(self) -> dict[str, Event]:
        """Where the planned services answer, as far as it is known yet."""
        platform = self.world.state.stacks.get("platform")
        base = base_url(self.world.connection, platform.outputs if platform else {})
        known = self.world.urls or urls(self.world.settings, base)
        return {name: {"url": known.get(name)} for name in self.plan["services"]}

    def _warn(self, text: str) -> None:
        with suppress(OSError):  # whoever read the output went away
            self.world.events.emit("warning", service=None, text=text)

    def _close(self) -> None:
        close(self.mailboxes)


def trial_message(world: World) -> Message:
    """What `./poe notify --test` sends."""
    now = time.time()
    return Message(
        event="test",
        id=f"{new_id(now)}-test",
        at=now,
        project=world.settings.name,
        target=world.settings.target.name,
        actor=actor(),
        action="test",
    )
