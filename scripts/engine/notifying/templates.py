"""Messages as people and programs read them: a title, lines, blocks of Slack, JSON. Pure.

Names, reasons and errors come from repositories and from other programs: they are cut, put on one line and escaped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.engine.notifying.message import Message
from scripts.engine.report import one_line

DOING = {
    "deploy": "Deploying {services} to {target}",
    "rollback": "Rolling {services} back on {target}",
    "remove": "Removing {services} from {target}",
}
DONE = {
    "deploy": "{services} live on {target}",
    "rollback": "{services} back at an earlier version on {target}",
    "remove": "{services} removed from {target}",
}
ENDS = {
    "rolled_back": "failed, the version before serves",
    "superseded": "was superseded",
    "timed_out": "timed out",
    "stopped": "was stopped",
}
MARKS = {
    "start": ":arrow_forward:",
    "live": ":white_check_mark:",
    "rolled_back": ":leftwards_arrow_with_hook:",
    "failed": ":x:",
    "superseded": ":fast_forward:",
    "test": ":wave:",
}
NAMED, LISTED = 3, 10
"""Services in a title, and in the lines below it."""
VALUE, LONG = 300, 550
"""Characters of a line, and of an error: escaping makes five of one."""
ERROR = 2000
"""Characters of what programs get of an error."""
HEADER, FIELDS = 150, 10
"""Limits of Slack; a field takes 2000 characters, a section 3000. Source: reference of Block Kit."""
SUBJECT = 99
"""Source: SNS API reference, Publish: ASCII, no line break, less than 100 characters."""


def title(message: Message) -> str:
    """One sentence."""
    if message.event == "test":
        return f"Test message of {message.project} for target {message.target}"
    words = {"services": _names(message.services), "target": message.target}
    if message.event == "start":
        return DOING[message.action].format(**words)
    took = f" after {message.seconds:.1f} s" if message.seconds is not None else ""
    if message.event == "live":
        return DONE[message.action].format(**words) + took
    return f"{DOING[message.action].format(**words)} {ENDS.get(str(message.verdict), 'failed')}{took}"


def lines(message: Message) -> Iterator[tuple[str, str]]:
    """Label and value of everything below the title."""
    yield "Target", f"{message.project} on {message.target}"
    for name, row in list(message.services.items())[:LISTED]:
        yield name, _version(row)
    if len(message.services) > LISTED:
        yield "Services", f"and {len(message.services) - LISTED} more"
    if message.commit:
        dirty = ", with uncommitted changes" if message.commit.get("dirty") else ""
        yield "Commit", f"{message.commit['id'][:12]}{dirty}"
    if message.path:
        yield "Path", cut(f"{message.path}: {message.reason}", VALUE)
    yield "By", cut(message.actor, VALUE)
    if message.error:
        yield "Error", cut(": ".join(filter(None, (message.error["where"], message.error["what"]))), LONG)
    if message.next_step:
        yield "Next", cut(message.next_step, VALUE)


def text(message: Message) -> str:
    """The title and all lines, for a mail or a log."""
    rows = [f"{label}: {value}" for label, value in lines(message)]
    links = [f"Link: {url}" for url in _links(message).values()]
    return "\n".join([title(message), "", *rows, *links])


def slack(message: Message) -> dict[str, Any]:
    """Blocks, and the sentence that a notification shows in their place."""
    short = [(label, value) for label, value in lines(message) if label not in ("Error", "Next")]
    long = [(label, value) for label, value in lines(message) if label in ("Error", "Next")]
    header = {"type": "plain_text", "text": cut(f"{MARKS[message.event]} {title(message)}", HEADER), "emoji": True}
    blocks: list[dict[str, Any]] = [{"type": "header", "text": header}]
    fields = [_mrkdwn(f"*{escape(label)}*\n{escape(value)}") for label, value in short]
    blocks += [{"type": "section", "fields": fields[at : at + FIELDS]} for at in range(0, len(fields), FIELDS)]
    blocks += [{"type": "section", "text": _mrkdwn(f"*{label}*\n{escape(value)}")} for label, value in long]
    if links := _links(message):
        shown = [_mrkdwn(f"<{escape(url)}|{escape(name)}>") for name, url in links.items()]
        blocks.append({"type": "context", "elements": shown})
    return {"text": escape(title(message)), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def payload(message: Message) -> dict[str, Any]:
    """What programs get: docs/notification.schema.json."""
    return {
        "type": f"slipway.{message.event}",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(message.at)),
        "data": {
            "title": title(message),
            "project": message.project,
            "target": message.target,
            "action": message.action,
            "deployment": message.deployment,
            "verdict": message.verdict,
            "path": message.path,
            "reason": cut(message.reason, ERROR) if message.reason else None,
            "actor": message.actor,
            "commit": dict(message.commit) if message.commit else None,
            "services": {name: dict(row) for name, row in message.services.items()},
            "seconds": message.seconds,
            "error": {key: cut(said, ERROR) for key, said in message.error.items()} if message.error else None,
            "next": message.next_step,
        },
    }


def subject(message: Message) -> str:
    """The title as SNS takes it."""
    return cut(title(message), SUBJECT, "...").encode("ascii", "replace").decode("ascii")


def escape(words: str) -> str:
    """The three characters that mean something to Slack. Source: "Formatting text for app surfaces"."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(words: str, limit: int, mark: str = "…") -> str:
    """On one line, and not longer than that."""
    line = one_line(words.replace("\n", " "))
    return line if len(line) <= limit else line[: limit - len(mark)] + mark


def _mrkdwn(words: str) -> dict[str, Any]:
    """Verbatim: only what is written as a link becomes one, and nobody is mentioned."""
    return {"type": "mrkdwn", "text": words, "verbatim": True}


def _names(services: Mapping[str, Any]) -> str:
    names = list(services)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (", ".join(names[:NAMED]) or "stacks") + more


def _version(row: Mapping[str, Any]) -> str:
    previous = f" (was {row['previous_tag']})" if row["previous_tag"] not in (None, row["image_tag"]) else ""
    ended = f", {row['verdict'].replace('_', ' ')}" if row["verdict"] else ""
    return cut(f"{row['image_tag'] or 'no image'}{previous}{ended}", VALUE)


def _links(message: Message) -> dict[str, str]:
    rows = list(message.services.items())[:LISTED]
    return {name: row["url"] for name, row in rows if row["url"] and row["url"].startswith(("http://", "https://"))}
