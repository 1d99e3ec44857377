"""Reads the notations of versions and ranges (PEP 440, npm, RubyGems, Composer, Cargo, go.mod, .NET, Maven).

One grammar covers them: alternatives of comparators that must all hold. They differ only in what a bare version and
`~` mean, and in whether a partial version stands for all that begin with it; that is the table DIALECTS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer.versions import table
from analyzer.versions.intervals import ANY, Intervals, after, at_least, below, both, either, outside, padded, series


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a notation reads what the others read differently."""

    bare: str = "series"
    """A version without operator: "series" (that one), or "minimum" (that one or a newer; it is itself preferred)."""
    loose_tilde: bool = False
    """Whether `~1.2` means below 2 rather than below 1.3."""
    partial: bool = False
    """Whether `>18` means above every 18.x and `<=18` includes them."""


DIALECTS = {
    "exact": Dialect(partial=True),
    "pep440": Dialect(),
    "npm": Dialect(partial=True),
    "gem": Dialect(),
    "composer": Dialect(loose_tilde=True),
    "cargo": Dialect(bare="minimum"),  # rust-version is the oldest that will do
    "go": Dialect(bare="minimum"),  # https://go.dev/ref/mod#go-mod-file-go: the minimum version of Go
    "dotnet": Dialect(bare="minimum"),  # a target framework: newer SDKs build it, its own runtime runs it
    "maven": Dialect(bare="minimum"),  # a compiler release: every newer JDK runs its classes
}

LONG_TERM = re.compile(r"(?:lts|sub-\d+:lts)(?:[/-](\*|[a-z]+|-\d+))?")
NEWEST = frozenset({"latest", "current", "node", "newest"})
UNBOUND = frozenset({"", "*", "x", "any", "stable", "default"})
SILENT = re.compile(r"(?:system|path:.*|ref:.*|false|none|nightly.*|beta.*)")
"""Read, but says nothing about a release."""

