"""The compiled policies as one resource of Envoy's: a chain of two RBAC filters, swapped as a whole.

The first denies what breaks the schema and what a `forbid` applies to, the second allows what a `permit` applies to;
so forbid overrides permit, and what nobody permits is denied. The gateway's own paths are outside of every policy; a
path under them that names the version is permitted by that version alone, which proves what a gateway enforces.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.engine.policies.claims import ROLES, ill_typed
from scripts.engine.policies.envoy_rules import rule
from scripts.engine.policies.paths import INTERNAL
from scripts.engine.policies.schema import Schema
from scripts.engine.policies.source import PolicySet
from scripts.engine.policies.tree import ANY_TEXT, Anything, Claim, Header, PathTest, Text, Tree, every, negated, some

RESOURCE = "policy"
"""Name under which the gateway's listener asks for it."""
PROBE = INTERNAL + "policy/"
OWN = PathTest(Text((INTERNAL, "")))
TYPE = "type.googleapis.com/envoy.extensions.filters.http."

Json = dict[str, Any]


@dataclass(frozen=True)
class Artefact:
    """What the gateway loads."""

    version: str
    """`pol-` and 12 hex digits of what it says."""
    resource: Json

    @property
    def text(self) -> str:
        """As the file that Envoy watches."""
        answer = {"version_info": self.version, "resources": [self.resource]}
        return json.dumps(answer, sort_keys=True, separators=(",", ":"))


def artefact(policies: PolicySet, trees: Mapping[str, Tree], schema: Schema) -> Artefact:
    """The resource for compiled policies."""
    effects = {policy.id: policy.parsed["effect"] for policy in policies.policies}
    outside = negated(OWN)
    deny = {**guards(schema), **{name: tree for name, tree in trees.items() if effects[name] == "forbid"}}
    allow = {name: tree for name, tree in trees.items() if effects[name] == "permit"}
    rules = {
        "deny": {name: rule(every((tree, outside))) for name, tree in deny.items()},
        "allow": {name: rule(every((tree, outside))) for name, tree in allow.items()},
    }
    digest = hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:12]
    version = f"pol-{digest}"
    rules["allow"]["_probe"] = rule(PathTest(Text((PROBE + version,))))
    return Artefact(version, _resource(rules))


def guards(schema: Schema) -> dict[str, Tree]:
    """What is denied whatever policies say, since they could not speak of it truly."""
    known = some(Header(":method", Text((method,))) for method in schema.methods)
    return {
        "_unknown-method": negated(known),
        "_no-subject": every((Claim("", Anything()), negated(Claim("sub", ANY_TEXT)))),
        "_ill-typed-claim": some(ill_typed(claim) for claim in (ROLES, *schema.claims.values())),
        "_double-slash": PathTest(Text(("", "//", ""))),
    }


def _resource(rules: Mapping[str, Json]) -> Json:
    filters = [_rbac("deny", "DENY", rules["deny"]), _rbac("allow", "ALLOW", rules["allow"])]
    chain = {"@type": f"{TYPE}filter_chain.v3.FilterChainConfig", "default_filter_chain": {"filters": filters}}
    return {
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": RESOURCE,
        "typed_config": chain,
    }


def _rbac(name: str, action: str, policies: Json) -> Json:
    config = {
        "@type": f"{TYPE}rbac.v3.RBAC",
        "rules": {"action": action, "policies": policies},
        "rules_stat_prefix": f"{name}_",
    }
    return {"name": f"envoy.filters.http.rbac.{name}", "typed_config": config}
