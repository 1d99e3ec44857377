"""`./poe exam DIR`: run the analyzer over labelled example trees and print how often it was right."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from scripts import command
from scripts.analysis import exam
from scripts.engine.errors import BadInput


def exam_verb() -> int:
    """Analyze every tree, score, print."""
    parser = command.Parser(prog="./poe exam", description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", metavar="DIR", type=Path, help="holds a tree a row, at DIR/<row id>")
    parser.add_argument(
        "--rows", type=Path, metavar="FILE", help="labels, a JSON object a line (default: DIR/rows.jsonl)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    arguments = parser.parse_args()
    rows = _rows(arguments.rows or arguments.folder / "rows.jsonl")
    began = time.monotonic()
    answered = {row["id"]: _answers(arguments.folder / row["id"]) for row in rows}
    score = exam.score(rows, answered)
    _print(score, len(answered), time.monotonic() - began, as_json=arguments.json)
    return 0


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        return [row for row in rows if isinstance(row["id"], str) and isinstance(row["expected"], dict)]
    except OSError as error:
        raise BadInput(
            f"cannot be read: {error.strerror}", where=str(path), remedy="name the labels with --rows FILE"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise BadInput(
            "a line is not a row",
            where=str(path),
            remedy='rows look like {"id": "...", "expected": {"language": "python"}}',
        ) from None


def _answers(folder: Path) -> dict[str, Any]:
    from analyzer.analyze import analyze
    from analyzer.failure import Failure
    from analyzer.source.folder import of_folder

    if not folder.is_dir():
        return {}
    try:
        return exam.answers(analyze(of_folder(folder)).services[0])
    except Failure:
        return {}


def _print(score: exam.Score, trees: int, seconds: float, *, as_json: bool) -> None:
    if as_json:
        fields = {
            name: {"asked": n, "right": score.right[name], "open": score.open[name]} for name, n in score.asked.items()
        }
        misses = [vars(miss) for miss in score.misses]
        print(
            json.dumps({"fields": fields, "languages": score.languages, "misses": misses, "seconds": round(seconds, 3)})
        )
        return
    for miss in score.misses:
        print(f"{miss.id}: {miss.field} is {miss.answer!r}, the label says {miss.expected!r}")
    print(f"{'field':<24}{'asked':>8}{'right':>9}{'cannot tell':>13}{'wrong':>8}")
    for name, asked in sorted(score.asked.items(), key=lambda row: -row[1]):
        right, left = score.right[name], score.open[name]
        wrong = asked - right - left
        print(f"{name:<24}{asked:>8.1f}{right / asked:>9.1%}{left / asked:>13.1%}{abs(wrong) / asked:>8.1%}")
    print(
        "languages: "
        + ", ".join(f"{name} {right:.0f}/{asked:.0f}" for name, (right, asked) in sorted(score.languages.items()))
    )
    print(f"{trees} trees in {seconds:.1f} s")


def main() -> None:
    """Entry point."""
    command.run(exam_verb)


if __name__ == "__main__":
    main()
