"""`./poe golden`: refresh what is kept of the analyzer's answers for the example applications."""

from __future__ import annotations

from scripts import command
from scripts.session import ROOT


def golden_verb() -> int:
    """Analyze each example, rewrite what differs, say what did."""
    parser = command.Parser(prog="./poe golden", description=__doc__, allow_abbrev=False)
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    parser.parse_args()
    from scripts.analysis.goldens import refresh

    changed = list(refresh(ROOT))
    print("\n".join(changed) if changed else "nothing changed")
    return 0


def main() -> None:
    """Entry point."""
    command.run(golden_verb)


if __name__ == "__main__":
    main()
