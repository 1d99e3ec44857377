"""The analyzer as a Lambda function: answers its version, reads and writes the analysis cache.

Events: {"action": "version"}, {"action": "get", "key": K}, {"action": "put", "key": K, "analysis": {...}}.
Results: {"ok": true, ...} or {"ok": false, "error": {"code": C, "message": M}}. A failure is a result and not an
exception, so that a caller can tell its kind by the code. Each request leaves one line of JSON in the log, without
keys and contents.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Protocol

from analysis_cache import AnalysisCache
from failure import Failure

VERSION = "0.1.0"
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,255}")

Event = Mapping[str, Any]
Result = dict[str, Any]


class Context(Protocol):
    """What the handler uses of Lambda's context."""

    aws_request_id: str


def handler(event: object, context: Context) -> Result:
    """Lambda's entry point: one event in, one result out."""
    started = time.monotonic()
    result = {"request_id": context.aws_request_id, **answer(event)}
    _log(event, result, time.monotonic() - started)
    return result


def answer(event: object) -> Result:
    """The result for an event."""
    try:
        checked = _checked(event)
        return {"ok": True, **ACTIONS[checked["action"]](checked)}
    except Failure as failure:
        return {"ok": False, "error": {"code": failure.code, "message": failure.message}}


def _checked(event: object) -> Event:
    if not isinstance(event, dict):
        raise Failure("InvalidEvent", "the event has to be an object")
    if event.get("action") not in tuple(ACTIONS):
        raise Failure("UnknownAction", "action has to be one of " + ", ".join(ACTIONS))
    return event


def _version(_: Event) -> Result:
    return {"version": VERSION}


def _get(event: Event) -> Result:
    key = _key(event)
    analysis = analysis_cache().get(key, now=int(time.time()))
    return {"found": analysis is not None, "analysis": analysis}


def _put(event: Event) -> Result:
    key, analysis = _key(event), event.get("analysis")
    if not isinstance(analysis, dict):
        raise Failure("InvalidAnalysis", "analysis has to be an object")
    return {"expires_at": analysis_cache().put(key, analysis, now=int(time.time()))}


def _key(event: Event) -> str:
    key = event.get("key")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise Failure("InvalidKey", "key has to be 1 to 256 of letters, digits and . _ : / @ -")
    return key


@cache
def analysis_cache() -> AnalysisCache:
    """The cache that CACHE_TABLE names, connected on first use: the version needs no AWS library."""
    table = os.environ.get("CACHE_TABLE")
    if not table:
        raise Failure("NotConfigured", "CACHE_TABLE names no table")
    import boto3

    return AnalysisCache(boto3.client("dynamodb"), table)


def _log(event: object, result: Result, seconds: float) -> None:
    action = event.get("action") if isinstance(event, dict) else None
    line = {
        "request_id": result["request_id"],
        "action": action if isinstance(action, str) and action in ACTIONS else None,
        "ok": result["ok"],
        "error": result.get("error", {}).get("code"),
        "duration_ms": round(seconds * 1000, 1),
    }
    sys.stdout.write(json.dumps(line) + "\n")


ACTIONS: dict[str, Callable[[Event], Result]] = {"version": _version, "get": _get, "put": _put}
