"""Scores the analyzer on labelled example trees: per field and per language, right, wrong or "cannot tell".

A row is one JSON object a line: {"id", "expected": {field: value}, "flags": [...], "group": ...}. Rows that share a
group are variants of one example and weigh one together. Rows with a flag of NOT_SCORED are about something else than
reading the source: a peer's own configuration, functions, examples that are meant to fail.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from analyzer.model import Service

NOT_SCORED = {
    "config-driven", "env-driven", "function", "peer-expects-build-error", "no-provider", "multi-language",
    "language-not-confirmed-by-snapshot", "app-in-subdirectory",
}  # fmt: skip
SCORED = (
    "language", "package_manager", "package_manager_any_of", "framework", "start_kind", "start_target",
    "runtime_version", "version_constraint", "port", "static_site", "build_command", "output_dir",
)  # fmt: skip
OPERATOR = re.compile(r"(>=|<=|==|~=|\^|~>|~|>|<|=)?\s*v?(\d+(?:\.(?:\d+|x|\*))*)")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Miss:
    """An answer that is not the label's; None is "cannot tell"."""

    id: str
    field: str
    expected: Any
    answer: Any


@dataclass
class Score:
    """Weights of answers."""

    asked: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    right: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    open: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Neither right nor wrong: cannot tell."""
    languages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))
    """Language -> right, asked."""
    misses: list[Miss] = field(default_factory=list)


def answers(service: Service) -> dict[str, Any]:
    """What the exam asks of a service."""
    start, kind, version = service.value("start"), service.value("kind"), service.value("runtime_version")
    return {
        "language": service.value("language"),
        "framework": service.value("framework"),
        "package_manager": service.value("package_manager"),
        "package_manager_any_of": service.value("package_manager"),
        "start_kind": start.kind if start else None,
        "start_target": start.target if start else None,
        "start_command": start.command if start else None,
        "port": service.value("port"),
        "runtime_version": version,
        "version_constraint": version,
        "static_site": None if kind is None else kind == "static",
        "build_command": service.value("build_command"),
        "output_dir": service.value("output_dir"),
    }


def score(rows: Iterable[Row], answered: Mapping[str, Mapping[str, Any]]) -> Score:
    """The score of answers (row id -> field -> answer); a row without answers counts as "cannot tell"."""
    asked = [row for row in rows if not NOT_SCORED & set(row.get("flags", []))]
    sizes = Counter(row.get("group", row["id"]) for row in asked)
    result = Score()
    for row in asked:
        _score_row(result, row, answered.get(row["id"], {}), 1 / sizes[row.get("group", row["id"])])
    return result


def _score_row(result: Score, row: Row, answer: Mapping[str, Any], weight: float) -> None:
    for name in SCORED:
        wanted = row["expected"].get(name)
        if wanted is None or (name == "version_constraint" and "||" in wanted):
            continue
        given = answer.get(name)
        is_right = given is not None and COMPARE.get(name, _same)(wanted, given)
        result.asked[name] += weight
        result.right[name] += weight * is_right
        result.open[name] += weight * (given is None)
        if name == "language":
            result.languages[wanted][0] += weight * is_right
            result.languages[wanted][1] += weight
        if not is_right:
            result.misses.append(Miss(row["id"], name, wanted, given))


def _same(wanted: Any, given: Any) -> bool:
    return bool(wanted == given)


def _any_of(wanted: list[str], given: str) -> bool:
    return given in wanted


def _same_version(wanted: str, given: str) -> bool:
    """As far as both say: "3.11" and "3.11.4" are the same."""
    one, other = wanted.lstrip("v=") + ".", given.lstrip("v=") + "."
    return one.startswith(other) or other.startswith(one)


def _satisfies(constraint: str, given: str) -> bool:
    """Whether a version is within all parts of a constraint, as far as it says."""
    return all(
        _within(operator, _numbers(version), _numbers(given)) for operator, version in OPERATOR.findall(constraint)
    )


def _within(operator: str, wanted: tuple[int, ...], given: tuple[int, ...]) -> bool:
    length = min(len(wanted), len(given))
    want, have = wanted[:length], given[:length]
    checks: dict[str, Callable[[], bool]] = {
        ">=": lambda: have >= want,
        ">": lambda: have > want or (have == want and len(given) > length),
        "<=": lambda: have <= want,
        "<": lambda: have < want,
        "^": lambda: have[:1] == want[:1] and have >= want,
        "~": lambda: have[:2] == want[:2],
        "~=": lambda: have[:1] == want[:1] and have >= want,
        "~>": lambda: have[:1] == want[:1] and have >= want,
    }
    return checks.get(operator, lambda: have == want)()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "package_manager_any_of": _any_of,
    "runtime_version": _same_version,
    "version_constraint": _satisfies,
}
