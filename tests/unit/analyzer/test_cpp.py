"""How C and C++ programs are found, started and packed."""

from __future__ import annotations

import pytest

from tests.unit.analyzer.compiled_service import command, image, service

MAIN = "int main() { return 0; }\n"
STARTS = {
    "cmake": ({"CMakeLists.txt": "project(shop)\nadd_executable(server main.cc)"}, "./build/server"),
    "project name": ({"CMakeLists.txt": "project(shop)\nadd_executable(${PROJECT_NAME} main.cc)"}, "./build/shop"),
    "variable": ({"CMakeLists.txt": "set(NAME web)\nadd_executable(${NAME} main.cc)"}, "./build/web"),
    "tests aside": (
        {"CMakeLists.txt": "add_executable(shop_test t.cc)\nadd_executable(shop main.cc)"},
        "./build/shop",
    ),
    "below": (
        {"CMakeLists.txt": "add_subdirectory(src)", "src/CMakeLists.txt": "add_executable(x main.cc)"},
        "./build/src/x",
    ),
    "meson": ({"meson.build": "project('shop', 'cpp')\nexecutable('server', 'main.cc')"}, "./build/server"),
}


@pytest.mark.parametrize(("files", "expected"), STARTS.values(), ids=STARTS)
def test_start(files: dict[str, str], expected: str) -> None:
    found = service({**files, "main.cc": MAIN})
    assert (found.value("language"), command(found)) == ("cpp", expected)
    assert found.value("start").kind == "binary"
    assert f'CMD ["{expected}"]' in image({**files, "main.cc": MAIN})


def test_server() -> None:
    main = '#include <crow.h>\nint main() { CROW_ROUTE(app, "/health")([] {}); app.port(18080).run(); }\n'
    found = service({"CMakeLists.txt": "find_package(OpenSSL)\nadd_executable(a main.cc)", "main.cc": main})
    assert [found.value(name) for name in ("kind", "framework", "port", "health_path")] == [
        "web",
        "crow",
        18080,
        "/health",
    ]
    assert "libssl-dev" in found.build_packages


def test_several_executables_are_named() -> None:
    found = service({"CMakeLists.txt": "add_executable(a a.cc)\nadd_executable(b b.cc)"})
    assert found.fields["start"].value is None
    assert "a, b" in found.fields["start"].missing


def test_nothing_to_start() -> None:
    assert service({"CMakeLists.txt": "add_library(a a.cc)"}).value("kind") == "library"
    assert service({"main.cpp": MAIN}).value("start") is None
    assert not image({"CMakeLists.txt": "add_executable(a a.cc)", "vcpkg.json": "{}"})


@pytest.mark.parametrize("text", ["", "add_executable(", "add_executable(${X} a)", "project(\nexecutable("])
def test_rubbish(text: str) -> None:
    assert service({"CMakeLists.txt": text, "meson.build": text}).value("start") is None
