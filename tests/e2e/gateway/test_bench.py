"""The sides whose throughput the bench compares are what they say: real Envoys, with and without what is measured."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from scripts.bench.gateway import throughput
from settings import load
from tests.e2e.project import ORIGIN


def test_every_side_lets_the_bearer_of_a_token_in_and_denies_others_where_it_should(tmp_path: Path) -> None:
    with ExitStack() as stack:
        made = throughput.sides(load(ORIGIN, environ={}), tmp_path, stack=stack)
        assert list(made) == [throughput.BARE, throughput.OWN, throughput.ASKING]
