"""Services as an analysis would have them, for what reads them."""

from __future__ import annotations

from typing import Any

from analyzer.model import FIELDS, Analysis, Candidate, Evidence, Field, Service, Start

START = Start("asgi", "main:app", "uvicorn main:app --host 0.0.0.0 --port 8000", ("uvicorn", "main:app"))


def known(value: Any, *evidence: Evidence, reason: str = "it says so", others: tuple[Candidate, ...] = ()) -> Field:
    return Field(value, 0.9, reason, evidence, others)


def service(root: str = ".", **more: Any) -> Service:
    """A FastAPI service; keywords that name a field replace it, others go to Service."""
    fields = dict.fromkeys(FIELDS, Field()) | {
        "kind": known("web"),
        "language": known("python", Evidence("main.py")),
        "framework": known("fastapi"),
        "package_manager": known("uv"),
        "runtime_version": known("3.12"),
        "start": known(START, Evidence("main.py", 3, "app = FastAPI()")),
        "port": known(8000),
    }
    fields |= {name: more.pop(name) for name in list(more) if name in FIELDS}
    return Service(root, more.pop("name", "orders"), root, fields, **more)


def analysis(*services: Service, **more: Any) -> Analysis:
    return Analysis(services or (service(),), 3, "key", **more)
