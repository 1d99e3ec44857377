"""A recommendation of CPU and memory, with its reasons: a heuristic, and labelled as one.

What a process usually takes at rest, times its processes, plus what heavy libraries keep in memory, plus room for
requests; then the smallest size that Fargate has for it. The figures are orders of magnitude (resident memory of small
applications of each kind), good for a first deploy: after it, measurements are better than any of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from analyzer.model import Service, Size, Start

LABEL = "heuristic: what such applications usually take; measure under load and adjust"

PAIRS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (256, (512, 1024, 2048)),
    (512, tuple(range(1024, 4096 + 1, 1024))),
    (1024, tuple(range(2048, 8192 + 1, 1024))),
    (2048, tuple(range(4096, 16384 + 1, 1024))),
    (4096, tuple(range(8192, 30720 + 1, 1024))),
)
"""CPU units -> MiB that Fargate has with them, as far as Slipway deploys them: two larger ones exist.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html"""

PROCESS = {
    "go": 48,
    "rust": 32,
    "cpp": 32,
    "static": 32,
    "shell": 32,
    "dart": 64,
    "python": 128,
    "node": 160,
    "deno": 128,
    "php": 192,
    "ruby": 192,
    "elixir": 192,
    "gleam": 160,
    "dotnet": 192,
    "java": 400,
}
"""Language -> MiB of one process."""
OTHER_PROCESS = 128

FRAMEWORKS = {
    "django": 64,
    "streamlit": 160,
    "gradio": 192,
    "next": 192,
    "nuxt": 160,
    "remix": 96,
    "sveltekit": 64,
    "astro": 64,
    "nest": 64,
    "rails": 128,
    "laravel": 64,
    "symfony": 64,
    "spring-boot": 256,
}
"""Framework -> MiB in addition."""

LIBRARIES = {
    "torch": 1200,
    "tensorflow": 1200,
    "jax": 800,
    "keras": 1200,
    "transformers": 1500,
    "sentence-transformers": 1500,
    "diffusers": 6000,
    "vllm": 12000,
    "openai-whisper": 2500,
    "faster-whisper": 1500,
    "spacy": 500,
    "onnxruntime": 400,
    "opencv-python": 200,
    "opencv-python-headless": 200,
    "pyspark": 1500,
    "scikit-learn": 200,
    "xgboost": 200,
    "lightgbm": 150,
    "scipy": 80,
    "pandas": 150,
    "polars": 100,
    "pyarrow": 100,
    "numpy": 40,
    "matplotlib": 80,
    "geopandas": 200,
    "playwright": 700,
    "playwright-core": 700,
    "selenium": 700,
    "puppeteer": 700,
    "pyppeteer": 700,
    "ferrum": 700,
    "grover": 700,
    "sharp": 100,
    "canvas": 80,
    "@tensorflow/tfjs-node": 600,
    "@xenova/transformers": 800,
    "@huggingface/transformers": 800,
    "rmagick": 150,
    "ruby-vips": 100,
    "weasyprint": 100,
    "spark-core": 1500,
    "deeplearning4j-core": 2000,
}
"""Library -> MiB that it keeps once it is loaded, with a small model where it has one."""
BROWSERS = frozenset({"playwright", "playwright-core", "selenium", "puppeteer", "pyppeteer", "ferrum", "grover"})
LEARNING = 800
"""MiB from which on a library computes in earnest and needs a virtual CPU of its own."""

ROOM = 1.3
"""For requests, caches and growth."""
MOST_WORKERS = 16
WORKERS = re.compile(r"(?:^|\s)(?:--workers|--web-concurrency|-w)[ =]?(\d{1,3})(?=\s|$)|\bWEB_CONCURRENCY=(\d{1,3})\b")
HEAP = re.compile(r"-Xmx(\d{1,6})([mMgGkK])")
HEAP_UNIT = {"k": 1 / 1024, "m": 1, "g": 1024}
JVM = 200
"""MiB of a Java process beside its heap."""


def heavy(libraries: Iterable[str]) -> list[str]:
    """Those of the libraries that matter for the size, sorted; they are kept in `details["heavy_libraries"]`."""
    return sorted({name for name in libraries if name in LIBRARIES})


def sized(service: Service) -> Service:
    """The service with its recommended size; without one where nothing of it runs or its language is unknown."""
    if service.value("kind") in ("library", "notebook") or not service.value("language"):
        return service
    return replace(service, size=_size(service))


def _size(service: Service) -> Size:
    workers = _workers(service.value("start"))
    memory, reasons = _memory(service, workers)
    cpu, more = _cpu(service, workers)
    wanted = math.ceil(memory * ROOM)
    size = _fitting(cpu, wanted)
    total = f"together about {memory} MiB, with room for requests {wanted} MiB"
    return Size(*size, (LABEL, *reasons, total, *more))


def _memory(service: Service, workers: int) -> tuple[int, tuple[str, ...]]:
    """MiB at rest of all processes, and how it adds up."""
    if service.value("kind") == "static":
        return PROCESS["static"], (f"a web server for files takes about {PROCESS['static']} MiB",)
    language, framework = str(service.value("language")), str(service.value("framework"))
    heap = _heap(service.value("start"))
    one = heap + JVM if heap else PROCESS.get(language, OTHER_PROCESS)
    reasons = [
        f"the command gives the JVM {heap} MiB of heap" if heap else f"a {language} process takes about {one} MiB"
    ]
    if not heap and (more := FRAMEWORKS.get(framework)):
        one += more
        reasons.append(f"{framework} adds about {more} MiB")
    for name in _libraries(service):
        one += LIBRARIES[name]
        reasons.append(f"{name} keeps about {LIBRARIES[name]} MiB")
    if workers > 1:
        reasons.append(f"the command starts {workers} workers, each with that much")
    return one * workers, tuple(reasons)


def _cpu(service: Service, workers: int) -> tuple[int, tuple[str, ...]]:
    """CPU units, and what they are for."""
    rows = [(256, "")]
    if service.value("kind") == "static":
        return rows[0][0], ()
    if workers > 1:
        rows.append((min(256 * workers, 4096), f"{workers} workers share them, a quarter of a virtual CPU each"))
    if service.value("language") == "java":
        rows.append((512, "a JVM needs half a virtual CPU to start in reasonable time"))
    if service.value("framework") in ("next", "nuxt"):
        rows.append((512, "pages are rendered on the server"))
    for name in _libraries(service):
        if name in BROWSERS:
            rows.append((1024, f"{name} runs a browser"))
        elif LIBRARIES[name] >= LEARNING:
            rows.append((1024, f"{name} computes"))
    most = max(cpu for cpu, _ in rows)
    return most, tuple(reason for cpu, reason in rows if cpu == most and reason)[:1]


def _libraries(service: Service) -> list[str]:
    found = service.details.get("heavy_libraries")
    return [name for name in found if name in LIBRARIES] if isinstance(found, list) else []


def _workers(start: Start | None) -> int:
    found = WORKERS.search(start.command) if start else None
    return min(max(int(found[1] or found[2]), 1), MOST_WORKERS) if found else 1


def _heap(start: Start | None) -> int:
    found = HEAP.search(start.command) if start else None
    return math.ceil(int(found[1]) * HEAP_UNIT[found[2].lower()]) if found else 0


def _fitting(cpu: int, memory: int) -> tuple[int, int]:
    """The smallest size with at least that much; the largest there is when nothing is enough."""
    fitting = ((units, size) for units, sizes in PAIRS for size in sizes if units >= cpu and size >= memory)
    return next(fitting, (PAIRS[-1][0], PAIRS[-1][1][-1]))
