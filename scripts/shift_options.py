"""The options of a deploy that shifts requests to the new version step by step; `./poe deploy --canary`."""

from __future__ import annotations

import argparse
from itertools import pairwise

from scripts import command
from scripts.engine.errors import BadInput
from scripts.engine.traffic.planning import Wish

ALL = (100,)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--canary`, `--blue-green` and how long each step is watched."""
    group = parser.add_argument_group("shifting requests at the gateway")
    group.add_argument(
        "--canary",
        metavar="WEIGHTS",
        type=_weights,
        help="start the new version beside the old one and give it these shares of the requests in percent, rising to "
        "100, such as 5,25,50,100; it goes back by itself when the new version is bad",
    )
    group.add_argument(
        "--blue-green", action="store_true", help="the same in one step; the old version stays for the time of --bake"
    )
    group.add_argument(
        "--bake",
        metavar="TIME",
        type=command.duration,
        help="how long each step is watched, such as 60s or 5m (default: the service's `bake`, else 60s)",
    )


def wish(arguments: argparse.Namespace) -> Wish | None:
    """What was asked for; None without any of them. Raises BadInput for what does not fit together."""
    if arguments.canary and arguments.blue_green:
        raise BadInput("both --canary and --blue-green", where="options", remedy="choose one")
    weights: tuple[int, ...] | None = ALL if arguments.blue_green else arguments.canary
    if weights is None and arguments.bake is not None:
        remedy = "add one of them; `bake` in slipway.toml is for every deploy of a service"
        raise BadInput("--bake needs --canary or --blue-green", where="options", remedy=remedy)
    return Wish(weights, arguments.bake) if weights else None


def _weights(text: str) -> tuple[int, ...]:
    words = text.split(",")
    if not all(word.isascii() and word.isdigit() and len(word) <= 3 for word in words):
        raise argparse.ArgumentTypeError(f"{text!r} are no weights such as 5,25,50,100")
    weights = tuple(map(int, words))
    if weights[0] < 1 or weights[-1] != ALL[0] or any(a >= b for a, b in pairwise(weights)):
        raise argparse.ArgumentTypeError(f"{text!r} does not rise from 1 or more to 100")
    return weights
