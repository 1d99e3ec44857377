"""Listener priorities: what the file names is kept, the rest follows from the path and meets nothing."""

from __future__ import annotations

import pytest

from settings.priorities import assigned, preferred
from tests.unit.settings.conftest import TARGET, Loader


def services(**paths: str) -> str:
    return TARGET + "".join(f'[services.{name}]\nsource = "s"\n{rest}\n' for name, rest in paths.items())


def priorities(load_text: Loader, text: str) -> dict[str, int]:
    return {service.name: service.priority for service in load_text(text).services}


def test_a_priority_stays_when_services_come_and_go(load_text: Loader) -> None:
    few = priorities(load_text, services(b='path = "/b"'))
    many = priorities(load_text, services(a='path = "/a"', b='path = "/b"', c='path = "/c"', d=""))
    assert many["b"] == few["b"]


def test_the_order_in_the_file_means_nothing(load_text: Loader) -> None:
    there = priorities(load_text, services(a='path = "/a"', b='path = "/b"'))
    back = priorities(load_text, services(b='path = "/b"', a='path = "/a"'))
    assert there == back


def test_a_deeper_path_is_asked_before_the_path_that_holds_it(load_text: Loader) -> None:
    text = services(shop='path = "/shop"', admin='path = "/shop/admin"', deep='path = "/shop/admin/x/y"')
    found = priorities(load_text, text)
    assert found["deep"] < found["admin"] < found["shop"]


def test_explicit_priorities_are_kept_and_never_met(load_text: Loader) -> None:
    wanted = preferred("/b")
    found = priorities(load_text, services(a=f'path = "/a"\npriority = {wanted}', b='path = "/b"'))
    assert found == {"a": wanted, "b": wanted + 1}


def test_a_hundred_services_get_a_hundred_priorities(load_text: Loader) -> None:
    rows = {f"s{n}": f'path = "/s{n}"' + (f"\npriority = {100 + n}" if n % 3 else "") for n in range(100)}
    found = priorities(load_text, services(**rows))
    assert len(set(found.values())) == 100
    assert all(1 <= number <= 49_999 for number in found.values())


@pytest.mark.parametrize("path", ["/", "/a", "/a/b", "/a/b/c", "/a/b/c/d"])
def test_every_depth_has_its_band_below_the_last_priority(path: str) -> None:
    depth = path.count("/")
    assert 1 + (4 - depth) * 10_000 <= preferred(path) < (5 - depth) * 10_000 < 50_000


def test_paths_whose_numbers_meet_get_neighbours_in_the_order_of_the_paths() -> None:
    first = preferred("/b")
    assert assigned(["/b"], {"/a": first, "/c": first + 1}) == {"/a": first, "/b": first + 2, "/c": first + 1}
