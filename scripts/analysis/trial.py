"""Tries a generated image for real: build it cold, change a line, build it again, run it, ask its health path."""

from __future__ import annotations

import http.client
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from analyzer.analyze import analyze
from analyzer.model import Service
from analyzer.render.files import image_files
from analyzer.render.recipe import UID
from analyzer.source.folder import of_folder
from scripts.engine.dockerfile import base_images
from scripts.engine.errors import Failed
from scripts.engine.shell import Result, Shell
from scripts.local import base_images as bases
from scripts.local.docker_engine import Builder

ANSWER_SECONDS = 90.0
"""Until a container has to answer: a JVM on a busy machine takes a while."""
LAST_LINES = 25
Say = Callable[[str], None]


@dataclass
class Trial:
    """What became of one example."""

    app: str
    what: str = ""
    """Language, framework and start."""
    builds: str = ""
    answers: str = ""
    size: int = 0
    """Bytes of the image."""
    cold: float = 0.0
    """Seconds of the first build: no layer is reused, downloaded packages may be."""
    warm: float = 0.0
    """Seconds of the build after a change of one source file."""
    evidence: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether it was built and answered, or was never meant to be tried here."""
        return self.builds == "only linted" or (self.builds == "yes" and self.answers.startswith("HTTP 2"))


class Bench:
    """Builds and runs copies of examples with one engine."""

    def __init__(self, builder: Builder, shell: Shell, scratch: Path, say: Say) -> None:
        self.builder, self.shell, self.scratch, self.say = builder, shell, scratch, say

    def run(self, app: Path) -> Trial:
        """Try one example; its image and its container are gone afterwards."""
        trial = Trial(app.name)
        folder = self.scratch / app.name
        shutil.copytree(app, folder)
        service = _deployable(folder)
        files = image_files(service)
        trial.what = " ".join(filter(None, (service.value("language"), service.value("framework"))))
        if not files:
            trial.builds = "no Dockerfile"
            return trial
        for name, text in files.items():
            (folder / service.root / name).write_text(text, "utf-8")
        if not self._have_bases(files["Dockerfile"]):
            trial.builds = "only linted"
            return trial
        self._try(trial, folder, service)
        return trial

    def _have_bases(self, dockerfile: str) -> bool:
        try:
            bases.ensure(base_images(dockerfile, {}), self.builder, self.say, memory=self.scratch / bases.MEMORY)
        except bases.BaseImageMissing:
            return False
        return True

    def _try(self, trial: Trial, folder: Path, service: Service) -> None:
        image = f"slipway-trial:{trial.app}"
        try:
            trial.cold, built = self._build(folder, service, image, "--no-cache")
            if built.code == 0:
                _edit(folder, service)
                trial.warm, built = self._build(folder, service, image)
            trial.builds = "yes" if built.code == 0 else "no"
            if built.code != 0:
                trial.evidence = list(built.tail[-LAST_LINES:])
                return
            trial.size = int(self._docker("image", "inspect", "--format", "{{.Size}}", image).stdout)
            with self._container(trial, image, service) as address:
                trial.answers = _ask(address, str(service.value("health_path") or "/"))
        finally:
            self._docker("rmi", "--force", image)

    def _build(self, folder: Path, service: Service, image: str, *options: str) -> tuple[float, Result]:
        secrets = [f"--secret=id={name},src={path}" for name, path in bases.build_secrets()]
        words = ("build", "--progress=plain", *secrets, *options, "--tag", image)
        began = time.monotonic()
        result = self._docker(
            *words, "--file", str(folder / service.root / "Dockerfile"), str(folder / service.context), stream=True
        )
        return time.monotonic() - began, result

    @contextmanager
    def _container(self, trial: Trial, image: str, service: Service) -> Iterator[str]:
        port = service.value("port")
        user = self._docker("image", "inspect", "--format", "{{.Config.User}}", image).stdout.strip()
        if user != f"{UID}:{UID}":
            raise Failed(f"{trial.app} runs as {user or 'root'}", where="test-images")
        options = ("--detach", "--cap-drop=ALL", "--memory=1g", f"--publish=127.0.0.1::{port}")
        name = self._docker("run", *options, image).stdout.strip()
        try:
            yield self._docker("port", name, f"{port}/tcp").stdout.strip().splitlines()[0]
        except IndexError:
            trial.answers = "does not stay up"
        finally:
            if not trial.is_right:
                trial.evidence = list(self._docker("logs", name, stream=True).tail[-LAST_LINES:])
            self._docker("rm", "--force", name)

    def _docker(self, *words: str, stream: bool = False) -> Result:
        on_line = (lambda _: None) if stream else None
        argv = [*self.builder.docker, *words]
        return self.shell.run(argv, env=dict(self.builder.environment), check=False, on_line=on_line)


def _deployable(folder: Path) -> Service:
    """The first service of the tree that can be served."""
    services = analyze(of_folder(folder)).services
    return next((service for service in services if service.value("start") is not None), services[0])


def _edit(folder: Path, service: Service) -> None:
    """Change one source file, as a person's next edit would; never the same twice, so that no old layer fits."""
    places = (*service.fields["start"].evidence, *service.fields["language"].evidence)
    path = next((folder / place.path for place in places if Path(place.path).suffix in COMMENTS), None)
    path = path or next(path for path in sorted((folder / service.root).rglob("*")) if path.suffix in COMMENTS)
    with path.open("a", encoding="utf-8") as file:
        file.write(COMMENTS[path.suffix].format(uuid4().hex))


COMMENTS = {
    **dict.fromkeys((".py", ".rb"), "\n# {}\n"),
    **dict.fromkeys((".js", ".jsx", ".ts", ".go", ".rs", ".java", ".php", ".cs"), "\n// {}\n"),
    ".html": "\n<!-- {} -->\n",
}
"""Suffix of a source file -> a comment to add to it."""


def _ask(address: str, path: str) -> str:
    """How the container answers within the allowed time."""
    host, _, port = address.rpartition(":")
    end, answer = time.monotonic() + ANSWER_SECONDS, "does not answer"
    while time.monotonic() < end:
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            connection.request("GET", path)
            answer = f"HTTP {connection.getresponse().status}"
            if answer.startswith("HTTP 2"):
                return f"{answer} {path}"
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    return f"{answer} {path}"
