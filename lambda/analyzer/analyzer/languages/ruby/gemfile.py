"""Reads Gemfile, gems.rb and gemspecs as far as they are declarations: they are Ruby programs, which are never run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.model import Evidence
from analyzer.source.view import SourceView

NAMES = ("Gemfile", "gems.rb")
NOT_PRODUCTION = frozenset({"development", "test", "ci", "lint", "linting", "docs", "doc", "rubocop", "benchmark"})
NESTED = 4
"""Files that `eval_gemfile` may lead through."""

STRING = r"""["']([^"'#\n]*)["']"""
GEM = re.compile(rf"^gem[\s(]+{STRING}(.*)$")
RUBY = re.compile(rf"^ruby[\s(]{{1,4}}(?:{STRING}|.*?\bfile(?::|\s*=>|\s)\s*{STRING})(.*)$")
ENGINE = re.compile(rf"(?:\bengine:|:engine\s*=>)\s*{STRING}")
EVAL = re.compile(rf"^eval_gemfile[\s(]+(?:File\.\w+\()?{STRING}")
GEMSPEC = re.compile(r"^gemspec\b(.*)$")
GROUP = re.compile(r"^group[\s(]{1,4}(\S.*?)\)?\s{1,9}do\b")
PATH_BLOCK = re.compile(rf"^path[\s(]+{STRING}.*\bdo\b")
OPENS = re.compile(r"^(?:if|unless|case|begin|def|class|module|while)\b|\bdo\b\s*(?:\|[^|]*\|)?$")
OPTION_GROUPS = re.compile(r"(?:\bgroups?:|:groups?\s*=>)\s*(\[[^\]]*\]|[:\w\"']+)")
OPTION_PATH = re.compile(rf"(?:\bpath:|:path\s*=>)\s*{STRING}")
SYMBOL = re.compile(r"[:\"']([A-Za-z_]\w*)")
REQUIREMENT = re.compile(r"""^\s*,\s*["']([^"'\n]*)["']""")
ADDED = re.compile(rf"\.add(_runtime|_development)?_dependency[\s(]+{STRING}(.*)$")
REQUIRED_RUBY = re.compile(
    r"\.required_ruby_version\s*=\s{0,9}(?:Gem::Requirement\.new[\s(]{1,4})?\[?((?:[\s,]*[\"'][^\"']*[\"'])+)"
)


@dataclass(frozen=True, slots=True)
class Gem:
    """A declared dependency; `groups` is empty for the default group."""

    name: str
    requirements: tuple[str, ...]
    groups: tuple[str, ...]
    path: str | None
    """The folder that it comes from, as it is written; None for a gem of a registry or a repository."""
    evidence: Evidence

    @property
    def production(self) -> bool:
        """Whether a production bundle holds it."""
        return not self.groups or not set(self.groups) <= NOT_PRODUCTION


@dataclass(frozen=True, slots=True)
class RubyVersion:
    """What the manifest says of the Ruby to run on."""

    text: str
    engine: str
    evidence: Evidence


@dataclass(slots=True)
class Declared:
    """What a Gemfile declares."""

    path: str
    gems: dict[str, Gem] = field(default_factory=dict)
    ruby: RubyVersion | None = None
    ruby_file: str | None = None
    """The file that `ruby file:` names."""
    gemspec: bool = False
    files: list[str] = field(default_factory=list)
    """Other files that Bundler reads: `eval_gemfile`, gemspecs."""

    def has(self, *names: str) -> Gem | None:
        """The first of these gems that production holds."""
        return next((self.gems[name] for name in names if name in self.gems and self.gems[name].production), None)

    def paths(self) -> tuple[str, ...]:
        """Folders of gems that are part of the tree."""
        return tuple(
            sorted({gem.path for gem in self.gems.values() if gem.path and gem.production and _inside(gem.path)})
        )

    def outside(self) -> list[Gem]:
        """Gems that come from folders above the service."""
        return [gem for gem in self.gems.values() if gem.path and gem.production and not _inside(gem.path)]


def manifest_of(view: SourceView) -> str | None:
    """The file that Bundler would read; as Bundler has it, gems.rb wins over Gemfile."""
    return view.first("gems.rb", "Gemfile")


def read(view: SourceView) -> Declared | None:
    """What the Gemfile and the gemspecs that it names declare."""
    path = manifest_of(view)
    if path is None:
        return None
    declared = Declared(path)
    _read_file(view, path, declared, NESTED)
    if declared.gemspec:
        for gemspec in gemspecs(view):
            declared.files.append(gemspec)
            for gem in gemspec_gems(view, gemspec):
                declared.gems.setdefault(gem.name, gem)
    return declared


def gemspecs(view: SourceView) -> list[str]:
    """Gemspecs of the tree's own root."""
    return [path for path in view.top() if path.endswith(".gemspec")]


