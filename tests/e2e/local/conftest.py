"""Two emulators for the whole run: ours, and MiniStack as it comes; services of their own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from scripts.local import engine_setup
from scripts.local.emulator import WITHOUT
from tests.e2e.local.helpers import Emulator, provide_base_image
from tests.e2e.local.service import Service


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A container engine with the base image; returns the folder of its log."""
    folder = tmp_path_factory.mktemp("engine")
    engine_setup.ensure(folder, print)
    provide_base_image(folder)
    return folder


@pytest.fixture(scope="session")
def corrected(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("corrected"))
    emulator.start()
    yield emulator
    emulator.remove()


@pytest.fixture(scope="session")
def plain(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """MiniStack without a correction."""
    emulator = Emulator(tmp_path_factory.mktemp("plain"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WITHOUT, "all")
        emulator.start()
    yield emulator
    emulator.remove()


@pytest.fixture
def own(engine: Path, tmp_path: Path) -> Iterator[Emulator]:
    """An emulator that the test may break; not started yet."""
    emulator = Emulator(tmp_path / "state")
    yield emulator
    emulator.remove()


@pytest.fixture
def service() -> Iterator[Callable[[Emulator], Service]]:
    """Makes services that are deleted after the test."""
    made: list[Service] = []

    def make(emulator: Emulator) -> Service:
        name = f"t{uuid4().hex[:8]}"
        one = Service(emulator, name, emulator.push("app"))
        made.append(one)
        return one

    yield make
    for one in made:
        if one.group:
            one.delete()
