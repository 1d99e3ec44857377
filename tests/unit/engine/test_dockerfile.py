"""Which images a Dockerfile pulls."""

from __future__ import annotations

import pytest

from scripts.engine.dockerfile import base_images

TABLE = {
    "one": ("FROM python:3.12", {}, {"python:3.12"}),
    "lower case, indented": ("  from python:3.12  ", {}, {"python:3.12"}),
    "pinned": ("FROM python:3.12@sha256:ab12", {}, {"python:3.12@sha256:ab12"}),
    "registry with a port": ("FROM localhost:5000/a/b:1", {}, {"localhost:5000/a/b:1"}),
    "scratch": ("FROM scratch", {}, set()),
    "none": ("# FROM python\n", {}, set()),
    "flag": ("FROM --platform=linux/arm64 python:3.12", {}, {"python:3.12"}),
    "flag with a variable": ("FROM --platform=$BUILDPLATFORM golang AS build\nFROM scratch", {}, {"golang"}),
    "stages": ("FROM node AS build\nFROM build AS test\nFROM nginx\nCOPY --from=build /a /b", {}, {"node", "nginx"}),
    "stage in other case": ("FROM node AS Build\nFROM nginx\nCOPY --from=BUILD /a /b", {}, {"node", "nginx"}),
    "stage by number": ("FROM node\nFROM nginx\nCOPY --from=0 /a /b", {}, {"node", "nginx"}),
    "a stage is known from its line on": ("FROM node AS nginx\nFROM nginx", {}, {"node"}),
    "copy from an image": ("FROM a\nCOPY --from=ghcr.io/astral-sh/uv:1 /uv /uv", {}, {"a", "ghcr.io/astral-sh/uv:1"}),
    "copy with other flags": ("FROM a\ncopy --chown=1:1 --from=b --link /x /y", {}, {"a", "b"}),
    "copy from nowhere": ("FROM a\nCOPY from=b /y", {}, {"a"}),
    "mount": ("FROM a\nRUN --mount=type=bind,from=b:1,source=/x,target=/y --mount=from=c true", {}, {"a", "b:1", "c"}),
    "mount of a stage": ("FROM a AS s\nFROM b\nRUN --mount=type=bind,from=s,target=/y true", {}, {"a", "b"}),
    "continued": ("FROM \\\n  a \\\n  # why\n  AS s\nCOPY --chown=1 \\\n  --from=b /x /y\nFROM s", {}, {"a", "b"}),
    "line ends of Windows": ("FROM a\r\nFROM b AS c\r\nFROM c\r\n", {}, {"a", "b"}),
    "argument": ("ARG V=3.12\nFROM python:$V", {}, {"python:3.12"}),
    "argument in braces": ("ARG V=3.12\nFROM python:${V}-slim", {}, {"python:3.12-slim"}),
    "argument in quotes": ("ARG V='3.12'\nFROM python:${V}", {}, {"python:3.12"}),
    "argument of an argument": ("ARG V=3.12\nARG BASE=python:${V}\nFROM $BASE", {}, {"python:3.12"}),
    "several arguments": ('ARG A="x y" V=3.12\nFROM python:$V', {}, {"python:3.12"}),
    "argument given": ("ARG V=3.12\nFROM python:$V", {"V": "3.13"}, {"python:3.13"}),
    "argument given through another": ("ARG V=1\nARG B=p:$V\nFROM $B", {"V": "2"}, {"p:2"}),
    "argument without default, given": ("ARG BASE\nFROM $BASE", {"BASE": "python"}, {"python"}),
    "argument given but not declared": ("FROM python:${V:-3}", {"V": "4"}, {"python:3"}),
    "default where it is used": ("ARG V\nFROM python:${V:-3.12}", {}, {"python:3.12"}),
    "argument of a stage does not reach the next": (
        "ARG V=1\nFROM a:$V\nARG V=2\nFROM b:$V",
        {},
        {"a:1", "b:1"},
    ),
    "platform": ("FROM tool-${TARGETOS}-$TARGETARCH", {}, {"tool-linux-arm64"}),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_base_images(case: str) -> None:
    text, build_args, expected = TABLE[case]
    assert base_images(text, build_args, "linux/arm64") == tuple(sorted(expected))
