"""Correction to Elastic Load Balancing: a rule's URL rewrite reaches the target.

MiniStack checks and stores `Transforms` of a rule, but its data plane forwards the URL as it came.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from scripts.local.corrections.upstream import Module, Services

_transforms: ContextVar[tuple[dict[str, Any], ...]] = ContextVar("transforms", default=())
"""Of the rule that matched, within one request."""


def rewrite_urls(service: Services) -> None:
    """The first url-rewrite of the matching rule is applied before the request is forwarded."""
    alb = service("alb")
    dispatch, execute = alb.dispatch_request, alb._execute_actions

    async def dispatching(lb: dict[str, Any], method: str, path: str, headers: Any, *rest: Any, **more: Any) -> Any:
        query = more.get("query_params", rest[1] if len(rest) > 1 else {})
        port = more.get("port", rest[2] if len(rest) > 2 else 80)
        _transforms.set(tuple(_matching_transforms(alb, lb, (method, path, headers, query), port)))
        return await dispatch(lb, method, path, headers, *rest, **more)

    async def executing(actions: Any, method: str, path: str, *rest: Any, **more: Any) -> Any:
        more["raw_path"] = rewritten(more.get("raw_path") or path, _transforms.get())
        return await execute(actions, method, rewritten(path, _transforms.get()), *rest, **more)

    alb.dispatch_request, alb._execute_actions = dispatching, executing


def rewritten(path: str, transforms: Sequence[dict[str, Any]]) -> str:
    """The path after the rewrites; `$1` in a replacement is the first group (ELB guide, "URL rewrite")."""
    for transform in transforms:
        for rewrite in transform.get("UrlRewriteConfig", {}).get("Rewrites", []):
            replacement = re.sub(r"\$(\d)", r"\\g<\1>", rewrite.get("Replace", ""))
            path = re.sub(rewrite["Regex"], replacement, path, count=1)
    return path


def _matching_transforms(
    alb: Module, lb: dict[str, Any], request: tuple[str, str, Any, Any], port: int
) -> list[dict[str, Any]]:
    listeners = [row for row in alb._listeners.values() if row["LoadBalancerArn"] == lb["LoadBalancerArn"]]
    chosen = next((row for row in listeners if row.get("Port", 80) == port), next(iter(listeners), None))
    if chosen is None:
        return []
    rules = [rule for rule in alb._rules.values() if rule.get("ListenerArn") == chosen["ListenerArn"]]
    for rule in sorted(rules, key=alb._rule_sort_key):
        if rule.get("IsDefault") or all(alb._match_condition(c, *request) for c in rule.get("Conditions", [])):
            return [row for row in rule.get("Transforms") or [] if row.get("Type") == "url-rewrite"]
    return []
