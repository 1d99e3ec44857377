"""What the roles of a template may do: IAM's evaluation of inline policies, as far as the stacks use it.

Source: IAM user guide, "Policy evaluation logic", and "IAM JSON policy elements": `*` and `?` in actions, resources and
`...Like` conditions; a condition whose key the request does not have is not met.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ROLE = "AWS::IAM::Role"
EXACT = ("StringEquals", "ArnEquals")


@dataclass(frozen=True)
class Role:
    """A role with its statements, in which references are resolved."""

    arn: str
    statements: tuple[dict[str, Any], ...]
    trust: tuple[dict[str, Any], ...]

    def may(self, action: str, resource: str, **context: str) -> bool:
        """Whether a request is allowed; `context` has condition keys with `__` for the colon."""
        keys = {key.replace("__", ":"): value for key, value in context.items()}
        matching = [one for one in self.statements if _applies(one, action, resource, keys)]
        return bool(matching) and all(one["Effect"] == "Allow" for one in matching)


def roles_of(stack: str, template: dict[str, Any], account: str) -> dict[str, Role]:
    """Logical id -> role. A policy that is not inline would be missed, so there may be none."""
    resources = template["Resources"]
    assert not [name for name, one in resources.items() if "Policy" in one["Type"] and "IAM" in one["Type"]]
    return {
        name: _role(stack, name, one["Properties"], account) for name, one in resources.items() if one["Type"] == ROLE
    }


def _role(stack: str, name: str, properties: dict[str, Any], account: str) -> Role:
    assert "ManagedPolicyArns" not in properties
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    statements = [statement for document in documents for statement in document["Statement"]]
    return Role(
        arn=_role_arn(stack, name, account),
        statements=tuple(_resolved(one, stack, account) for one in statements),
        trust=tuple(_resolved(one, stack, account) for one in properties["AssumeRolePolicyDocument"]["Statement"]),
    )


def _role_arn(stack: str, name: str, account: str) -> str:
    return f"arn:aws:iam::{account}:role/{stack}-{name}"


def _resolved(value: Any, stack: str, account: str) -> Any:
    """Plain data; of CloudFormation's functions the stacks' policies use one, to name roles of their own stack."""
    if isinstance(value, list):
        return [_resolved(item, stack, account) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::GetAtt" in value:
        name, attribute = value["Fn::GetAtt"]
        assert attribute == "Arn"
        return _role_arn(stack, name, account)
    assert not any(key.startswith("Fn::") or key == "Ref" for key in value), value
    return {key: _resolved(item, stack, account) for key, item in value.items()}


def _applies(statement: dict[str, Any], action: str, resource: str, keys: Mapping[str, str]) -> bool:
    assert not {"NotAction", "NotResource", "Principal"} & statement.keys()
    return (
        any(_matches(pattern.lower(), action.lower()) for pattern in _listed(statement["Action"]))
        and any(_matches(pattern, resource) for pattern in _listed(statement["Resource"]))
        and all(_holds(kind, wanted, keys) for kind, wanted in statement.get("Condition", {}).items())
    )


def _holds(kind: str, wanted: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    def fits(key: str, pattern: str) -> bool:
        return keys[key] == pattern if kind in EXACT else _matches(pattern, keys[key])

    assert kind in (*EXACT, "ArnLike", "StringLike")
    return all(
        key in keys and any(fits(key, pattern) for pattern in _listed(patterns)) for key, patterns in wanted.items()
    )


def _matches(pattern: str, text: str) -> bool:
    wild = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, text, re.DOTALL) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
