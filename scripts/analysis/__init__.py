"""The analyzer (`lambda/analyzer/`) as the command line uses it: reports, explanations, files, the exam."""

from __future__ import annotations

from scripts.engine import analyzer_path

analyzer_path.add()  # before any module of this package imports it
