"""`./poe analyze`: what a source tree is, how it starts and what it needs; writes its Dockerfile on request."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scripts import command
from scripts.engine.errors import BadInput

DESCRIPTION = "Say what a source tree is, how it starts and what it needs. Reads it; runs and installs nothing of it."


def analyze_verb() -> int:
    """Read, decide, print; with --write put files next to the source."""
    arguments = _parse()
    from scripts.analysis.reading import analyzed

    analysis = analyzed(arguments)
    if arguments.json:
        from analyzer import document

        print(document.text(analysis))
    elif arguments.dockerfile:
        print(_dockerfile(analysis), end="")
    else:
        from scripts.analysis.report import Style, report

        print(report(analysis, Style(colour=_wants_colour(), explain=arguments.explain)))
    if arguments.write:
        from scripts.analysis.writing import write_services

        out = sys.stderr if arguments.json or arguments.dockerfile else sys.stdout
        for line in write_services(Path(arguments.source), analysis):
            print(line, file=out)
    return 0


def _parse() -> argparse.Namespace:
    parser = command.Parser(prog="./poe analyze", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument(
        "source",
        nargs="?",
        default=".",
        metavar="PATH|GIT_URL[#REF]",
        help="a folder, an archive, owner/repository or the URL of a git repository (default: this folder)",
    )
    parser.add_argument("--service", metavar="ROOT", help="only the service in this folder of the tree")
    parser.add_argument("--explain", action="store_true", help="show the evidence for each answer, with file and line")
    parser.add_argument("--json", action="store_true", help="print the analysis as JSON (docs/analysis.schema.json)")
    parser.add_argument("--dockerfile", action="store_true", help="print the Dockerfile instead of a report")
    parser.add_argument(
        "--write", action="store_true", help="put Dockerfile, .dockerignore and .slipway.toml next to the source"
    )
    parser.add_argument("--remote", action="store_true", help="let the analyzer deployed on the target do it")
    parser.add_argument(
        "--target", metavar="T", help="target of --remote in slipway.toml (default: its default_target)"
    )
    parser.add_argument("--assist", action="store_true", help="let a language model choose where the rules cannot tell")
    parser.add_argument(
        "--model",
        metavar="ID",
        help="Amazon Bedrock model for --assist (default: BEDROCK_MODEL_ID)",
    )
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    arguments = parser.parse_args()
    if arguments.write and not Path(arguments.source).is_dir():
        raise BadInput(
            "--write needs a folder",
            where="--write",
            remedy="clone it first, or use --dockerfile to see the file",
        )
    if arguments.target and not arguments.remote:
        raise BadInput("--target goes with --remote", where="--target", remedy="add --remote, or leave --target out")
    arguments.model = arguments.model or os.environ.get("BEDROCK_MODEL_ID")
    if arguments.assist and not arguments.remote and not arguments.model:
        raise BadInput("--assist needs a model", where="--assist", remedy="name it with --model or BEDROCK_MODEL_ID")
    return arguments


def _dockerfile(analysis: object) -> str:
    from analyzer.model import Analysis
    from analyzer.render.files import image_files, why_no_dockerfile
    from scripts.engine.errors import Refused

    assert isinstance(analysis, Analysis)
    if len(analysis.services) > 1:
        roots = ", ".join(service.root for service in analysis.services)
        raise BadInput("there are several services", where="--dockerfile", remedy=f"choose one with --service: {roots}")
    service = analysis.services[0]
    files = image_files(service)
    if not files:
        what, remedy = why_no_dockerfile(service)
        raise Refused(what, where=service.root, remedy=remedy)
    return files["Dockerfile"]


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def main() -> None:
    """Entry point."""
    command.run(analyze_verb)


if __name__ == "__main__":
    main()
