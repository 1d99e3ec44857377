"""docs/local-target.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from scripts.local import corrections, stand_in_table, target_health

TEXT = (Path(__file__).resolve().parents[3] / "docs/local-target.md").read_text("utf-8")


def test_table_of_corrections() -> None:
    rows = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith(("| `e", "| `d", "| `l"))]
    documented = [(name.strip("`"), upstream) for name, upstream in rows if "-" in name]
    assert [row for row in documented if row[0] != "emulator.log"] == [
        (row.name, row.upstream) for row in corrections.TABLE
    ]


def test_stand_ins_are_named() -> None:
    for name in stand_in_table.names():
        assert f"| `{name}` |" in TEXT


def test_figures_of_health() -> None:
    assert f"every {target_health.NEW_TARGET_INTERVAL} s" in TEXT
    assert f"at least {target_health.FIRST_VERDICT_AFTER:.0f} s" in TEXT
    patience = target_health.Patience(10)
    assert f"ends {patience.certain:.0f} s after a task" in TEXT
    assert f"after {patience.repeated:.0f} s for a replacement" in TEXT
