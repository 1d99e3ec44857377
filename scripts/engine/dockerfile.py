"""The little that a content tag needs to know of a Dockerfile: which images it starts from."""

from __future__ import annotations

import re
from collections.abc import Mapping

FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?\s*$", re.I)
COPY_FROM = re.compile(r"^\s*COPY\s+(?:--\S+\s+)*--from=(?P<image>\S+)", re.I)
ARG = re.compile(r"^\s*ARG\s+(?P<name>\w+)(?:=(?P<value>\S*))?", re.I)
VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>\w+))")


def base_images(text: str, build_args: Mapping[str, str]) -> tuple[str, ...]:
    """Images that the Dockerfile pulls, sorted; `scratch` and its own stages are not among them."""
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    images: set[str] = set()
    for line in text.splitlines():
        if found := ARG.match(line):
            value = (found["value"] or "").strip("\"'")
            arguments.setdefault(found["name"], build_args.get(found["name"], value))
        elif found := FROM.match(line):
            image = _expanded(found["image"], arguments)
            if image not in stages and image != "scratch":
                images.add(image)
            if found["stage"]:
                stages.add(found["stage"])
        elif found := COPY_FROM.match(line):
            image = _expanded(found["image"], arguments)
            if image not in stages and not image.isdigit():
                images.add(image)
    return tuple(sorted(images))


def _expanded(text: str, arguments: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found["braced"] or found["plain"]
        return arguments.get(name) or found["default"] or ""

    return VARIABLE.sub(value, text)