NUMBER = r"(?:\d{1,6}|[xX*])"
COMPARATOR = re.compile(
    rf"(?P<op>~>|~=|>=|=>|<=|=<|!=|===?|=|\^|~|<|>)?\s*v?(?P<number>{NUMBER}(?:\.{NUMBER})*)"
    r"(?:\.?[-+@][\w.+-]*|[a-zA-Z]\w*(?:[.+-]\w+)*)?(?![\w.*])",
    re.ASCII,
)
HYPHENED = re.compile(rf"v?({NUMBER}(?:\.{NUMBER})*)\s+-\s+v?({NUMBER}(?:\.{NUMBER})*)", re.ASCII)
PREFIX = re.compile(
    r"(?:prefix:|latest:|node-|nodejs-|python-|cpython-|cpython@|ruby-|go(?=\d)|php-|net(?:coreapp|standard)?(?=\d))"
)
VENDORED_JAVA = re.compile(r"(?:^|[-_@]|jdk|java)(\d{1,3}(?:\.\d+)*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text says."""

    allowed: Intervals
    written: str = ""
    """The one version or series that the text names; empty for a range."""


def read(text: str, scheme: str, product: str) -> Meaning | None:
    """What a text in a notation means for a product; None when it cannot be read."""
    text = PREFIX.sub("", text.strip().strip("\"'").strip(), count=1).strip()
    if keyword := _keyword(text.lower(), product):
        return keyword
    if product == "java" and scheme != "maven":
        text = _java(text)
    dialect = DIALECTS.get(scheme, DIALECTS["exact"])
    alternatives = [_alternative(part, dialect, product) for part in re.split(r"\s*\|\|?\s*|\s+or\s+", text)]
    if any(part is None for part in alternatives):
        return None
    allowed = either(part for part in alternatives if part)
    return Meaning(allowed, _written(text, dialect)) if allowed else None


def says_nothing(text: str) -> bool:
    """Whether a text is fine, but names no release: `system`, `ref:master`, a nightly."""
    return bool(SILENT.fullmatch(text.strip().lower()))


def parts_of(text: str, product: str = "") -> tuple[int, ...]:
    """The numbers at the beginning of a version, at most three; () for none. Java's 1.8 is 8."""
    found = re.match(r"\d{1,6}(?:\.\d{1,6})*", text, re.ASCII)
    parts = tuple(int(part) for part in found[0].split(".")) if found else ()
    return (parts[1:] if product == "java" and parts[:1] == (1,) and len(parts) > 1 else parts)[:3]


def _keyword(text: str, product: str) -> Meaning | None:
    """Words instead of numbers: `lts/*`, `lts/iron`, `latest`, `*`."""
    known = table.product(product)
    if text in UNBOUND:
        return Meaning(ANY)
    if not known:
        return None
    if text in NEWEST:
        return _only(next((cycle.name for cycle in known.cycles if not cycle.ended), known.default))
    found = LONG_TERM.fullmatch(text)
    return _only(_long_term(known, found[1])) if found else None


def _long_term(known: table.Product, name: str | None) -> str:
    """The cycle of `lts/<name>`; `lts/*` is the newest that is not too new, `lts/-1` the one before it."""
    cycles = [cycle for cycle in known.cycles if cycle.lts]
    if name and name.startswith("-"):
        return next(iter(cycle.name for cycle in cycles[min(int(name[1:]), len(cycles) - 1) :]), known.default)
    return next((cycle.name for cycle in cycles if name in (None, "*", cycle.lts)), "")


def _only(name: str) -> Meaning | None:
    return Meaning(series(parts_of(name)), name) if name else None


def _java(text: str) -> str:
    """The number in a JDK's name: temurin-21.0.2+13, 17.0.9-tem, openjdk64-11.0.2, 22.3.r17-grl."""
    if found := re.search(r"(?:\.r|\+java)(\d+)", text):
        return found[1]
    found = VENDORED_JAVA.search(re.sub(r"(?<=[a-z])64(?=-)", "", text.lower()))
    return found[1] if found else text


def _alternative(text: str, dialect: Dialect, product: str) -> Intervals | None:
    """Comparators that must all hold; None when there is anything else in the text."""
    allowed = ANY
    for low, high in HYPHENED.findall(text):
        allowed = both(allowed, both(at_least(padded(_parts(low, product))), below(after(_parts(high, product)))))
    text = HYPHENED.sub(" ", text)
    if not text or re.sub(r"[\s,]|\band\b", "", COMPARATOR.sub("", text)):
        return None
    for found in COMPARATOR.finditer(text):
        allowed = both(
            allowed, _comparator(found["op"] or "", _parts(found["number"], product), found["number"], dialect)
        )
    return allowed


def _parts(number: str, product: str) -> tuple[int, ...]:
    return parts_of(re.split(r"\.?[xX*]", number)[0], product)


def _comparator(operator: str, parts: tuple[int, ...], number: str, dialect: Dialect) -> Intervals:
    """The versions of one operator and operand; `x` and `*` were already dropped from the parts."""
    if not parts:
        return ANY
    wild = number.rstrip()[-1] in "xX*"
    low, beyond = padded(parts), after(parts)
    next_one = beyond if dialect.partial or wild else (low[0], low[1], low[2] + 1)
    if operator == "" and dialect.bare == "minimum":
        return at_least(low)
    if operator in ("^", "~", "~>", "~="):
        return both(at_least(low), below(_ceiling(operator, parts, dialect)))
    simple = {
        ">=": at_least(low),
        "=>": at_least(low),
        ">": at_least(next_one),
        "<": below(low),
        "<=": below(next_one),
        "=<": below(next_one),
        "!=": outside(series(parts) if wild else both(at_least(low), below(next_one))),
    }
    return simple.get(operator, series(parts))


def _ceiling(operator: str, parts: tuple[int, ...], dialect: Dialect) -> tuple[int, int, int]:
    """The first version that `^`, `~`, `~>` or `~=` no longer allows."""
    if operator == "^":
        zeros = next((at for at, part in enumerate(parts) if part), len(parts) - 1)
        return after(parts[: zeros + 1])
    if (operator in ("~>", "~=") and not dialect.partial) or dialect.loose_tilde:
        return after(parts[:-1] if len(parts) > 1 else parts)
    return after(parts[:2])


def _written(text: str, dialect: Dialect) -> str:
    """The version of a text that is nothing but one: 3.11, v20.1.0, ==3.11.*, 22.x."""
    found = COMPARATOR.fullmatch(text)
    if not found or (found["op"] or "=") not in ("=", "==", "==="):
        return ""
    return re.split(r"\.?[xX*]", found["number"])[0]
