"""A tree of conditions in the words of Envoy's RBAC filter.

Nearly everything is a principal of RBAC: it knows claims, headers, paths and addresses, where a permission knows no
client address. Source: envoy.config.rbac.v3.Principal.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

from scripts.engine.policies import tree as t
from scripts.engine.policies.quick import quick

JWT_FILTER = "envoy.filters.http.jwt_authn"
PAYLOAD = "claims"
"""Where the verified token's payload lies in the filter's metadata: `payload_in_metadata`."""
ANY_BYTES = r"\C*"
"""Any bytes, also such that are no UTF-8. Source: RE2 syntax."""

QUERY = re.compile("[?#]")
"""What ends a path. Source: Envoy, Http::PathUtil::removeQueryAndFragment."""

Json = dict[str, Any]


def rule(tree: t.Tree) -> Json:
    """The tree as a policy of RBAC. A path that it begins with is the permission, which is asked before principals."""
    match quick(tree):
        case t.PathTest(text):
            return _policy(_path(text), t.TRUE)
        case t.All((t.PathTest(text), *rest)):
            return _policy(_path(text), t.every(rest))
        case other:
            return _policy({"any": True}, other)


def _policy(permission: Json, rest: t.Tree) -> Json:
    return {"permissions": [permission], "principals": [principal(rest)]}


def _path(text: t.Text) -> Json:
    """A beginning without query is asked of the whole: `url_path` looks for the query each time, which costs more."""
    match _string(text):
        case {"prefix": start} as begins if not QUERY.search(start):
            return {"header": {"name": ":path", "string_match": begins}}
        case matcher:
            return {"url_path": {"path": matcher}}


def principal(tree: t.Tree) -> Json:
    """The tree as a principal, as it stands."""
    match tree:
        case t.TRUE:
            return {"any": True}
        case t.FALSE:
            return {"not_id": {"any": True}}
        case t.All(parts):
            return {"and_ids": {"ids": [principal(part) for part in parts]}}
        case t.Some(parts):
            return {"or_ids": {"ids": [principal(part) for part in parts]}}
        case t.Not(part):
            return {"not_id": principal(part)}
    return _leaf(tree)


def _leaf(leaf: t.Claim | t.Header | t.PathTest | t.Source) -> Json:
    match leaf:
        case t.Claim(name, test):
            return _claim(name, test)
        case t.Header(name, how):
            string = _any_case if name == t.AUTHORITY else _string
            matcher = {"present_match": True} if isinstance(how, t.Anything) else {"string_match": string(how)}
            return {"header": {"name": name, **matcher}}
        case t.PathTest(text):
            return _path(text)
        case t.Source(network):
            found = ip_network(network)
            return {"remote_ip": {"address_prefix": str(found.network_address), "prefix_len": found.prefixlen}}


def _claim(name: str, test: t.Test) -> Json:
    path = [{"key": PAYLOAD}, *([{"key": name}] if name else [])]
    matcher = {"filter": JWT_FILTER, "path": path, "value": _value(test)}
    return {"sourced_metadata": {"metadata_matcher": matcher, "metadata_source": "DYNAMIC"}}


def _value(test: t.Test) -> Json:
    match test:
        case t.Text():
            return {"string_match": _string(test)}
        case t.Number(start, end):
            return {"double_match": {"range": {"start": start, "end": end}}}
        case t.Flag(value):
            return {"bool_match": value}
        case t.Member(inner):
            return {"list_match": {"one_of": _value(inner)}}
        case t.Anything():
            return {"present_match": True}
        case t.Null():
            return {"null_match": {}}
        case t.Either(tests):
            return {"or_match": {"value_matchers": [_value(one) for one in tests]}}


def _string(text: t.Text) -> Json:
    match text.pieces:
        case (whole,):
            return {"exact": whole}
        case (start, "") if start:
            return {"prefix": start}
        case ("", end) if end:
            return {"suffix": end}
        case ("", inner, "") if inner:
            return {"contains": inner}
    return {"safe_regex": {"regex": ANY_BYTES.join(map(_quoted, text.pieces))}}


def _any_case(text: t.Text) -> Json:
    """The same for letters large and small; the flag of Envoy's matcher is not for expressions."""
    match _string(text):
        case {"safe_regex": {"regex": regex}}:
            return {"safe_regex": {"regex": f"(?i){regex}"}}
        case matcher:
            return {**matcher, "ignore_case": True}


def _quoted(text: str) -> str:
    """For RE2, which knows no escape for characters beyond ASCII and takes them as they are."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)
