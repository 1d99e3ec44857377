"""What of a response may be believed: one call of the tool that fits its schema in everything, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analyzer.assist.conversation import NotHeardError
from analyzer.assist.excerpts import Excerpts
from analyzer.assist.prompt import NONE, TOOL
from analyzer.assist.questions import Question
from analyzer.model import Candidate


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer: a candidate of a question, and the line that decides."""

    question: Question
    candidate: Candidate
    path: str
    line: int


def choices(response: Any, asked: Sequence[Question], shown: Excerpts) -> tuple[Choice, ...]:
    """The candidates that were chosen; none for questions answered "none". Raises NotHeardError."""
    answers = _tool_input(response)
    expected = {question.id for question in asked}
    if not isinstance(answers, dict) or set(answers) != expected:
        raise NotHeardError("its answer does not fit the questions")
    found = (_choice(question, answers[question.id], shown) for question in asked)
    return tuple(choice for choice in found if choice)


def _tool_input(response: Any) -> Any:
    blocks = _blocks(response)
    calls = [block["toolUse"] for block in blocks if isinstance(block, dict) and "toolUse" in block]
    if not calls:
        raise NotHeardError("it declined to answer")
    if len(calls) > 1:
        raise NotHeardError("it answered more than once")
    if not isinstance(calls[0], dict) or calls[0].get("name") != TOOL:
        raise NotHeardError("it called a tool that was not offered")
    return calls[0].get("input")


def _blocks(response: Any) -> list[Any]:
    """Content of the message. Source: Amazon Bedrock API reference, "Converse", response elements."""
    try:
        reason, blocks = response["stopReason"], response["output"]["message"]["content"]
    except (KeyError, TypeError):
        raise NotHeardError("its response has another form than the Converse API's") from None
    if reason in ("guardrail_intervened", "content_filtered"):
        raise NotHeardError("its answer was filtered")
    if not isinstance(blocks, list) or reason in ("max_tokens", "malformed_model_output", "malformed_tool_use"):
        raise NotHeardError("its answer is incomplete")
    return blocks


def _choice(question: Question, answer: Any, shown: Excerpts) -> Choice | None:
    if not isinstance(answer, dict) or not set(answer) <= {"candidate", "path", "line"}:
        raise NotHeardError("its answer does not fit the questions")
    name, path, line = answer.get("candidate"), answer.get("path"), answer.get("line")
    if name == NONE:
        return None
    if not isinstance(name, str) or name not in question.choices:
        raise NotHeardError("it chose what is no candidate")
    if not isinstance(path, str) or type(line) is not int or not shown.has(path, line):
        raise NotHeardError("it cites a line that it was not shown")
    return Choice(question, question.choices[name], path, line)
