"""Writes the figures: JSON, the plot, and the part of the README between two marks."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.bench import plot, table
from scripts.bench.figures import Facts

BEGIN, END = "<!-- written by ./poe bench -->", "<!-- end of what ./poe bench writes -->"


def write(folder: Path, facts: Facts) -> list[Path]:
    """Write what `folder` takes; a README there only where it has the marks."""
    folder.mkdir(parents=True, exist_ok=True)
    data, picture, readme = folder / "bench.json", folder / "bench.png", folder / "README.md"
    data.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    plot.draw(facts, picture)
    written = [data, picture]
    if readme.exists():
        readme.write_text(between_marks(readme.read_text("utf-8"), "\n".join(table.markdown(facts))), "utf-8")
        written.append(readme)
    return written


def between_marks(text: str, figures: str) -> str:
    """The text with what stands between the marks replaced; unchanged when a mark is missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{figures}\n{end}{after}" if begin and end else text
