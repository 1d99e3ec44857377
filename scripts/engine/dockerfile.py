"""The little that a content tag needs to know of a Dockerfile: which images it starts from and copies from."""

from __future__ import annotations

import re
from collections.abc import Mapping

FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?\s*$", re.I)
COPY_FROM = re.compile(r"COPY\s+(?:--\S+\s+)*?--from=(?P<image>\S+)", re.I)
MOUNT_FROM = re.compile(r"--mount=(?:[^\s,]+,)*from=(?P<image>[^\s,]+)")
RUN = re.compile(r"RUN\s", re.I)
ARG = re.compile(r"ARG\s+(?P<rest>.+)", re.I)
VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<plain>\w+))")


def base_images(text: str, build_args: Mapping[str, str], platform: str = "linux/amd64") -> tuple[str, ...]:
    """Images that the Dockerfile pulls, sorted; `scratch` and its own stages are not among them."""
    arguments = _platform_arguments(platform)
    stages: set[str] = set()
    images: set[str] = set()
    for line in _instructions(text):
        if found := ARG.match(line):
            _declare(found["rest"], arguments, build_args)
            continue
        start = FROM.match(line)
        named = [start["image"]] if start else _copied_from(line)
        for image in (_expanded(name, arguments) for name in named):
            if image.lower() not in stages and image != "scratch" and not image.isdigit():
                images.add(image)
        if start and start["stage"]:
            stages.add(start["stage"].lower())
    return tuple(sorted(images))


def _instructions(text: str) -> list[str]:
    """One line an instruction: comments left out, continued lines joined."""
    lines = [line.strip() for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [line.strip() for line in re.sub(r"\\\n+", " ", "\n".join(lines)).splitlines() if line.strip()]


def _copied_from(line: str) -> list[str]:
    if found := COPY_FROM.match(line):
        return [found["image"]]
    return [found["image"] for found in MOUNT_FROM.finditer(line)] if RUN.match(line) else []


def _declare(rest: str, arguments: dict[str, str], build_args: Mapping[str, str]) -> None:
    """`ARG A=1 B`: a build argument wins over the default, the first declaration over a later one."""
    for word in re.findall(r"""(?:"[^"]*"|'[^']*'|\S)+""", rest):
        name, _, value = word.partition("=")
        arguments.setdefault(name, build_args.get(name, _expanded(value.strip("\"'"), arguments)))


def _platform_arguments(platform: str) -> dict[str, str]:
    """Arguments that BuildKit sets by itself. Source: Dockerfile reference, "Automatic platform ARGs"."""
    platform = platform.partition(",")[0]
    system, architecture = platform.split("/")[:2]
    facts = {"PLATFORM": platform, "OS": system, "ARCH": architecture}
    return {prefix + name: value for prefix in ("TARGET", "BUILD") for name, value in facts.items()}


def _expanded(text: str, arguments: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found["braced"] or found["plain"]
        return arguments.get(name) or found["default"] or ""

    return VARIABLE.sub(value, text)
