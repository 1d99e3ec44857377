"""`/.gateway/health/<service>`: whether a service answers its health path, and not a byte more.

A deploy asks it from outside, so it is open to everybody and past the policies. So it says a status and nothing else
of what the service answered, takes neither query nor credentials to the service, and opens no tunnel.
"""

from __future__ import annotations

from typing import Any

from agent.clusters import asked_name
from agent.services import Service

PATH = "/.gateway/health/"
SECONDS = 5
ANSWER = "envoy.filters.http.custom_response"
TYPE = "type.googleapis.com/envoy.extensions.filters.http.custom_response.v3.CustomResponse"
LOCAL = "type.googleapis.com/envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy"

Json = dict[str, Any]


def row(service: Service, version: str, no_policy: Json) -> Json:
    """The route of one version of a service; a query makes it another path, which is nowhere."""
    path = f"{PATH}{version}"
    own = [{"name": name, "string_match": {"exact": value}} for name, value in ((":method", "GET"), (":path", path))]
    return {
        "name": f"health-{version}",
        "match": {"path": path, "headers": own},
        "route": {
            "cluster": asked_name(version),
            "timeout": f"{SECONDS}s",
            "prefix_rewrite": service.health_path,
            "upgrade_configs": [{"upgrade_type": "websocket", "enabled": False}],
        },
        "request_headers_to_remove": ["authorization", "cookie"],
        "typed_per_filter_config": {**no_policy, ANSWER: _status_only(version)},
    }


def _status_only(version: str) -> Json:
    said = f"{version} answers its health path with %RESPONSE_CODE%\n"
    body = {"text_format_source": {"inline_string": said}, "content_type": "text/plain"}
    action = {"name": "status", "typed_config": {"@type": LOCAL, "body_format": body}}
    return {"@type": TYPE, "custom_response_matcher": {"on_no_match": {"action": action}}}
