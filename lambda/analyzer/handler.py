"""The analyzer as a Lambda function.

An event is {"action": "version"} or {"action": "analyze", "source": ..., "options": ..., "refresh": ...}; a result is
{"ok": true, ...} or {"ok": false, "error": {"code", "message", "remedy"}}. A failure is a result and not an exception,
so that a caller can tell its kind by the code. Schemas: docs/analyzer-request.schema.json and
docs/analyzer-response.schema.json. Each request leaves one line of JSON in the log, without contents.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from analyzer import VERSION
from analyzer.failure import Failure
from serving.request import parsed
from serving.work import work

RESERVE = 3.0
"""Seconds kept back for storing and answering."""
LARGEST = 5_500_000
"""Bytes of a result as JSON. Source: AWS Lambda developer guide, "Lambda quotas", response payload of 6 MB."""

Event = Mapping[str, Any]
Facts = dict[str, Any]


class Context(Protocol):
    """What the handler uses of Lambda's context."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Time until Lambda ends the function."""


def handler(event: object, context: Context) -> Facts:
    """Lambda's entry point: one event in, one result out."""
    started = time.monotonic()
    facts: Facts = {}
    result = {"request_id": context.aws_request_id, **answer(event, context, facts)}
    _log(result, facts, time.monotonic() - started)
    return result


def answer(event: object, context: Context, facts: Facts) -> Facts:
    """The result for an event; `facts` collects what the log tells beside it."""
    try:
        return {"ok": True, **_act(event, context, facts)}
    except Failure as failure:
        return _error(failure)
    except Exception as error:  # noqa: BLE001 - a mistake of ours: logged, and typed like every other failure
        facts["exception"] = _place(error)
        return _error(
            Failure(
                "InternalError",
                f"the analyzer failed with {type(error).__name__}",
                remedy="report it with the request id",
            )
        )


def _act(event: object, context: Context, facts: Facts) -> Facts:
    if not isinstance(event, dict):
        raise Failure("InvalidRequest", "the event has to be an object")
    action = event.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise Failure("UnknownAction", "action has to be one of " + ", ".join(ACTIONS))
    facts["action"] = action
    return ACTIONS[action](event, context, facts)


def _version(_: Event, __: Context, ___: Facts) -> Facts:
    return {"version": VERSION}


def _analyze(event: Event, context: Context, facts: Facts) -> Facts:
    seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE
    done = work(parsed(event), seconds=seconds, facts=facts)
    result = {"key": done.key, "cache": done.cache, "document": done.document}
    if len(json.dumps(result)) > LARGEST:
        raise Failure(
            "DocumentTooLarge",
            "the analysis is larger than a function may answer",
            remedy="ask for one service of the tree with options.service",
        )
    return result


def _error(failure: Failure) -> Facts:
    return {"ok": False, "error": {"code": failure.code, "message": failure.message, "remedy": failure.remedy}}


def _place(error: Exception) -> list[str]:
    """Kind and places of an exception, innermost last; its message may hold contents."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [type(error).__name__, *(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)]


def _log(result: Facts, facts: Facts, seconds: float) -> None:
    line = {
        "request_id": result["request_id"],
        "action": None,
        "ok": result["ok"],
        "error": result.get("error", {}).get("code"),
        "duration_ms": round(seconds * 1000, 1),
        **facts,
    }
    sys.stdout.write(json.dumps(line) + "\n")


ACTIONS: dict[str, Callable[[Event, Context, Facts], Facts]] = {"version": _version, "analyze": _analyze}
