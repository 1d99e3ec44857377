"""From a policy to a tree of conditions; what Envoy could not enforce exactly is refused with what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scripts.engine.policies import operators, paths
from scripts.engine.policies.problems import Problem, Unsupported, refused
from scripts.engine.policies.schema import Schema
from scripts.engine.policies.source import Policy, PolicySet
from scripts.engine.policies.tree import ANY_TEXT, FALSE, TRUE, Claim, Header, Member, Text, Tree, every, negated, some

Expression = Mapping[str, Any]
USER = Claim("sub", ANY_TEXT)
"""Somebody with a token; one without `sub` is refused before policies are asked."""


def compiled(policies: PolicySet, schema: Schema) -> dict[str, Tree]:
    """Id -> when the policy applies; raises BadInput naming every policy that cannot be enforced."""
    found: dict[str, Tree] = {}
    problems: list[Problem] = []
    for policy in policies.policies:
        try:
            found[policy.id] = compile_policy(policy, schema)
        except Unsupported as error:
            problems.append(policy.problem(error.what, error.instead))
    if problems:
        raise refused(problems)
    return found


def compile_policy(policy: Policy, schema: Schema) -> Tree:
    """When the policy applies; raises Unsupported."""
    parsed, compiler = policy.parsed, Compiler(schema)
    parts = [
        compiler.principal(parsed["principal"]),
        compiler.action(parsed["action"]),
        compiler.resource(parsed["resource"]),
    ]
    for condition in parsed["conditions"]:
        tree = compiler.expression(condition["body"])
        parts.append(tree if condition["kind"] == "when" else negated(tree))
    return every(parts)


class Compiler:
    """Expressions of one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def principal(self, scope: Expression) -> Tree:
        """The part before the first comma."""
        return self._scope(scope, self._who)

    def resource(self, scope: Expression) -> Tree:
        """The part behind the second comma."""
        return self._scope(scope, self._where)

    def action(self, scope: Expression) -> Tree:
        """The part between the commas."""
        if scope["op"] == "All":
            return TRUE
        return some(self._what(entity, scope["op"]) for entity in scope.get("entities") or [scope["entity"]])

    def _scope(self, scope: Expression, one: Callable[[Expression, str], Tree]) -> Tree:
        match scope["op"]:
            case "All":
                return TRUE
            case "is":
                inside = one(scope["in"]["entity"], "in") if scope.get("in") else TRUE
                return every((self._is(scope["entity_type"]), inside))
            case operator:
                return one(scope["entity"], operator)

    def _is(self, kind: str) -> Tree:
        kinds: dict[str, Tree] = {"User": USER, "Anonymous": negated(USER), "Path": TRUE}
        return kinds.get(kind, FALSE)

    def _who(self, entity: Expression, operator: str) -> Tree:
        kind, name = entity["type"], entity["id"]
        if kind == "User":
            return Claim("sub", Text((name,)))
        if kind == "Role":
            return Claim("roles", Member(Text((name,)))) if operator == "in" else FALSE
        if kind == "Anonymous":
            raise Unsupported(f'Anonymous::"{name}" names nobody', "write `principal is Anonymous`")
        return FALSE

    def _where(self, entity: Expression, operator: str) -> Tree:
        if entity["type"] != "Path":
            return FALSE
        return paths.under(entity["id"]) if operator == "in" else paths.at(entity["id"])

    def _what(self, entity: Expression, operator: str) -> Tree:
        name = entity["id"]
        if name in self.schema.methods:
            return Header(":method", Text((name,)))
        if operator == "==":
            return FALSE
        methods = [method for method, group in self.schema.methods.items() if group == name]
        return some(Header(":method", Text((method,))) for method in methods)

    def expression(self, body: Expression) -> Tree:
        """A condition; raises Unsupported."""
        ((kind, inner),) = body.items()
        if kind in ("Value", "&&", "||", "!", "!=", "if-then-else"):
            return self._logic(kind, inner)
        if kind == "is":
            inside = self._relation("in", inner["left"], inner["in"]) if inner.get("in") else TRUE
            return every((self._kind_of(inner["left"], inner["entity_type"]), inside))
        if kind in ("==", "in") and (_variable(inner["left"]) or _variable(inner["right"])):
            return self._relation(kind, inner["left"], inner["right"])
        return operators.compile_operator(kind, inner, self.schema)

    def _logic(self, kind: str, inner: Any) -> Tree:
        match kind:
            case "&&":
                return every((self.expression(inner["left"]), self.expression(inner["right"])))
            case "||":
                return some((self.expression(inner["left"]), self.expression(inner["right"])))
            case "!":
                return negated(self.expression(inner["arg"]))
            case "!=":
                return negated(self.expression({"==": inner}))
            case "if-then-else":
                return self._choice(inner)
        if not isinstance(inner, bool):
            raise Unsupported("a value where a condition belongs", "compare it with something")
        return TRUE if inner else FALSE

    def _choice(self, inner: Expression) -> Tree:
        test = self.expression(inner["if"])
        then, otherwise = self.expression(inner["then"]), self.expression(inner["else"])
        return some((every((test, then)), every((negated(test), otherwise))))

    def _kind_of(self, left: Expression, kind: str) -> Tree:
        if _variable(left) not in ("principal", "resource"):
            raise Unsupported("`is` of something else than principal and resource", "ask principal or resource")
        return self._is(kind)

    def _relation(self, kind: str, left: Expression, right: Expression) -> Tree:
        name = _variable(left)
        if kind == "==" and name is None:
            return self._relation(kind, right, left)
        entities = _entities(right)
        if entities is None or name is None:
            raise Unsupported(
                f"`{kind}` with something that is only known with the request",
                'compare with an entity such as User::"ann", Role::"admin", Path::"/orders"',
            )
        ones: dict[str, Callable[[Expression, str], Tree]] = {
            "principal": self._who,
            "resource": self._where,
            "action": self._what,
        }
        one = ones.get(name)
        if one is None:
            raise Unsupported(f"`{kind}` with {name}", "compare principal, action or resource")
        return some(one(entity, kind) for entity in entities)


def _variable(part: Expression) -> str | None:
    return part.get("Var")


def _entities(part: Expression) -> Sequence[Expression] | None:
    """The entities of a constant, or of a set of them."""
    if "Set" in part:
        found = [_entities(item) for item in part["Set"]]
        return None if None in found else [entity for items in found if items for entity in items]
    value = part.get("Value")
    return [value["__entity"]] if isinstance(value, dict) and "__entity" in value else None
