"""Sizes: always one that Fargate has, with its reasons."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer import sizing
from analyzer.model import FIELDS, Field, Service, Start
from settings.rules import FARGATE_MEMORY


def service(
    language: str | None = "python", command: str = "", *, details: dict[str, Any] | None = None, **values: str
) -> Service:
    fields = {name: Field(values.get(name)) for name in FIELDS}
    start = Start("other", None, command, ()) if command else None
    fields |= {"language": Field(language), "start": Field(start)}
    return Service(".", "app", ".", fields, details=details or {})


SIZES = [
    (service("go"), (256, 512)),
    (service("static"), (256, 512)),
    (service("python", "uvicorn main:app"), (256, 512)),
    (service("python", "gunicorn --workers 4 app:app"), (1024, 2048)),
    (service("python", "gunicorn -w 4 app:app"), (1024, 2048)),
    (service("python", details={"heavy_libraries": ["pandas"]}), (256, 512)),
    (service("python", details={"heavy_libraries": ["numpy", "torch"]}), (1024, 2048)),
    (service("python", details={"heavy_libraries": ["vllm"]}), (2048, 16384)),
    (service("python", "gunicorn -w 99 a:b", details={"heavy_libraries": ["vllm"]}), (4096, 30720)),
    (service("node"), (256, 512)),
    (service("node", framework="next"), (512, 1024)),
    (service("node", framework="next", kind="static", details={"heavy_libraries": ["puppeteer"]}), (256, 512)),
    (service("node", details={"heavy_libraries": ["puppeteer"]}), (1024, 2048)),
    (service("java", framework="spring-boot"), (512, 1024)),
    (service("java", "java -Xmx2g -jar app.jar"), (512, 3072)),
    (service("cobol"), (256, 512)),
]


@pytest.mark.parametrize(("given", "expected"), SIZES)
def test_sizes(given: Service, expected: tuple[int, int]) -> None:
    size = sizing.sized(given).size
    assert size
    assert (size.cpu, size.memory) == expected
    assert any(cpu == size.cpu and size.memory in memories for cpu, memories in sizing.PAIRS)


def test_sizes_are_those_that_a_deploy_takes() -> None:
    assert dict(sizing.PAIRS) == FARGATE_MEMORY


def test_reasons_add_up() -> None:
    size = sizing.sized(
        service("python", "gunicorn -w 2 a:b", framework="django", details={"heavy_libraries": ["pandas"]})
    ).size
    assert size
    assert size.reasons == (
        sizing.LABEL,
        "a python process takes about 128 MiB",
        "django adds about 64 MiB",
        "pandas keeps about 150 MiB",
        "the command starts 2 workers, each with that much",
        "together about 684 MiB, with room for requests 890 MiB",
        "2 workers share them, a quarter of a virtual CPU each",
    )


@pytest.mark.parametrize("given", [service(None), service(kind="library"), service(kind="notebook")])
def test_what_does_not_run_has_no_size(given: Service) -> None:
    assert sizing.sized(given).size is None


def test_heavy_libraries_are_told_from_others() -> None:
    assert sizing.heavy(["torch", "flask", "numpy", "torch"]) == ["numpy", "torch"]
