"""Which request goes where, as Envoy's route configuration: the gateway's own paths first, then services.

A policy is asked on every route but those that it could never decide, which answer by themselves, and those of public
services.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent import files, health, refusals
from agent.services import Service
from agent.shadow import HEADER, NAMESPACE
from agent.shares import shared
from agent.traffic import NEXT, Way

NAME = "public"
USER_HEADERS = {"x-user-id": "sub", "x-user-email": "email", "x-user-roles": "roles"}
"""Header for services -> claim of the verified token; lists are JSON. A client's own are taken off in envoy.yaml."""
RETRY_AFTER_SECONDS = 30
LONGEST = 2**62
PROBE = "/.gateway/routes/"
DIGEST_LENGTH = 16
OFF = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
NO_POLICY = {"policy": OFF, "shadow": OFF}
SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
BUFFER = "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
RATE = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"

Json = dict[str, Any]


def file(services: Sequence[Service], page: Path, ways: Mapping[str, Way]) -> tuple[str, str]:
    """The digest of the routes, and the file with them, in which that digest's probe path answers 200."""
    text = files.resources(resource(services, page, ways))
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    return digest, files.resources(resource(services, page, ways, digest))


def resource(services: Sequence[Service], page: Path, ways: Mapping[str, Way], digest: str = "") -> Json:
    """The whole configuration; the order of the services does not matter."""
    asked = [row for service in sorted(services, key=lambda one: one.name) for row in _questions(service, ways)]
    seen = {**_direct("routes", {"path": f"{PROBE}{digest}"}, 200), "typed_per_filter_config": NO_POLICY}
    own = [*refusals.rows(), seen, _probe(), *asked]
    own.append(_direct("gateway", {"path_separated_prefix": "/.gateway"}, 404))
    hosts = sorted((one for one in services if one.host), key=lambda one: one.host)
    paths = sorted((one for one in services if not one.host), key=lambda one: (-len(one.path), one.path))
    everything = [*own, *(row for service in paths for row in _routes(service, ways))]
    if not any(service.path == "/" for service in paths):
        everything += [_landing(page), _direct("not-found", {"prefix": "/"}, 404)]
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": NAME,
        "max_direct_response_body_size_bytes": 65536,
        "most_specific_header_mutations_wins": True,
        "request_headers_to_add": [_claim(header, claim) for header, claim in USER_HEADERS.items()],
        "response_headers_to_remove": ["x-envoy-upstream-service-time"],
        "virtual_hosts": [
            *(_virtual_host(one.name, [one.host], [*own, *_routes(one, ways)]) for one in hosts),
            _virtual_host("everything", ["*"], everything),
        ],
    }


def _probe() -> Json:
    """Answers where the policies let it, and says which candidate was evaluated beside them."""
    tried = _header(HEADER, f"%DYNAMIC_METADATA({NAMESPACE}:version)%")
    return {**_direct("probe", {"prefix": "/.gateway/policy/"}, 200), "response_headers_to_add": [tried]}


def _virtual_host(name: str, domains: list[str], routes: list[Json]) -> Json:
    return {"name": name, "domains": domains, "routes": routes}


def _questions(service: Service, ways: Mapping[str, Way]) -> list[Json]:
    has_next = ways.get(service.name, Way()).has_next
    versions = [service.name, *([service.name + NEXT] if has_next else [])]
    return [health.row(service, version, NO_POLICY) for version in versions]


def _routes(service: Service, ways: Mapping[str, Way]) -> list[Json]:
    """The service's route, after those for what it does not take now or in that size."""
    match: Json = {"prefix": "/"} if service.path == "/" else {"path_separated_prefix": service.path}
    way = ways.get(service.name, Way())
    if way.is_closed:
        pause = {"header": {"key": "retry-after", "value": str(RETRY_AFTER_SECONDS)}}
        row = _instead(service, match, 503, f"{service.name} is under maintenance")
        return [{**row, "response_headers_to_add": [pause]}]
    plain = shared(_to_service(service, match), service, way)
    if not service.max_body:
        return plain
    too_long = {"name": "content-length", "range_match": {"start": service.max_body + 1, "end": LONGEST}}
    unknown = {"name": "content-length", "present_match": False}
    writes = {"name": ":method", "safe_regex_match": {"regex": "POST|PUT|PATCH|DELETE"}}
    limited = _to_service(service, {**match, "headers": [unknown, writes]})
    buffer = {"@type": BUFFER, "buffer": {"max_request_bytes": service.max_body}}
    limited["typed_per_filter_config"] = {**limited["typed_per_filter_config"], "envoy.filters.http.buffer": buffer}
    refused = _instead(service, {**match, "headers": [too_long]}, 413, "Payload Too Large")
    return [refused, *shared(limited, service, way), *plain]


def _instead(service: Service, match: Json, status: int, body: str) -> Json:
    """An answer in the service's place: who may not ask the service does not get it either."""
    row = _direct(service.name, match, status, body)
    return {**row, "typed_per_filter_config": NO_POLICY} if service.public else row


def _to_service(service: Service, match: Json) -> Json:
    """The prefix is taken off and said in a header, as the load balancer takes it off for a service without gateway."""
    action: Json = {
        "cluster": service.name,
        # Streams may last; what says nothing for so long is over. Source: envoy.config.route.v3.RouteAction.
        "timeout": "0s",
        "idle_timeout": f"{service.timeout}s",
        # Only what has not reached the service is sent again.
        "retry_policy": {
            "retry_on": "connect-failure,reset-before-request",
            "num_retries": 5,
            "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
            "retry_host_predicate": [{"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": PREVIOUS}],
            # A task that is gone has the fewest requests, so the balancer names it again and again.
            "host_selection_retry_max_attempts": 30,
        },
    }
    filters: Json = dict(NO_POLICY) if service.public else {}
    row: Json = {"name": service.name, "match": match, "route": action, "typed_per_filter_config": filters}
    if service.path != "/":
        pattern = {"google_re2": {}, "regex": f"^{re.escape(service.path)}/?(.*)$"}
        action["regex_rewrite"] = {"pattern": pattern, "substitution": r"/\1"}
        row["request_headers_to_add"] = [_header("x-forwarded-prefix", service.path)]
    if service.rate:
        filters["envoy.filters.http.local_ratelimit"] = _rate(service)
    return row


PREVIOUS = {"@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}


def _rate(service: Service) -> Json:
    """So many requests a second, twice as many at once. Of one task of the gateway: each counts for itself."""
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "@type": RATE,
        "stat_prefix": f"rate_{service.name}",
        "token_bucket": {"max_tokens": 2 * service.rate, "tokens_per_fill": service.rate, "fill_interval": "1s"},
        "filter_enabled": always,
        "filter_enforced": always,
    }


def _landing(page: Path) -> Json:
    body = {"text_format_source": {"filename": str(page)}, "content_type": "text/html; charset=utf-8"}
    return {
        "name": "landing-page",
        "match": {"path": "/"},
        "direct_response": {"status": 200, "body_format": body},
        "response_headers_to_add": [
            _header("cache-control", "no-cache"),
            _header("x-content-type-options", "nosniff"),
            _header("content-security-policy", SECURITY_POLICY),
        ],
    }


def _direct(name: str, match: Json, status: int, body: str = "") -> Json:
    answer: Json = {"status": status, **({"body": {"inline_string": body}} if body else {})}
    return {"name": name, "match": match, "direct_response": answer}


def _header(key: str, value: str) -> Json:
    return {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _claim(header: str, claim: str) -> Json:
    return _header(header, f"%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:claims:{claim})%")
