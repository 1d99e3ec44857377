"""Random policies and requests: what the real Envoy answers beside what Cedar decides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.engine.policies.artefact import Artefact, artefact
from scripts.engine.policies.compiler import compiled
from scripts.engine.policies.oracle import Decision, Oracle
from scripts.engine.policies.schema import read_schema
from scripts.engine.policies.source import SCHEMA, PolicySet, parse_policies
from tests.e2e.gateway.envoy_server import EnvoyServer
from tests.e2e.gateway.generator import Generator
from tests.e2e.project import ORIGIN

SCHEMA_TEXT = (ORIGIN / "policies" / SCHEMA).read_text("utf-8")
KNOWN = read_schema(SCHEMA_TEXT)
EVERYBODY = '@id("all") @description("everybody") permit(principal, action, resource);'
DENIED = (401, 403)
"""By the policies; 401 also by the token filter, which refuses a token whose `sub` is no string."""


@dataclass
class Tally:
    """What came out."""

    requests: int = 0
    allowed: int = 0
    mismatches: int = 0
    first: str = ""


def prepared(text: str) -> tuple[PolicySet, Artefact]:
    """Policies and what the gateway loads of them."""
    policies = parse_policies({"random.cedar": text}, SCHEMA_TEXT, {})
    return policies, artefact(policies, compiled(policies, KNOWN), KNOWN)


def compare(folder: Path, seed: int, *, rounds: int, requests: int, enough: int | None = None) -> Tally:
    """So many rounds of new policies with so many requests each; ends early after `enough` mismatches."""
    generator, tally = Generator(seed), Tally()
    with EnvoyServer(folder, prepared(EVERYBODY)[1]) as envoy:
        for _ in range(rounds):
            text = generator.policies(1 + generator.few(6))
            policies, made = prepared(text)
            envoy.swap(made)
            asked = [generator.request() for _ in range(requests)]
            oracle = Oracle(policies, KNOWN)
            for request, status in zip(asked, envoy.ask(asked), strict=True):
                _count(tally, status, oracle.decide(request), f"{request}\n{text}")
            if enough and tally.mismatches >= enough:
                break
    return tally


def _count(tally: Tally, status: int, decision: Decision, about: str) -> None:
    tally.requests += 1
    tally.allowed += decision.allowed
    if (status == 200) != decision.allowed or (status != 200 and status not in DENIED):
        tally.mismatches += 1
        tally.first = tally.first or f"{status}, Cedar: {decision}, for {about}"
