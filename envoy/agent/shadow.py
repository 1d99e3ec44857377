"""A candidate beside the live policies: the same rules, as rules that Envoy evaluates without obeying them.

Which version decided otherwise, and how, is counted by the access loggers in envoy.yaml. They read the version from
metadata that comes with the rules, so that counts of two candidates never mix, and so that a probe can show which one
is evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.reading import document
from agent.store import Damaged

SHADOW_FILE = "shadow.json"
RESOURCE = "shadow"
TYPE = "type.googleapis.com/envoy.extensions.filters.http."
NAMESPACE = "slipway.shadow"
STAT_PREFIX = "candidate_"
"""Before the names of what RBAC says about a candidate, as envoy.yaml reads them."""
HEADER = "x-gateway-candidate"
"""Of the answer to a probe: the version that was evaluated beside the live one."""
DENIED, ALLOWED = ("forbidden", "lost"), ("permitted",)
"""How a decision changes, as envoy.yaml names it: a forbid of the candidate applies; none of its permits does, but one
of the live version; one of its permits does."""

Json = dict[str, Any]


def resource(version: str, text: str) -> Json:
    """What Envoy gets for a version's file; raises Damaged."""
    try:
        (found,) = document(text)["resources"]
        filters = found["typed_config"]["default_filter_chain"]["filters"]
        return _chain([*map(_unenforced, filters), _mark({"version": version})])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Damaged("no file for Envoy") from None


def idle() -> Json:
    """No candidate. A chain has one filter at least; this one does nothing."""
    return _chain([_mark(None)])


def summary(counters: Mapping[str, int], version: str) -> Json:
    """What a version would have changed, from counters as envoy.yaml names them."""
    by: dict[str, dict[str, int]] = {}
    for name, count in counters.items():
        head, found, rest = name.partition(f"policies.changes.version.{version}.change.")
        if found and not head and count:
            change, _, policy = rest.partition(".policy.")
            by.setdefault(change, {})[policy] = count
    return {
        "requests": counters.get(f"policies.shadowed.version.{version}", 0),
        "newly_denied": sum(sum(by.get(change, {}).values()) for change in DENIED),
        "newly_allowed": sum(sum(by.get(change, {}).values()) for change in ALLOWED),
        "by": by,
    }


def _unenforced(row: Json) -> Json:
    config = dict(row["typed_config"])
    config["shadow_rules"] = config.pop("rules")
    config["shadow_rules_stat_prefix"] = STAT_PREFIX + config.pop("rules_stat_prefix")
    return {**row, "typed_config": config}


def _mark(value: Json | None) -> Json:
    rows = [] if value is None else [{"metadata_namespace": NAMESPACE, "value": value}]
    config = {"@type": f"{TYPE}set_metadata.v3.Config", "metadata": rows}
    return {"name": "envoy.filters.http.set_metadata", "typed_config": config}


def _chain(filters: list[Json]) -> Json:
    return {
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": RESOURCE,
        "typed_config": {
            "@type": f"{TYPE}filter_chain.v3.FilterChainConfig",
            "default_filter_chain": {"filters": filters},
        },
    }
