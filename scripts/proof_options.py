"""The options of a deploy that proves that no request is lost; `./poe deploy --prove`."""

from __future__ import annotations

import argparse
import re

from scripts.engine.errors import BadInput
from scripts.engine.proof import Proving

PATH = re.compile(r"/[!-~]{0,1999}")
"""What a request line may hold: printable ASCII without spaces."""
FASTEST = 100
"""Requests a second; more is a load test."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--prove` and what belongs to it."""
    group = parser.add_argument_group("proof that no request is lost")
    group.add_argument(
        "--prove",
        nargs="?",
        const="",
        metavar="PATH",
        help="send a steady load to PATH (default: the health path) while the new version is rolled out, and fail when "
        "requests are lost; give it after the services",
    )
    group.add_argument("--prove-long", metavar="PATH", type=_path, help="and long requests, some at a time, to PATH")
    group.add_argument("--prove-rate", metavar="N", type=_rate, help="requests a second (default: 20)")
    group.add_argument("--prove-max-failed", metavar="N", type=_number, help="requests that may fail (default: 0)")


def check(arguments: argparse.Namespace) -> None:
    """Raise BadInput for what does not fit together."""
    if arguments.prove:
        try:
            _path(arguments.prove)
        except argparse.ArgumentTypeError as error:
            remedy = "./poe deploy SERVICE --prove, or --prove /PATH"
            raise BadInput(str(error), where="--prove", remedy=remedy) from None
    if arguments.prove is None and _others(arguments):
        raise BadInput(f"{_others(arguments)[0]} needs --prove", where="options", remedy="add --prove")


def proving(arguments: argparse.Namespace) -> Proving | None:
    """What was asked for; None without --prove."""
    if arguments.prove is None:
        return None
    usual = Proving()
    return Proving(
        path=arguments.prove or None,
        long_path=arguments.prove_long,
        rate=usual.rate if arguments.prove_rate is None else arguments.prove_rate,
        max_failed=usual.max_failed if arguments.prove_max_failed is None else arguments.prove_max_failed,
    )


def _others(arguments: argparse.Namespace) -> list[str]:
    names = ("prove_long", "prove_rate", "prove_max_failed")
    return [f"--{name.replace('_', '-')}" for name in names if getattr(arguments, name) is not None]


def _path(text: str) -> str:
    if not PATH.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path, such as /health")
    return text


def _rate(text: str) -> int:
    if not 1 <= _number(text) <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {FASTEST}")
    return int(text)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)
