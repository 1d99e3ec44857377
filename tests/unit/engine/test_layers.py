"""Layers of a build and those among them that were cached, counted from what BuildKit 20.10 and later print."""

from __future__ import annotations

from scripts.engine.layers import Layers

OUTPUT = """\
#1 [internal] load build definition from Dockerfile
#1 sha256:722a181c7a3c9a63c7e156c80d85d797235488b3421df40f170203ffbe5532ed
#1 DONE 0.0s
#4 [1/3] FROM docker.io/library/python:3.12-slim
#4 CACHED
#5 [build 1/2] COPY x /x
#5 CACHED
#6 [linux/amd64 build 2/2] RUN make
#6 0.012 #9 CACHED
#6 0.013 [1/2] COPY
#5 [build 1/2] COPY x /x
#6 DONE 0.0s
#7 [stage-1 2/3] COPY --from=build /x /y
#7 CACHED
#8 [3/3] RUN echo "[1/2]"
#8 ...
#8 ERROR: process did not complete
#9 exporting to image
#9 CACHED
"""


def test_steps_and_those_that_were_cached() -> None:
    told: list[str] = []
    layers = Layers(told.append)
    for line in OUTPUT.splitlines():
        layers(line)
    assert layers.counts() == {"layers": 4, "cached_layers": 2}
    assert told == OUTPUT.splitlines()


def test_a_build_that_said_nothing() -> None:
    assert Layers(lambda line: None).counts() == {"layers": 0, "cached_layers": 0}
