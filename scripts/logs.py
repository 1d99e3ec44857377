"""`./poe logs SERVICE`: the service's log lines; -f follows them."""

from __future__ import annotations

import json
import time

from scripts import command
from scripts.engine.logs import Logs
from scripts.engine.state import check_account
from scripts.session import look_at


def logs_verb() -> int:
    """Print what is there, then what comes."""
    parser = command.parser("logs", "Print a service's log lines, oldest first.", as_json=True)
    parser.add_argument("service", metavar="SERVICE")
    parser.add_argument("-f", "--follow", action="store_true", help="go on printing new lines")
    parser.add_argument("--since", type=int, default=15, metavar="MINUTES", help="how far back to begin (default: 15)")
    parser.add_argument("--process", metavar="NAME", help="only `web`, a worker, a schedule, or `release`")
    arguments = parser.parse_args()
    world = look_at(arguments.target, [arguments.service])
    command.obey_signals(world.shell)
    check_account(world.aws, world.settings)
    begin = time.time() - arguments.since * 60
    logs = Logs(world.aws, world.settings, arguments.service, since=begin, process=arguments.process)
    while True:
        for line in logs.new_lines():
            print(json.dumps(line) if arguments.json else _text(line, arguments.service), flush=True)
        if not arguments.follow or world.cancelled(1.0):
            return 0


def _text(line: dict[str, str], service: str) -> str:
    """A line as people read it; of a worker or a schedule with its name."""
    process = line["container"].removeprefix(service).lstrip("-")
    return " ".join(filter(None, (line["at"], line["task"][:8], process, line["message"])))


def main() -> None:
    """Entry point."""
    command.run(logs_verb)


if __name__ == "__main__":
    main()
