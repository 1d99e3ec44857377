"""A Dockerfile as its stages, with what each inherits from the stage that it is based on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.intent.instructions import Instruction, instructions
from analyzer.source.view import SourceView


@dataclass(frozen=True, slots=True)
class Stage:
    """A FROM and what follows it."""

    base: str
    """As written after FROM, without options."""
    start: Instruction
    body: tuple[Instruction, ...]
    name: str = ""
    parent: Stage | None = None
    """The earlier stage that it is based on."""

    def all(self, *words: str) -> Iterator[Instruction]:
        """The stage's own instructions of these kinds."""
        return (one for one in self.body if one.word in words)

    def last(self, word: str) -> Instruction | None:
        """The instruction of a kind that counts in the end, of the stage or of those that it is based on."""
        own = list(self.all(word))
        return own[-1] if own else self.parent.last(word) if self.parent else None

    def lineage(self) -> Iterator[Stage]:
        """The stage and those that it is based on: what ends up in its image."""
        yield self
        if self.parent:
            yield from self.parent.lineage()

    @property
    def image(self) -> str:
        """The image that it goes back to."""
        return self.parent.image if self.parent else self.base


@dataclass(frozen=True, slots=True)
class File:
    """A Dockerfile with its surroundings."""

    stages: tuple[Stage, ...]
    ignored: bool
    """Whether there is a .dockerignore for it."""


def stages(text: str) -> Iterator[Stage]:
    known: dict[str, Stage] = {}
    rows: list[list[Instruction]] = []
    for instruction in instructions(text):
        if instruction.word == "FROM":
            rows.append([instruction])
        elif rows:
            rows[-1].append(instruction)
    for number, (start, *body) in enumerate(rows):
        words = [word for word in start.rest.split() if not word.startswith("--")] or [""]
        name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
        stage = Stage(words[0], start, tuple(body), name, known.get(words[0].lower()))
        known[str(number)] = known[name or str(number)] = stage
        yield stage


def has_ignore_file(view: SourceView, path: str, root: str) -> bool:
    folder = path.rpartition("/")[0]
    beside = f"{folder}/.dockerignore" if folder else ".dockerignore"
    return bool(view.first(f"{path}.dockerignore", beside, ".dockerignore", f"{root}/.dockerignore"))
