"""Builds and pushes images with whichever Docker client can run BuildKit."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.engine.aws import Aws, translated
from scripts.engine.connection import Connection
from scripts.engine.content import Context
from scripts.engine.errors import BadInput, Cancelled, Failed, SlipwayError, Transient, out_of_space
from scripts.engine.shell import Result, Shell
from scripts.engine.sources import base_of
from settings import Service, Settings

PUSHED = re.compile(r"^([0-9a-f]{12}): Pushed")
UNREACHABLE = re.compile(
    r"connection refused|i/o timeout|no such host|TLS handshake|unexpected EOF|50[0234] |EOF$|toomanyrequests|\b429\b",
    re.I,
)
ONE_MANIFEST = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
"""Without attestations an image is one manifest, so the registry and ECS speak of the same digest."""
NO_ENGINE = re.compile(
    r"Cannot connect to the Docker daemon|docker daemon is not running|is the docker daemon running", re.I
)


@dataclass(frozen=True)
class Pushed:
    """What a push did: the manifest's digest as the registry tells it, layers and bytes that were sent."""

    digest: str
    layers: int
    size: int


class Images:
    """Docker, seen from a deploy."""

    def __init__(self, settings: Settings, connection: Connection, shell: Shell, aws: Aws) -> None:
        self.settings, self.connection, self.shell, self.aws = settings, connection, shell, aws
        self._logged_in = False

    def identities(self, names: Sequence[str]) -> dict[str, str]:
        """Image -> registry digest, or the engine's image id; only for images that are on this machine."""
        if not names or not self.connection.exists:
            return {}
        result = self._docker(["image", "inspect", *names], check=False)
        if result.code != 0 and any(NO_ENGINE.search(line) for line in result.tail):
            raise Failed("the Docker engine does not answer", where="docker", remedy="./poe doctor --fix")
        found: dict[str, str] = {}
        for row in json.loads(result.stdout or "[]"):
            identity = next((ref.split("@")[1] for ref in row.get("RepoDigests") or [] if "@" in ref), row["Id"])
            for tag in row.get("RepoTags") or []:
                found[tag] = identity
            for ref in row.get("RepoDigests") or []:
                found[ref] = ref.split("@")[1]
        return {name: found[full] for name in names if (full := _full_name(name)) in found}

    def pull(self, names: Sequence[str]) -> None:
        """Pull base images; raises Transient when the registry does not answer."""
        for name in names:
            try:
                self._docker(["pull", "--quiet", name])
            except Failed as error:
                raise Transient(
                    error.what,
                    where=f"base image {name}",
                    remedy="check the name and the network, then run the command again",
                ) from None

    def build(
        self,
        service: Service,
        context: Context,
        reference: str,
        on_line: Callable[[str], None],
        *,
        platform: str | None = None,
    ) -> None:
        """Build a service's image under `reference`; raises Failed with the builder's own last words."""
        argv = [
            *self._build_words(platform or self.settings.target.platform),
            *self._cache_words(service),
            "--tag",
            reference,
        ]
        result = self._docker([*argv, *self._content_words(service, context)], on_line=on_line, check=False)
        if result.code != 0:
            raise _build_error(service, result)

    def build_platforms(
        self, service: Service, context: Context, reference: str, *, platforms: str, on_line: Callable[[str], None]
    ) -> None:
        """Build for several platforms and push, since an engine cannot load such an image; needs buildx."""
        self._login()
        if self._docker(["buildx", "version"], check=False).code != 0:
            raise BadInput(
                "several platforms need a Docker client with the buildx plugin",
                where="--platform",
                remedy="install docker-buildx-plugin, or build one platform at a time",
            )
        argv = ["buildx", *self._build_words(platforms), "--push", "--tag", reference]
        result = self._docker([*argv, *self._content_words(service, context)], on_line=on_line, check=False)
        if result.code != 0:
            raise _build_error(service, result)

    def has(self, reference: str) -> bool:
        """Whether the local engine holds the image."""
        return self._docker(["image", "inspect", "--format", "{{.Id}}", reference], check=False).code == 0

    def push(self, service: Service, tag: str) -> Pushed:
        """Push a tag and read its digest back from the registry; raises Transient or Failed."""
        reference = self.settings.image(service.name, tag)
        self._login()
        result = self._docker(["push", reference], check=False)
        if result.code != 0:
            raise _push_error(service, result)
        sent = {found[1] for line in result.tail if (found := PUSHED.match(line.strip()))}
        return self._read_back(service.name, tag, sent)

    def _read_back(self, service: str, tag: str, sent: set[str]) -> Pushed:
        with translated(f"read the pushed image of {service} back"):
            answer = self.aws.client("ecr").batch_get_image(
                repositoryName=self.settings.repository(service), imageIds=[{"imageTag": tag}]
            )
        if not answer["images"]:
            raise Failed(
                "the registry does not hold the image that was just pushed",
                where=f"push {service}",
                remedy="run the command again",
            )
        image = answer["images"][0]
        sizes = [layer["size"] for layer in json.loads(image["imageManifest"]).get("layers", [])]
        inspected = self._docker(
            ["image", "inspect", "--format", "{{json .RootFS.Layers}}", self.settings.image(service, tag)]
        )
        diff_ids = [layer.removeprefix("sha256:")[:12] for layer in json.loads(inspected.stdout)]
        size = sum(length for diff_id, length in zip(diff_ids, sizes, strict=False) if diff_id in sent)
        return Pushed(digest=image["imageId"]["imageDigest"], layers=len(sent), size=size)

    def _login(self) -> None:
        """Log in to the registry; the password goes through standard input."""
        if self._logged_in or not self.connection.registry_login:
            return
        with translated("get a registry token"):
            data = self.aws.client("ecr").get_authorization_token()["authorizationData"][0]
        user, password = base64.b64decode(data["authorizationToken"]).decode().split(":", 1)
        self._docker(["login", "--username", user, "--password-stdin", self.connection.registry_host], stdin=password)
        self._logged_in = True

    def _build_words(self, platform: str) -> list[str]:
        words = ["build", "--progress=plain", f"--platform={platform}"]
        return words + [f"--secret=id={name},src={path}" for name, path in self.connection.build_secrets]

    def _content_words(self, service: Service, context: Context) -> list[str]:
        words = [word for key, value in service.build_args for word in ("--build-arg", f"{key}={value}")]
        words += [word for key, value in self._labels(service).items() for word in ("--label", f"{key}={value}")]
        return [*words, "--file", str(context.dockerfile), str(context.folder)]

    def _cache_words(self, service: Service) -> list[str]:
        """Layer cache in the registry: inside each image, since tags are immutable there."""
        if not self.connection.registry_cache:
            return []
        words = ["--build-arg", "BUILDKIT_INLINE_CACHE=1"]
        tag = self.cache_from.get(service.name)
        return [*words, "--cache-from", self.settings.image(service.name, tag)] if tag else words

    cache_from: Mapping[str, str] = {}
    """Service -> deployed tag, whose layers a build may start from."""

    def _labels(self, service: Service) -> dict[str, str]:
        """OCI image annotations. Source: OCI image specification, "Pre-Defined Annotation Keys"."""
        labels = {
            "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "revision": service.commit or self._git(service, "rev-parse", "HEAD"),
            "source": (service.commit and service.repository)
            or _without_credentials(self._git(service, "config", "--get", "remote.origin.url")),
        }
        return {f"org.opencontainers.image.{key}": value for key, value in labels.items() if value}

    def _git(self, service: Service, *words: str) -> str:
        return git(self.shell, base_of(self.settings.root, service), *words)

    def _docker(
        self,
        words: Sequence[str],
        *,
        check: bool = True,
        on_line: Callable[[str], None] | None = None,
        stdin: str | None = None,
    ) -> Result:
        return self.shell.run(
            [*self.connection.docker, *words],
            env={**ONE_MANIFEST, **dict(self.connection.docker_env)},
            check=check,
            on_line=on_line,
            stdin=stdin,
        )


