"""The analyzer (`lambda/analyzer/`) as the command line uses it: reports, explanations, files, the exam.

`lambda` is a keyword of Python, so the analyzer's folder is an import root of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

LIBRARY = str(Path(__file__).resolve().parents[2] / "lambda" / "analyzer")
if LIBRARY not in sys.path:
    sys.path.append(LIBRARY)
