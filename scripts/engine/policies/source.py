"""Reads `policies/*.cedar` into single policies with their place, their id and their parsed form.

Cedar's parser names no line, so a file is cut at the semicolons that end policies and each policy is parsed alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.engine.errors import BadInput
from scripts.engine.policies.problems import Problem, refused

SCHEMA = "gateway.cedarschema"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;', re.DOTALL)
"""What may hold a semicolon that ends nothing, and the one that does."""
VARIABLE = re.compile(r"\$\{([A-Za-z0-9_-]*)\}|\$\{")
LARGEST = 1_000_000
"""Bytes of a file."""


@dataclass(frozen=True)
class Policy:
    """One policy."""

    id: str
    description: str
    text: str
    file: str
    line: int
    parsed: Mapping[str, Any]
    """Cedar's own JSON form of it."""

    def problem(self, what: str, instead: str) -> Problem:
        """Something that is wrong with it."""
        return Problem(self.file, self.line, self.id, what, instead)


@dataclass(frozen=True)
class PolicySet:
    """All policies, and the schema that they are checked against."""

    schema: str
    policies: tuple[Policy, ...]

    @property
    def text(self) -> str:
        """All policies as one text, in their order."""
        return "\n".join(policy.text for policy in self.policies)


def read_folder(folder: Path) -> dict[str, str]:
    """File name -> text of the schema and of every policy file; raises BadInput."""
    return {path.name: _read(path) for path in [folder / SCHEMA, *sorted(folder.glob("*.cedar"))]}


def read_policies(folder: Path, variables: Mapping[str, str]) -> PolicySet:
    """The policies of a folder, `${name}` replaced by a variable; raises BadInput naming all that is wrong."""
    texts = read_folder(folder)
    schema = texts.pop(SCHEMA)
    return parse_policies(texts, schema, variables)


def parse_policies(texts: Mapping[str, str], schema: str, variables: Mapping[str, str]) -> PolicySet:
    """The policies of file name -> text; raises BadInput naming all that is wrong."""
    problems: list[Problem] = []
    found: list[Policy] = []
    for file, text in texts.items():
        for line, statement in statements(text):
            one = _policy(file, line, statement, variables)
            (found if isinstance(one, Policy) else problems).append(one)  # type: ignore[arg-type] # told apart above
    problems += _doubles(found) + _invalid(found, schema)
    if problems:
        raise refused(problems)
    return PolicySet(schema, tuple(found))


def statements(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each policy; what follows the last semicolon counts when it is more than blanks and comments."""
    start = 0
    for found in TOKEN.finditer(text):
        if found[0] == ";":
            yield _placed(text, start, found.end())
            start = found.end()
    if re.sub(r"//[^\n]*", "", text[start:]).strip():
        yield _placed(text, start, len(text))


def _placed(text: str, start: int, end: int) -> tuple[int, str]:
    blank = re.match(r"(?:\s|//[^\n]*)*", text[start:end])
    begin = start + (blank.end() if blank else 0)
    return text.count("\n", 0, begin) + 1, text[begin:end]


def _policy(file: str, line: int, text: str, variables: Mapping[str, str]) -> Policy | Problem:
    import cedarpy

    named = re.search(r'@id\("([^"]*)"\)', text)
    problem = Problem(file, line, named[1] if named else "policy", "", "")
    unknown = [found[0] for found in VARIABLE.finditer(text) if found[1] not in variables]
    if unknown:
        what = f"{unknown[0]} stands for nothing"
        return _with(problem, what, "use " + ", ".join(f"${{{name}}}" for name in sorted(variables)))
    text = VARIABLE.sub(lambda found: variables[found[1]], text)
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        return _with(problem, f"not valid Cedar: {_first_line(error)}", "correct it; docs/policies.md shows the forms")
    if parsed["templates"] or len(parsed["staticPolicies"]) != 1:
        return _with(problem, "a template with ?principal or ?resource", "name the principal and the resource")
    (policy,) = parsed["staticPolicies"].values()
    annotations = policy.get("annotations", {})
    name = annotations.get("id")
    if not name or not ID.fullmatch(name):
        what = "it has no @id" if not name else f"{name!r} is not an id"
        return _with(problem, what, 'begin it with @id("a-name"): letters, digits, dots and hyphens, at most 64')
    if not annotations.get("description"):
        return _with(problem, "it has no @description", '@description("...") says for people what it is for')
    return Policy(name, annotations["description"], text, file, line, policy)


def _with(problem: Problem, what: str, instead: str) -> Problem:
    return Problem(problem.file, problem.line, problem.policy, what, instead)


def _doubles(policies: Sequence[Policy]) -> list[Problem]:
    seen: dict[str, Policy] = {}
    problems = []
    for policy in policies:
        if before := seen.get(policy.id):
            what = f"its id is also that of the policy in {before.file}:{before.line}"
            problems.append(policy.problem(what, "give each policy its own @id"))
        seen.setdefault(policy.id, policy)
    return problems


def _invalid(policies: Sequence[Policy], schema: str) -> list[Problem]:
    """What strict validation against the schema finds; each policy alone, so that it can be named."""
    import cedarpy

    try:
        known = cedarpy.Schema.from_str(schema)
    except ValueError as error:
        return [Problem(SCHEMA, 1, "schema", f"not valid: {_first_line(error)}", "correct the schema")]
    if cedarpy.validate_policies("\n".join(policy.text for policy in policies), known).validation_passed:
        return []
    return [
        policy.problem(_without_id(str(found)), f"{SCHEMA} says what there is")
        for policy in policies
        for found in cedarpy.validate_policies(policy.text, known).errors
    ]


def _without_id(text: str) -> str:
    return re.sub(r"^.*?for policy `[^`]*`, ", "", text.splitlines()[0])


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            raise BadInput(f"larger than {LARGEST / 1e6:.0f} MB", where=f"policies/{path.name}", remedy="split it")
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("not UTF-8 text", where=f"policies/{path.name}", remedy="save it as UTF-8") from None
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise BadInput(why, where=f"policies/{path.name}", remedy="check the file and its permissions") from None