def gemspec_gems(view: SourceView, path: str) -> Iterator[Gem]:
    """Dependencies that a gemspec adds."""
    for number, line in statements(view.lines(path)):
        if found := ADDED.search(line):
            groups = ("development",) if found[1] == "_development" else ()
            evidence = view.evidence(path, number, line)
            yield Gem(found[2], _requirements(found[3]), groups, None, evidence)


def required_ruby(view: SourceView, path: str) -> RubyVersion | None:
    """The `required_ruby_version` of a gemspec."""
    for number, line in statements(view.lines(path)):
        if found := REQUIRED_RUBY.search(line):
            ranges = re.findall(r"[\"']([^\"']+)[\"']", found[1])
            return RubyVersion(", ".join(ranges), "ruby", view.evidence(path, number, line)) if ranges else None
    return None


def statements(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines without comments, those that end with a comma joined with what follows; numbered by their first."""
    held, first = "", 0
    for number, raw in enumerate(lines, 1):
        line = _without_comment(raw).strip()
        if not line:
            continue
        if line.startswith("__END__"):
            break
        first = first or number
        held = f"{held} {line}".strip()
        if not line.endswith((",", "\\")):
            yield first, held.rstrip("\\")
            held, first = "", 0
    if held:
        yield first, held


def _without_comment(line: str) -> str:
    quote = ""
    for position, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "#":
            return line[:position]
    return line


@dataclass(frozen=True, slots=True)
class _Block:
    groups: tuple[str, ...] = ()
    path: str | None = None


def _read_file(view: SourceView, path: str, declared: Declared, left: int) -> None:
    blocks: list[_Block] = []
    for number, line in statements(view.lines(path)):
        if re.match(r"end\b", line):
            blocks[-1:] = []
        elif found := GEM.match(line):
            _gem(found, blocks, view.evidence(path, number, line), declared)
        elif (found := EVAL.match(line)) and left:
            nested = _beside(path, found[1])
            if view.has(nested):
                declared.files.append(nested)
                _read_file(view, nested, declared, left - 1)
        else:
            _other(line, view.evidence(path, number, line), declared)
            blocks += _opened(line)


def _gem(found: re.Match[str], blocks: list[_Block], evidence: Evidence, declared: Declared) -> None:
    rest = found[2]
    groups = [group for block in blocks for group in block.groups]
    if option := OPTION_GROUPS.search(rest):
        groups += SYMBOL.findall(option[1] if option[1].startswith("[") else ":" + option[1].lstrip(":"))
    path = OPTION_PATH.search(rest)
    within = path[1] if path else next((block.path for block in reversed(blocks) if block.path), None)
    folder = _tidy(within) if within else None
    gem = Gem(found[1], _requirements(rest), tuple(dict.fromkeys(groups)), folder, evidence)
    known = declared.gems.get(gem.name)
    if known is None or not known.production:
        declared.gems[gem.name] = gem


def _other(line: str, evidence: Evidence, declared: Declared) -> None:
    if found := RUBY.match(line):
        engine = ENGINE.search(found[3])
        if found[1]:
            requirements = ", ".join((found[1], *_requirements(found[3])))
            declared.ruby = RubyVersion(requirements, engine[1] if engine else "ruby", evidence)
        else:
            declared.ruby_file = found[2]
    elif GEMSPEC.match(line):
        declared.gemspec = True


def _opened(line: str) -> list[_Block]:
    if found := GROUP.match(line):
        return [_Block(groups=tuple(SYMBOL.findall(found[1])))]
    if found := PATH_BLOCK.match(line):
        return [_Block(path=found[1])]
    return [_Block()] if OPENS.search(line) else []


def _requirements(rest: str) -> tuple[str, ...]:
    found = []
    while match := REQUIREMENT.match(rest):
        found.append(match[1])
        rest = rest[match.end() :]
    return tuple(found)


def _beside(path: str, name: str) -> str:
    folder = path.rpartition("/")[0]
    return f"{folder}/{name}" if folder else name.removeprefix("./")


def _tidy(path: str) -> str:
    return path.removeprefix("./").rstrip("/")


def _inside(path: str) -> bool:
    return not path.startswith(("/", "~", ".."))
