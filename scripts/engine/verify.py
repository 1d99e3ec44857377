"""Asks a service through the load balancer, as its users do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from scripts.engine.request import address, send

ANSWERS = 3
"""Good answers in a row that count as proof."""


@dataclass(frozen=True)
class Proof:
    """What the load balancer answered."""

    good: bool
    text: str
    milliseconds: float = 0.0


def ask(url: str, timeout: float = 5.0, *, via: str | None = None) -> Proof:
    """One GET; an answer of 200 to 399 is good. `via` is the load balancer's base URL, as for `request.address`."""
    try:
        reply = send(address(url, via), timeout)
    except ValueError as error:
        return Proof(good=False, text=f"no answer: {error}")
    text = reply.text if reply.text.startswith("HTTP ") else f"no answer: {reply.text}"
    return Proof(reply.good, text, reply.milliseconds)


def answers(
    url: str,
    *,
    timeout: float,
    cancelled: Callable[[float], bool],
    get: Callable[[str], Proof] = ask,
    clock: Callable[[], float] = time.monotonic,
) -> Proof:
    """Ask until `ANSWERS` good answers came in a row, or the time is over."""
    end, row, times = clock() + timeout, 0, [0.0]
    while True:
        proof = get(url)
        row = row + 1 if proof.good else 0
        times = [*times, proof.milliseconds] if proof.good else [0.0]
        if row >= ANSWERS:
            text = f"{proof.text}, {ANSWERS} times in a row, {max(times):.0f} ms at most"
            return Proof(good=True, text=text, milliseconds=max(times))
        if clock() >= end or cancelled(0.0 if proof.good else 0.5):
            return proof if not proof.good else Proof(good=False, text="not steady")
