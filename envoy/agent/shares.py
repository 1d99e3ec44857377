"""A service's route while two versions answer: shares, and clients that stay with the version that they got.

The second version comes first, so that a growing share keeps whoever is there. It is a cluster with the main version
behind it: what it cannot take because none of its tasks answers is not lost.
Envoy makes no cookie for weighted clusters. So the first request is shared by its id, which the answer then brings as
the cookie, and equal texts have equal hashes.
"""

from __future__ import annotations

from typing import Any

from agent.clusters import shift_name
from agent.services import COOKIE, Service
from agent.traffic import ALL, Way

COOKIE_NAME = "slipway_version"
WITH_COOKIE = rf"(.*;\s*)?{COOKIE_NAME}=[^;]+.*"
REQUEST_ID = "x-request-id"
OTHER_PRIORITY = {
    "name": "envoy.retry_priorities.previous_priorities",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
        "update_frequency": 2,
    },
}
"""A request that reached nobody twice goes to the main version."""

Json = dict[str, Any]


def shared(row: Json, service: Service, way: Way) -> list[Json]:
    """The route to a service, as one or two routes that share its requests."""
    if not way.has_next or not way.next:
        return [row]
    if way.next == ALL:
        return [_to(row, {"cluster": shift_name(service.name)})]
    if service.sticky == COOKIE:
        known = {"name": "cookie", "string_match": {"safe_regex": {"regex": WITH_COOKIE}}}
        match = {**row["match"], "headers": [*row["match"].get("headers", ()), known]}
        again = _to({**row, "match": match}, _weighted(service, way), {"cookie": {"name": COOKIE_NAME}})
        first = _to(row, _weighted(service, way), {"header": {"header_name": REQUEST_ID}})
        return [again, {**first, "response_headers_to_add": [_cookie()]}]
    if service.sticky:
        return [_to(row, _weighted(service, way), {"header": {"header_name": service.sticky_header}})]
    return [_to(row, _weighted(service, way))]


def _weighted(service: Service, way: Way) -> Json:
    clusters = [
        {"name": shift_name(service.name), "weight": way.next},
        {"name": service.name, "weight": ALL - way.next},
    ]
    return {"weighted_clusters": {"clusters": clusters, **({"use_hash_policy": True} if service.sticky else {})}}


def _to(row: Json, where: Json, by: Json | None = None) -> Json:
    action = {name: value for name, value in row["route"].items() if name != "cluster"}
    action["retry_policy"] = {**action["retry_policy"], "retry_priority": OTHER_PRIORITY}
    return {**row, "route": {**action, **where, **({"hash_policy": [by]} if by else {})}}


def _cookie() -> Json:
    value = f"{COOKIE_NAME}=%REQ({REQUEST_ID.upper()})%; Path=/; HttpOnly; SameSite=Lax"
    return {"header": {"key": "set-cookie", "value": value}, "append_action": "APPEND_IF_EXISTS_OR_ADD"}
