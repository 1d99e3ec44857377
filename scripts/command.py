"""What every verb shares: arguments, signals, one way to end with an error."""

from __future__ import annotations

import argparse
import gc
import io
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from scripts.engine.errors import BadInput, Cancelled, SlipwayError, from_os_error
from scripts.engine.lock import Manners
from scripts.engine.masking import masked
from scripts.engine.report import error_line
from scripts.engine.shell import Shell

DEPLOYMENT_ID = re.compile("[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")

DURATION = re.compile("(?P<count>[0-9]{1,6})(?P<unit>[smhd])")


class Parser(argparse.ArgumentParser):
    """argparse with our way to report a mistake: what, where, next step; exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(message, where=self.prog, remedy=f"{self.prog} --help")


def parser(verb: str, description: str, *, services: bool = False, as_json: bool = False) -> Parser:
    """The arguments that most verbs have."""
    made = Parser(prog=f"./poe {verb}", description=description, allow_abbrev=False)
    if services:
        made.add_argument("services", nargs="*", metavar="SERVICE", help="services to act on (default: all)")
    made.add_argument("--target", metavar="T", help="target in slipway.toml (default: its default_target)")
    if as_json:
        made.add_argument("--json", action="store_true", help="print JSON")
    made.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    return made


def lock_options(made: Parser) -> None:
    """What to do while somebody else deploys the same: refuse by default."""
    made.add_argument(
        "--wait", nargs="?", const="", metavar="SECONDS", help="wait for others (default: up to rollout_timeout)"
    )
    made.add_argument("--supersede", action="store_true", help="ask a running deploy of the same to end, then go on")


def with_manners(arguments: argparse.Namespace) -> argparse.Namespace:
    """A word behind `--wait` that is no number is a SERVICE."""
    if arguments.wait and not arguments.wait.isdecimal():
        arguments.services = [*arguments.services, arguments.wait]
        arguments.wait = ""
    return arguments


def read_manners(arguments: argparse.Namespace, timeout: float) -> Manners:
    """The options of a verb as the engine takes them; a verb without them refuses."""
    wait: str | None = getattr(arguments, "wait", None)
    return Manners(
        wait=None if wait is None else float(wait or timeout),
        supersede=getattr(arguments, "supersede", False),
        allow_older=getattr(arguments, "allow_older", False),
    )


def count(text: str) -> int:
    """A whole number from 1; for argparse, which tells the message."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def deployment_id(text: str) -> str:
    """The id of a deployment, as `./poe history` lists them; for argparse, which tells the message."""
    if not DEPLOYMENT_ID.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the id of a deployment, such as 20260131T120000Z-0a1b2c")
    return text


def duration(text: str) -> int:
    """Seconds of a text such as `90s`, `30m`, `2h` or `7d`; for argparse, which tells the message."""
    found = DURATION.fullmatch(text)
    if found is None or int(found["count"]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 30m, 2h or 1d")
    return int(found["count"]) * {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[found["unit"]]


def run(verb: Callable[[], int]) -> NoReturn:
    """Run a verb and exit with its code; an error is printed with its next step, as JSON when that was asked for."""
    # Reading AWS's service models makes objects by the ten thousand: collecting garbage meanwhile costs 50 ms.
    gc.set_threshold(200_000, 10, 10)
    debug = "--debug" in sys.argv
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal or a log that only takes ASCII gets other characters spelled out.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = verb()
    except SlipwayError as error:
        if debug:
            raise
        code = fail(error, as_json="--json" in sys.argv)
    except BrokenPipeError:
        # The reader went away, for example `| head`; nothing can be said any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except OSError as error:
        if debug:
            raise
        code = fail(from_os_error(error), as_json="--json" in sys.argv)
    except KeyboardInterrupt:
        code = fail(Cancelled("stopped", remedy="nothing was changed by this command"), as_json=False)
    raise SystemExit(code)


def fail(error: SlipwayError, *, as_json: bool) -> int:
    """Print an error that ended a command; returns its exit code."""
    facts = {"what": masked(error.what), "where": error.where, "remedy": error.remedy, "exit_code": error.exit_code}
    evidence = masked(error.evidence)
    if as_json:
        print(json.dumps({"event": "error", **facts, "evidence": evidence}))
        return error.exit_code
    for line in evidence:
        print(f"  {line}", file=sys.stderr)
    print(error_line(facts), file=sys.stderr)
    if error.remedy:
        print(f"next: {error.remedy}", file=sys.stderr)
    return error.exit_code


def obey_signals(shell: Shell) -> None:
    """First Ctrl-C or SIGTERM: end in order. A second one: at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        if shell.cancelled.is_set():
            os._exit(130)
        shell.cancel()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
