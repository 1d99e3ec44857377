"""How Rust services are found, started and packed."""

from __future__ import annotations

import pytest

from tests.unit.analyzer.compiled_service import command, image, service

MAIN = "fn main() {}\n"


def manifest(name: str = "shop", dependencies: str = "", more: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{more}\n[dependencies]\n{dependencies}\n'


def member(name: str, folder: str, dependencies: str = "") -> dict[str, str]:
    return {f"{folder}/Cargo.toml": manifest(name, dependencies), f"{folder}/src/main.rs": MAIN}


LIBRARY = {"lib/Cargo.toml": manifest("lib"), "lib/src/lib.rs": ""}
WORKSPACE = '[workspace]\nmembers = ["*"]\n'
CHOICES = {
    "main.rs": ({"Cargo.toml": manifest(), "src/main.rs": MAIN}, "shop"),
    "default-run": (
        {"Cargo.toml": manifest(more='default-run = "b"'), "src/main.rs": MAIN, "src/bin/b.rs": MAIN},
        "b",
    ),
    "several": ({"Cargo.toml": manifest(), "src/main.rs": MAIN, "src/bin/b.rs": MAIN}, "shop"),
    "[[bin]]": (
        {"Cargo.toml": manifest(more='[[bin]]\nname = "web"\npath = "src/web.rs"'), "src/web.rs": MAIN},
        "web",
    ),
    "bin folder": ({"Cargo.toml": manifest(), "src/lib.rs": "", "src/bin/web/main.rs": MAIN}, "web"),
    "workspace": ({"Cargo.toml": WORKSPACE, **LIBRARY, **member("app", "app")}, "app"),
    "web framework": (
        {"Cargo.toml": WORKSPACE, **member("a", "a"), **member("b", "b", 'axum = "0.7"')},
        "b",
    ),
    "a server's name": ({"Cargo.toml": WORKSPACE, **member("shop-api", "a"), **member("shop-seed", "b")}, "shop-api"),
    "Procfile": (
        {"Cargo.toml": WORKSPACE, **member("a", "a"), **member("b", "b"), "Procfile": "web: ./target/release/b"},
        "b",
    ),
    "tools aside": ({"Cargo.toml": WORKSPACE, **member("app1", "a"), **member("xtask", "xtask")}, "app1"),
}
PORTS = {
    "listener": ('tokio::net::TcpListener::bind("0.0.0.0:3001").await', 3001),
    "address": ("let addr = SocketAddr::from(([0, 0, 0, 0], 3002));", 3002),
    "parse": ('let a: SocketAddr = "0.0.0.0:3003".parse().unwrap();', 3003),
    "pair": ('HttpServer::new(app).bind(("0.0.0.0", 3004))', 3004),
    "variable": ('std::env::var("PORT").unwrap_or_else(|_| "3005".to_string())', 3005),
    "number": ('env::var("PORT").ok().and_then(|p| p.parse().ok()).unwrap_or(3006)', 3006),
    "variable alone": ('env::var("PORT").expect("PORT")', 8080),
    "argument": ('#[arg(long, env = "PORT", default_value_t = 3007)]\nport: u16', 3007),
}


@pytest.mark.parametrize(("files", "name"), CHOICES.values(), ids=CHOICES)
def test_start(files: dict[str, str], name: str) -> None:
    found = service(files)
    assert found.value("package_manager") == "cargo"
    assert command(found) == f"./target/release/{name}"
    assert found.value("start").kind == "binary"


@pytest.mark.parametrize(("line", "expected"), PORTS.values(), ids=PORTS)
def test_port(line: str, expected: int) -> None:
    found = service({"Cargo.toml": manifest(dependencies='axum = "0.7"'), "src/main.rs": f"fn main() {{\n{line}\n}}\n"})
    assert [found.value(name) for name in ("kind", "framework", "port")] == ["web", "axum", expected]


def test_port_of_a_binary_in_its_folder() -> None:
    line = 'fn main() { TcpListener::bind("0.0.0.0:3009") }'
    assert service({"Cargo.toml": manifest(), "src/bin/web.rs": line}).value("port") == 3009


def test_a_library_gives_way_to_the_language_that_it_extends() -> None:
    files = {
        "Cargo.toml": manifest(),
        "src/lib.rs": "",
        "package.json": '{"name": "x", "scripts": {"start": "node a.js"}}',
    }
    assert service(files).value("language") == "node"


def test_several_binaries_are_named() -> None:
    found = service({"Cargo.toml": WORKSPACE, **member("a", "a"), **member("b", "b")})
    assert found.fields["start"].value is None
    assert "a, b" in found.fields["start"].missing


@pytest.mark.parametrize("line", ['TcpListener::bind("127.0.0.1:3000")', "SocketAddr::from(([127, 0, 0, 1], port))"])
def test_loopback_is_warned_of(line: str) -> None:
    files = {"Cargo.toml": manifest(dependencies='axum = "0.7"'), "src/main.rs": f"fn main() {{ {line}; }}"}
    assert "binds_loopback" in [warning.code for warning in service(files).warnings]


def test_rocket_is_told_its_address() -> None:
    files = {
        "Cargo.toml": manifest(dependencies='rocket = "0.5"'),
        "src/main.rs": 'fn rocket() -> _ { rocket::build().mount("/", routes![index]) }',
        "Rocket.toml": '[default]\naddress = "127.0.0.1"\nport = 8001\n',
    }
    assert service(files).value("port") == 8001
    written = image(files)
    assert "ROCKET_ADDRESS=0.0.0.0" in written
    assert "COPY Rocket.toml /app/Rocket.toml" in written
    assert service({**files, "Rocket.toml": ""}).value("port") == 8000


def test_linked_libraries() -> None:
    files = {"Cargo.toml": manifest(), "src/main.rs": MAIN, "Cargo.lock": '[[package]]\nname = "openssl-sys"\n'}
    assert service(files).system_packages == ("libssl3",)
    written = image(files)
    assert "--no-install-recommends libssl3" in written
    assert "cargo build --release --locked" in written
    assert not service({**files, "Cargo.lock": files["Cargo.lock"] + 'name = "openssl-src"\n'}).system_packages


def test_versions() -> None:
    files = {"Cargo.toml": manifest(more='rust-version = "1.75"'), "src/main.rs": MAIN}
    assert service(files).value("runtime_version") == "1.75"
    pinned = {**files, "rust-toolchain.toml": '[toolchain]\nchannel = "1.80.1"\n'}
    assert service(pinned).value("runtime_version") == "1.80.1"
    assert "FROM rust:1.80.1-bookworm" in image(pinned)
    old = {**files, "rust-toolchain": "1.60.0"}
    assert "FROM debian:bullseye-slim" in image(old)
    nightly = service({**files, "rust-toolchain": "nightly-2024-01-01"})
    assert "nightly_toolchain" in [warning.code for warning in nightly.warnings]


def test_kinds() -> None:
    assert service({"Cargo.toml": manifest(), "src/lib.rs": ""}).value("kind") == "library"
    assert service({"Cargo.toml": manifest(), "src/main.rs": MAIN}).value("kind") == "command"
    bot = {"Cargo.toml": manifest(dependencies='serenity = "0.12"'), "src/main.rs": MAIN}
    assert service(bot).value("kind") == "worker"
    page = {"Cargo.toml": manifest(dependencies='yew = "0.21"'), "src/main.rs": MAIN, "index.html": "<link data-trunk>"}
    assert [service(page).value(name) for name in ("kind", "framework", "output_dir")] == ["static", "yew", "dist"]


def test_member_of_a_workspace() -> None:
    files = {"Cargo.toml": WORKSPACE, "Cargo.lock": "", **LIBRARY, **member("app", "app")}
    assert service(files, "app").context == "."
    assert "cargo build --release --locked --package app --bin app" in image(files, "app")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[[",
        "package = 3\nbin = 4\nworkspace = []\ndependencies = 1\n",
        '[package]\nname = 3\n[workspace]\nmembers = "x"\n',
        '[package]\nname = "a"\ndefault-run = []\n[[bin]]\nname = 7\n[target]\nx = 1\n[dependencies]\na = [1]\n',
    ],
)
def test_rubbish(text: str) -> None:
    found = service({"Cargo.toml": text, "rust-toolchain.toml": text, "src/main.rs": MAIN, "Rocket.toml": text})
    assert found.value("language") == "rust"
