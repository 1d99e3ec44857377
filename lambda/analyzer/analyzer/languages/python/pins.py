"""What Python's own manifests say of the interpreter's version.

An exact pin is declared; a range only says what works, so that any file that exists to pin a version wins over it.
"""

from __future__ import annotations

import re

from analyzer import confidence
from analyzer.languages.python.manifests import PYPROJECT, Manifests, literal, text
from analyzer.model import Evidence
from analyzer.versions import Pin

CONDA_PYTHON = re.compile(r"(?:[\w-]+::)?python\s*([=<>!~].*)$")


def collect(manifests: Manifests) -> list[Pin]:
    """Pins, strongest first: exact ones before ranges."""
    rows = [_runtime(manifests), *_pipfile(manifests), *_pyproject(manifests), _conda(manifests), *_setup(manifests)]
    return [row for row in rows if row]


def _runtime(manifests: Manifests) -> Pin | None:
    found = manifests.view.find("runtime.txt", re.compile(r"^\s*(?:python|pypy)?-?(\d[\d.]*)\s*$"))
    if not found:
        return None
    return Pin(found[0][1], "exact", "runtime.txt pins it", (found[1],))


def _pipfile(manifests: Manifests) -> list[Pin]:
    pins = []
    for key in ("python_full_version", "python_version"):
        if value := text(manifests.pipfile, "requires", key):
            where = _where(manifests, "Pipfile", rf"^\s*{key}\b")
            scheme = "exact" if re.fullmatch(r"[\d.]+", value) else "pep440"
            sureness = confidence.DECLARED if scheme == "exact" else confidence.PROVEN
            pins.append(Pin(value, scheme, f"Pipfile requires {key} {value}", where, sureness))
    return pins


def _pyproject(manifests: Manifests) -> list[Pin]:
    pins = []
    if value := text(manifests.pyproject, "project", "requires-python"):
        where = _where(manifests, PYPROJECT, r"^\s*requires-python\b")
        pins.append(Pin(value, "pep440", f"pyproject.toml requires Python {value}", where, confidence.PROVEN))
    if value := text(manifests.poetry, "dependencies", "python"):
        where = _where(manifests, PYPROJECT, r"^\s*python\s*=")
        # Poetry's carets and tildes mean what npm's do; a bare comparison or exact version reads the same in both.
        npm = re.search(r"[\^~](?!=)|\|\||\*", value)
        scheme = "npm" if npm else "pep440" if re.search("[<>=!]", value) else "exact"
        written = value.replace(",", " ") if scheme == "npm" else value
        pins.append(Pin(written, scheme, f"[tool.poetry] requires Python {value}", where, confidence.PROVEN))
    return pins


def _conda(manifests: Manifests) -> Pin | None:
    rows = manifests.environment.get("dependencies")
    for row in rows if isinstance(rows, list) else ():
        found = CONDA_PYTHON.match(row) if isinstance(row, str) else None
        if found and manifests.conda:
            value = re.sub(r"^=+", "", found[1].partition("=h")[0]).strip()
            scheme = "pep440" if re.match("[<>!~]", value) else "exact"
            where = _where(manifests, manifests.conda, r"^\s*-\s*[\"']?(?:[\w-]+::)?python\s*[=<>!~]")
            return Pin(value, scheme, f"{manifests.conda} asks for Python {value}", where, confidence.PROVEN)
    return None


def _setup(manifests: Manifests) -> list[Pin]:
    pins = []
    if value := manifests.setup_cfg.get("options", {}).get("python_requires", ""):
        where = _where(manifests, "setup.cfg", r"^\s*python_requires\b")
        pins.append(Pin(value, "pep440", f"setup.cfg requires Python {value}", where, confidence.PROVEN))
    if manifests.view.has("setup.py") and (value := literal(manifests.setup("python_requires"))):
        where = _where(manifests, "setup.py", r"\bpython_requires\b")
        pins.append(Pin(value, "pep440", f"setup.py requires Python {value}", where, confidence.PROVEN))
    return pins


def _where(manifests: Manifests, path: str, pattern: str) -> tuple[Evidence, ...]:
    found = manifests.view.find(path, re.compile(pattern))
    return (found[1] if found else manifests.view.evidence(path),)
