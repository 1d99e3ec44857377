"""A service without a Dockerfile is built from the analyzer's, and serves as it does from its own."""

from __future__ import annotations

import json
import subprocess

from scripts.local import docker_engine
from tests.e2e.project import Project
from tests.e2e.running import Result

SIZE_LIMIT = 1.05
"""Of the image from the generated Dockerfile, compared with the hand-written one's."""


def image_size(project: Project, result: Result) -> int:
    """Bytes of hello's image."""
    builder = docker_engine.find_builder()
    tag = result.report["services"]["hello"]["image_tag"]
    image = f"localhost:{project.port}/slipway-local/hello:{tag}"
    words = [*builder.docker, "image", "inspect", image]
    return int(json.loads(subprocess.run(words, capture_output=True, check=True).stdout)[0]["Size"])


def test_hello_from_a_generated_dockerfile_and_from_its_own(project: Project) -> None:
    path = project.root / "examples/hello/Dockerfile"
    own = path.read_text("utf-8")
    path.unlink()
    try:
        generated = project.deploy("hello")
        assert generated.report["verdict"] == "live", generated
        assert any("hello has no Dockerfile" in event["text"] for event in generated.kind("notice"))
        assert project.ask()["version"] == generated.report["services"]["hello"]["image_tag"]
        assert project.deploy("hello").report["verdict"] == "unchanged"
        assert json.loads(project.run("plan", "--json").out)["path"] == "none"
    finally:
        path.write_text(own, "utf-8")
    written = project.deploy("hello")
    assert written.report["services"]["hello"]["image_tag"] != generated.report["services"]["hello"]["image_tag"]
    assert image_size(project, generated) <= SIZE_LIMIT * image_size(project, written)
