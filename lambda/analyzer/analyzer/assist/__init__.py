"""A language model as second opinion, off unless asked for: it may choose among the candidates that rules left open.

It sees the candidates and a few lines of source around their evidence, never prose and never what looks like a
secret. It answers by one call of one tool with the number of a candidate and the line that decides; nothing else of
its answer is used, so that text in a repository cannot make it say anything. What it chose is marked and never sure
enough to be acted on unasked. Whatever goes wrong, the analysis of the rules stands, with a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from analyzer import confidence
from analyzer.assist.answer import Choice, choices
from analyzer.assist.conversation import NotHeardError, converse
from analyzer.assist.excerpts import excerpts
from analyzer.assist.prompt import request
from analyzer.assist.questions import Question, questions
from analyzer.model import Analysis, Caution, Field, Service
from analyzer.source.view import SourceView

FAILED = "assistant_failed"
CHOSE = "assistant_chose"


def assisted(analysis: Analysis, view: SourceView, *, model: str, connect: Callable[[], Any]) -> Analysis:
    """The analysis with what a model of Amazon Bedrock chose for open fields.

    `connect` makes the client (`bedrock.client`); it is not called when no field is open. Never raises: a failure is
    the warning `assistant_failed`.
    """
    asked = questions(analysis)
    everything = excerpts(view, asked)
    asked = tuple(question for question in asked if everything.covers(question))
    if not asked:
        return analysis
    shown = excerpts(view, asked)
    try:
        chosen = choices(converse(connect, request(model, asked, shown)), asked, shown)
    except NotHeardError as error:
        return _warned(analysis, _failure(error))
    return _applied(analysis, view, chosen)


def _failure(error: NotHeardError) -> Caution:
    return Caution(
        FAILED,
        f"the language model was of no help: {error}",
        "what the rules found stands; ask again later, or without the model",
    )


def _applied(analysis: Analysis, view: SourceView, chosen: tuple[Choice, ...]) -> Analysis:
    if not chosen:
        return analysis
    services = tuple(
        _with_choices(service, view, [choice for choice in chosen if choice.question.root == service.root])
        for service in analysis.services
    )
    fields = ", ".join(f"{choice.question.field} of {choice.question.root}" for choice in chosen)
    told = Caution(CHOSE, f"a language model chose {fields}", "look at the evidence before you rely on it")
    return _warned(replace(analysis, services=services), told)


def _with_choices(service: Service, view: SourceView, chosen: list[Choice]) -> Service:
    fields = {choice.question.field: _field(choice, view) for choice in chosen}
    return replace(service, fields={**service.fields, **fields})


def _field(choice: Choice, view: SourceView) -> Field:
    question: Question = choice.question
    others = tuple(candidate for candidate in question.candidates if candidate is not choice.candidate)
    return Field(
        value=choice.candidate.value,
        confidence=confidence.ASSISTED,
        reason=f"a language model chose it among {len(question.candidates)} that the rules found possible",
        evidence=(view.evidence(choice.path, choice.line),),
        others=others,
        assisted=True,
    )


def _warned(analysis: Analysis, caution: Caution) -> Analysis:
    return replace(analysis, warnings=(*analysis.warnings, caution))
