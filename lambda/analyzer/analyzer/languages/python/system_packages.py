"""Debian packages that Python distributions need beside themselves: the table, by what their wheels leave out.

A distribution that ships complete wheels (lxml, Pillow, cryptography, psycopg2-binary) is not here.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.languages.python.dependencies import Dependencies
from analyzer.project import Project

COMPILER = ("gcc", "libc6-dev")


@dataclass(frozen=True, slots=True)
class Needs:
    """What the image needs at run time, and what only its build does."""

    run: tuple[str, ...] = ()
    build: tuple[str, ...] = ()


TABLE: dict[str, Needs] = {
    "psycopg2": Needs(("libpq5",), ("libpq-dev", *COMPILER)),
    "psycopg": Needs(("libpq5",)),
    "psycopg-c": Needs(("libpq5",), ("libpq-dev", *COMPILER)),
    "mysqlclient": Needs(("libmariadb3",), ("libmariadb-dev", "pkg-config", *COMPILER)),
    "pymssql": Needs(("libsybdb5",)),
    "pyodbc": Needs(("unixodbc",)),
    "weasyprint": Needs(("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core")),
    "opencv-python": Needs(("libgl1", "libglib2.0-0")),
    "opencv-contrib-python": Needs(("libgl1", "libglib2.0-0")),
    "opencv-python-headless": Needs(("libglib2.0-0",)),
    "pdf2image": Needs(("poppler-utils",)),
    "pdftotext": Needs(("libpoppler-cpp0v5",), ("libpoppler-cpp-dev", "pkg-config", "g++", *COMPILER)),
    "pydub": Needs(("ffmpeg",)),
    "ffmpeg-python": Needs(("ffmpeg",)),
    "moviepy": Needs(("ffmpeg",)),
    "openai-whisper": Needs(("ffmpeg",)),
    "yt-dlp": Needs(("ffmpeg",)),
    "pytesseract": Needs(("tesseract-ocr",)),
    "ocrmypdf": Needs(("tesseract-ocr", "ghostscript")),
    "pyzbar": Needs(("libzbar0",)),
    "python-magic": Needs(("libmagic1",)),
    "pycairo": Needs(("libcairo2",), ("libcairo2-dev", "pkg-config", *COMPILER)),
    "cairosvg": Needs(("libcairo2",)),
    "cairocffi": Needs(("libcairo2",)),
    "xhtml2pdf": Needs(("libcairo2",), ("libcairo2-dev", "pkg-config", *COMPILER)),
    "python-ldap": Needs(("libldap-2.5-0", "libsasl2-2"), ("libldap2-dev", "libsasl2-dev", *COMPILER)),
    "xmlsec": Needs(("libxmlsec1-openssl",), ("libxmlsec1-dev", "pkg-config", *COMPILER)),
    "python3-saml": Needs(("libxmlsec1-openssl",), ("libxmlsec1-dev", "pkg-config", *COMPILER)),
    "pygraphviz": Needs(("graphviz",), ("libgraphviz-dev", "pkg-config", *COMPILER)),
    "graphviz": Needs(("graphviz",)),
    "pydot": Needs(("graphviz",)),
    "gdal": Needs(("libgdal32",), ("libgdal-dev", "g++", *COMPILER)),
    "soundfile": Needs(("libsndfile1",)),
    "librosa": Needs(("libsndfile1",)),
    "pyaudio": Needs(("libportaudio2",), ("portaudio19-dev", *COMPILER)),
    "uwsgi": Needs((), COMPILER),
    "gitpython": Needs(("git",)),
    "lightgbm": Needs(("libgomp1",)),
    "xgboost": Needs(("libgomp1",)),
    "pycurl": Needs(("libcurl4",), ("libcurl4-openssl-dev", "libssl-dev", *COMPILER)),
    "pygobject": Needs(
        ("libgirepository-1.0-1",), ("libgirepository1.0-dev", "libcairo2-dev", "pkg-config", *COMPILER)
    ),
    "selenium": Needs(("chromium", "chromium-driver")),
    "pyppeteer": Needs(("chromium",)),
}


def read(project: Project, dependencies: Dependencies) -> None:
    """Adds the Debian packages that production dependencies need, and one for requirements from git."""
    for name in sorted(dependencies.main):
        needs = TABLE.get(name)
        if needs is None or _has_wheels(dependencies, name):
            continue
        project.findings.system_packages.update(needs.run)
        project.findings.build_packages.update(needs.build)
    if any("git+" in text for text in _manifest_texts(project)):
        project.findings.build_packages.add("git")


def _has_wheels(dependencies: Dependencies, name: str) -> bool:
    """psycopg's extra `binary` brings the client library along."""
    return name == "psycopg" and "binary" in dependencies.main[name].extras


def _manifest_texts(project: Project) -> list[str]:
    names = ("requirements.txt", "pyproject.toml", "Pipfile", "uv.lock")
    return [text for name in names if (text := project.view.text(name))]
