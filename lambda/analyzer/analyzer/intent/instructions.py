"""A Dockerfile taken apart: instructions with their lines, stages, and what the last stage ends up with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

HEREDOC = re.compile(r"<<-?\s*[\"']?([A-Za-z_]\w*)[\"']?")
VARIABLE = re.compile(r"\$\{(\w+)(?::?[-+=?]([^}]*))?\}|\$(\w+)")
PAIR = re.compile(r"""(\w+)=("(?:\\.|[^"\\])*"|'[^']*'|(?:\\.|\S)*)""")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in upper case, the rest with continued lines joined, the line that it begins on."""

    word: str
    rest: str
    line: int


@dataclass(slots=True)
class Stage:
    """What a stage has when it is built, with that of the stage it is based on."""

    image: str
    """The image that it goes back to, with variables replaced."""
    line: int = 0
    variables: dict[str, str] = field(default_factory=dict)
    ports: list[tuple[str, int]] = field(default_factory=list)
    """Texts of ports with their lines."""
    command: Instruction | None = None
    entry: Instruction | None = None
    health: Instruction | None = None


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile; comments and the text of heredocs are left out."""
    lines = text.split("\n")
    escape = "`" if re.search(r"(?mi)\A(?:#.*\n)*#\s*escape\s*=\s*`", text) else "\\"
    number = 0
    while number < len(lines):
        start, joined = number, ""
        while number < len(lines):
            line = lines[number].strip()
            number += 1
            if line.startswith("#") or (joined and not line):
                continue
            joined += " " + line.removesuffix(escape)
            if not line.endswith(escape):
                break
        word, _, rest = joined.strip().partition(" ")
        number = _after_heredocs(rest, lines, number)
        if word:
            yield Instruction(word.upper(), rest.strip(), start + 1)


def _after_heredocs(rest: str, lines: list[str], number: int) -> int:
    for name in HEREDOC.findall(rest):
        while number < len(lines) and lines[number].strip() != name:
            number += 1
        number += 1
    return number


def final_stage(text: str) -> Stage | None:
    """The stage that becomes the image; None when there is none."""
    stages: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    stage: Stage | None = None
    for instruction in instructions(text):
        if instruction.word == "FROM":
            stage = _from(instruction, stages, arguments)
            stages[str(len(stages))] = stage
        elif stage is None and instruction.word == "ARG":
            arguments.update(_pairs(instruction.rest))
        elif stage is not None:
            _apply(stage, instruction)
    return stage


def replaced(text: str, variables: dict[str, str]) -> str:
    """The text with known variables, or the defaults they are given, put in."""
    return VARIABLE.sub(lambda found: variables.get(found[1] or found[3], found[2] or ""), text)


def exec_form(rest: str) -> list[str] | None:
    """The words of `["a", "b"]`; None for the shell form."""
    try:
        found = json.loads(rest) if rest.startswith("[") else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) and all(isinstance(word, str) for word in found) else None


def _from(instruction: Instruction, stages: dict[str, Stage], arguments: dict[str, str]) -> Stage:
    words = [word for word in replaced(instruction.rest, arguments).split() if not word.startswith("--")]
    image = words[0] if words else ""
    base = stages.get(image.lower())
    made = Stage(image, instruction.line)
    if base:
        made = Stage(base.image, base.line, dict(base.variables), list(base.ports), base.command, base.entry)
        made.health = base.health
    if len(words) > 2 and words[1].lower() == "as":
        stages[words[2].lower()] = made
    return made


def _apply(stage: Stage, instruction: Instruction) -> None:
    rest = instruction.rest
    if instruction.word in ("ENV", "ARG"):
        known = {name: replaced(value, stage.variables) for name, value in _pairs(rest).items()}
        stage.variables.update(known)
    elif instruction.word == "EXPOSE":
        stage.ports += [(port, instruction.line) for port in replaced(rest, stage.variables).split()]
    elif instruction.word == "CMD":
        stage.command = instruction
    elif instruction.word == "ENTRYPOINT":
        stage.entry, stage.command = instruction, None
    elif instruction.word == "HEALTHCHECK":
        stage.health = instruction


def _pairs(rest: str) -> dict[str, str]:
    """`A=b C="d e"`, or the old form `A b`; a name alone is not set."""
    if "=" not in rest.partition(" ")[0]:
        name, _, value = rest.partition(" ")
        return {name: value.strip()} if value else {}
    return {name: value[1:-1] if value[:1] in ("'", '"') else value for name, value in PAIR.findall(rest)}