def git(shell: Shell, folder: Path, *words: str) -> str:
    """Output of a git command in a folder; empty where there is no git, no repository or no such value."""
    try:
        result = shell.run(["git", "-C", str(folder), *words], check=False)
    except Cancelled:
        raise
    except SlipwayError:
        return ""
    return result.stdout.strip() if result.code == 0 else ""


def _without_credentials(url: str) -> str:
    return re.sub(r"(?<=://)[^/]*@", "", url)


def _full_name(name: str) -> str:
    """The name as the engine lists it: without Docker Hub's host, with a tag or a digest but not both."""
    name = re.sub(r"^(?:(?:index\.)?docker\.io/)?(?:library/)?", "", name)
    repository, _, digest = name.partition("@")
    folder, slash, last = repository.rpartition("/")
    if digest:
        return f"{folder}{slash}{last.partition(':')[0]}@{digest}"
    return name if ":" in last else f"{name}:latest"


def _build_error(service: Service, result: Result) -> SlipwayError:
    where = f"build {service.name}"
    text = "\n".join(result.tail)
    if full := out_of_space(result.tail, where):
        return full
    if NO_ENGINE.search(text):
        return Failed("the Docker engine does not answer", where=where, remedy="./poe doctor --fix")
    words = [line for line in result.tail if line.strip()]
    failed = next(
        (line for line in reversed(words) if "ERROR" in line or "rror:" in line), words[-1] if words else "failed"
    )
    return Failed(
        failed.strip(),
        where=where,
        remedy=f"correct {service.source}/{service.dockerfile} or its sources; "
        f"nothing was deployed. `./poe build {service.name}` repeats the build alone",
        evidence=tuple(words[-25:]),
    )


def _push_error(service: Service, result: Result) -> SlipwayError:
    words = [line.strip() for line in result.tail if line.strip()]
    last = words[-1] if words else "failed"
    kind = Transient if UNREACHABLE.search(last) else Failed
    return kind(last, where=f"push {service.name}", remedy="nothing was deployed; run the command again")
