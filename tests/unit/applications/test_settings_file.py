"""slipway.toml is changed in one section, and everything else stays as people wrote it."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.applications.settings_file import editing, put_back, rows, with_section, without_section
from scripts.engine.errors import BadInput

TEXT = """# our settings
name = "shop"   # short

[targets.local] # here
embedded = true

[services.web]
source = "web"  # the shop
path = "/"

# what the warehouse runs
[services.stock]
port = 9000 # not what it says
repository = "https://example.com/stock.git"
commit = "0000000000000000000000000000000000000000"

[services.stock.environment]
LEVEL = "info"

[services.stock.app]
port = 8000

[targets.staging]
account = "111111111111"
"""
ROW = {"repository": "https://example.com/a.git", "path": "/a", "ref": None}
APP = {"workers": {"mail": {"command": "run"}}, "port": 8000, "environment": {"A": "b"}}


def test_a_new_section_leaves_the_rest_as_it_is() -> None:
    made = with_section(TEXT, "a", {**ROW, "app": APP})
    assert tomllib.loads(made)["services"]["a"] == {
        "repository": "https://example.com/a.git",
        "path": "/a",
        "app": APP,
    }
    assert [line for line in TEXT.splitlines() if line not in made.splitlines()] == []


def test_what_the_operator_wrote_stays() -> None:
    made = with_section(TEXT, "stock", {"commit": "1" * 40, "ref": "main", "app": {"port": 8001}})
    section = rows(made)["stock"]
    assert section == {
        "port": 9000,
        "repository": "https://example.com/stock.git",
        "commit": "1" * 40,
        "ref": "main",
        "environment": {"LEVEL": "info"},
        "app": {"port": 8001},
    }
    assert "port = 9000 # not what it says" in made
    assert "# what the warehouse runs" in made


def test_none_takes_a_key_out_and_an_empty_table_goes() -> None:
    made = with_section(TEXT, "stock", {"commit": None, "app": {}})
    assert rows(made)["stock"].keys() == {"port", "repository", "environment"}


def test_removed_and_put_back() -> None:
    assert "stock" not in rows(without_section(TEXT, "stock"))
    assert "# the shop" in without_section(TEXT, "stock")
    assert without_section(TEXT, "nobody") == TEXT
    written = with_section(TEXT, "a", ROW)
    assert put_back(written, "a", before=TEXT, written=written) == TEXT


def test_what_others_wrote_meanwhile_stays_when_it_is_put_back() -> None:
    written = with_section(TEXT, "stock", {"commit": "1" * 40, "ref": "main"})
    other = with_section(written, "b", {"source": "b"})
    back = put_back(other, "stock", before=TEXT, written=written)
    assert rows(back)["stock"] == rows(TEXT)["stock"]
    assert rows(back)["b"] == {"source": "b"}
    written = with_section(TEXT, "a", ROW)
    other = with_section(written, "b", {"source": "b"})
    assert rows(put_back(other, "a", before=TEXT, written=written)).keys() == {"web", "stock", "b"}


def test_what_somebody_else_wrote_of_the_same_service_is_not_put_back() -> None:
    written = with_section(TEXT, "stock", {"commit": "1" * 40})
    newer = with_section(written, "stock", {"commit": "2" * 40})
    assert put_back(newer, "stock", before=TEXT, written=written) == newer
    gone = without_section(written, "stock")
    assert put_back(gone, "stock", before=TEXT, written=written) == gone


@pytest.mark.parametrize(
    "text",
    [
        'services = { web = { source = "web" } }\n[targets.local]\nembedded = true\n',
        '[services]\nweb = { source = "web" }\n',
        '[services]\nweb.source = "web"\n',
        '[services.web]\nsource = "web"\n\n[targets.x]\nregion = "r"\n\n[services.last]\nsource = "l"\n',
    ],
)
def test_however_it_is_written_it_is_right_or_refused(text: str) -> None:
    with suppress(BadInput):
        made = with_section(text, "a", {**ROW, "app": APP})
        assert rows(made) == {**rows(text), "a": {"repository": ROW["repository"], "path": "/a", "app": APP}}


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "slipway.toml").write_text(TEXT)

    def add(at: int) -> None:
        with editing(tmp_path) as file:
            file.write(with_section(file.text, f"s{at}", {"source": "x"}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    assert rows((tmp_path / "slipway.toml").read_text()).keys() == {"web", "stock", *(f"s{at}" for at in range(12))}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".slipway.")] == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(TEXT)
    (tmp_path / "slipway.toml").symlink_to("real.toml")
    with editing(tmp_path) as file:
        file.write(without_section(file.text, "stock"))
    assert (tmp_path / "slipway.toml").is_symlink()
    assert "stock" not in (tmp_path / "real.toml").read_text()
