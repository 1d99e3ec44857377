"""How Go services are found, started and packed."""

from __future__ import annotations

import pytest

from tests.unit.analyzer.compiled_service import MAIN, command, image, listening, service

MOD = "module github.com/acme/shop\n\ngo 1.22\n"
CHOICES = {
    "root": ({"go.mod": MOD, "main.go": MAIN, "cmd/tool/main.go": MAIN}, "./bin/shop"),
    "the only one": ({"go.mod": MOD, "cmd/web/main.go": MAIN}, "./bin/web"),
    "cmd itself": ({"go.mod": MOD, "cmd/main.go": MAIN}, "./bin/shop"),
    "the module's name": ({"go.mod": MOD, "cmd/shop/main.go": MAIN, "cmd/zoo/main.go": MAIN}, "./bin/shop"),
    "major version": ({"go.mod": "module a/shop/v2", "cmd/shop/main.go": MAIN, "cmd/b/main.go": MAIN}, "./bin/shop"),
    "a server's name": ({"go.mod": MOD, "cmd/server/main.go": MAIN, "cmd/seed/main.go": MAIN}, "./bin/server"),
    "listening": (
        {"go.mod": MOD, "cmd/a/main.go": MAIN, "cmd/b/main.go": listening('http.ListenAndServe(":80", nil)')},
        "./bin/b",
    ),
    "Procfile": ({"go.mod": MOD, "cmd/a/a.go": MAIN, "cmd/b/b.go": MAIN, "Procfile": "web: bin/b"}, "bin/b"),
    "Makefile": (
        {"go.mod": MOD, "cmd/a/main.go": MAIN, "cmd/b/main.go": MAIN, "Makefile": "build:\n\tgo build -o x ./cmd/b\n"},
        "./bin/b",
    ),
    "Heroku's comment": (
        {"go.mod": "// +heroku install ./cmd/b\n" + MOD, "cmd/a/main.go": MAIN, "cmd/b/main.go": MAIN},
        "./bin/b",
    ),
    "no go.mod": ({"main.go": MAIN}, "./bin/app"),
    "left out": ({"go.mod": MOD, "gen.go": "//go:build ignore\n" + MAIN, "cmd/b/main.go": MAIN}, "./bin/b"),
    "not tests, not vendored": (
        {"go.mod": MOD, "main_test.go": MAIN, "vendor/x/main.go": MAIN, "cmd/b/main.go": MAIN},
        "./bin/b",
    ),
    "workspace": (
        {
            "go.work": "use (\n\t./api\n\t./lib\n)",
            "api/go.mod": "module api",
            "api/main.go": MAIN,
            "lib/go.mod": "module l",
        },
        "./bin/api",
    ),
}
PORTS = {
    "literal": ('http.ListenAndServe(":8081", nil)', 8081),
    "variable with default": (
        'p := os.Getenv("PORT")\nif p == "" {\n\tp = "9001"\n}\nhttp.ListenAndServe(":"+p, nil)',
        9001,
    ),
    "variable alone": ('http.ListenAndServe(":"+os.Getenv("PORT"), nil)', 8080),
    "server": ('s := &http.Server{\n\tAddr: ":7001",\n}\ns.ListenAndServe()', 7001),
    "not a database's": ('db := os.Getenv("DB_PORT")\n_ = "5432"\nhttp.ListenAndServe(":8082", nil)', 8082),
    "not a comment's": ('// http.ListenAndServe(":1234", nil)\nhttp.ListenAndServe(":8083", nil)', 8083),
    "address": ('addr := ":8084"\nhttp.ListenAndServe(addr, nil)', 8084),
    "flag": ('a := flag.String("addr", ":8085", "where")\nhttp.ListenAndServe(*a, nil)', 8085),
}


@pytest.mark.parametrize(("files", "expected"), CHOICES.values(), ids=CHOICES)
def test_start(files: dict[str, str], expected: str) -> None:
    found = service(files)
    assert found.value("language") == "go"
    assert command(found) == expected
    assert found.value("start").kind == "binary"


@pytest.mark.parametrize(("body", "expected"), PORTS.values(), ids=PORTS)
def test_port(body: str, expected: int) -> None:
    found = service({"go.mod": MOD, "main.go": listening(body)})
    assert (found.value("kind"), found.value("port")) == ("web", expected)


def test_several_main_packages_are_named() -> None:
    found = service({"go.mod": MOD, "cmd/first/main.go": MAIN, "cmd/second/main.go": MAIN})
    field = found.fields["start"]
    assert field.value is None
    assert "cmd/first, cmd/second" in field.missing
    assert [other.value.command for other in field.others] == ["./bin/first", "./bin/second"]
    assert not image({"go.mod": MOD, "cmd/first/main.go": MAIN, "cmd/second/main.go": MAIN})


def test_framework_and_what_it_brings() -> None:
    mod = MOD + "require github.com/gin-gonic/gin v1.9.1\n"
    main = 'package main\n\nimport "github.com/gin-gonic/gin"\n\nfunc main() {\n\tr := gin.Default()\n'
    main += '\tr.LoadHTMLGlob("templates/*")\n\tr.GET("/healthz", h)\n\tr.Run()\n}\n'
    files = {"go.mod": mod, "go.sum": "", "main.go": main, "templates/index.html": ""}
    found = service(files)
    assert [found.value(name) for name in ("framework", "port", "health_path")] == ["gin", 8080, "/healthz"]
    assert found.fields["health_path"].evidence[0].line == 8
    written = image(files)
    assert "COPY templates /app/templates" in written
    assert "ENV GIN_MODE=release" in written
    assert "FROM scratch" in written
    assert written.index("COPY go.mod go.sum ./") < written.index("go mod download") < written.index("COPY . .")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_loopback_is_warned_of(host: str) -> None:
    found = service({"go.mod": MOD, "main.go": listening(f'http.ListenAndServe("{host}:8080", nil)')})
    assert "binds_loopback" in [warning.code for warning in found.warnings]


def test_c_libraries() -> None:
    written = image({"go.mod": MOD + "require github.com/mattn/go-sqlite3 v1.14.0\n", "main.go": MAIN})
    assert "CGO_ENABLED=1" in written
    assert "FROM debian:bookworm-slim" in written


def test_kinds() -> None:
    assert service({"go.mod": MOD, "lib.go": "package lib\n"}).value("kind") == "library"
    assert service({"go.mod": MOD, "main.go": MAIN}).value("kind") == "command"
    worker = service({"go.mod": MOD + "require github.com/hibiken/asynq v0.24.0\n", "main.go": MAIN})
    assert worker.value("kind") == "worker"


def test_versions() -> None:
    assert service({"go.mod": MOD, "main.go": MAIN}).value("runtime_version") == "1.22"
    toolchain = {"go.mod": MOD + "toolchain go1.23.4\n", "main.go": MAIN}
    assert service(toolchain).value("runtime_version") == "1.23.4"
    assert "FROM golang:1.23.4-bookworm" in image(toolchain)
    assert "FROM golang:1.13 AS" in image({"go.mod": "module a\n\ngo 1.13\n", "main.go": MAIN})


def test_package_managers() -> None:
    for manifest, name in (("go.mod", "go-modules"), ("Gopkg.toml", "dep"), ("glide.yaml", "glide")):
        assert service({manifest: "", "main.go": MAIN}).value("package_manager") == name


def test_service_of_a_workspace() -> None:
    files = {
        "go.work": "use ./api\nuse ./lib\n",
        "api/go.mod": "module a/api\n",
        "api/main.go": MAIN,
        "lib/go.mod": "module l",
    }
    assert service(files, "api").context == "."
    written = image(files, "api")
    assert "COPY lib/go.mod ./lib/" in written
    assert "WORKDIR /src/api" in written


def test_replaced_module_beside_the_service() -> None:
    files = {"api/go.mod": "module a\nreplace b => ../lib\n", "api/main.go": MAIN, "lib/go.mod": "module b"}
    assert service(files, "api").context == "."


def test_embedded_folders_are_not_copied() -> None:
    main = 'package main\n\nimport "embed"\n\n//go:embed static\nvar a embed.FS\n\nfunc main() { open("static/a") }\n'
    assert "COPY static" not in image({"go.mod": MOD, "main.go": main, "static/a": ""})


@pytest.mark.parametrize("text", ["", "\x00", "module", "require (((", "go go\nmodule 1 2\n=>\n"])
def test_rubbish(text: str) -> None:
    found = service({"go.mod": text, "go.work": text, "main.go": text, "cmd/a/main.go": MAIN})
    assert found.value("language") == "go"


def test_module_below_the_root() -> None:
    main = 'package main\n\nfunc main() { open("templates/a.html") }\n'
    files = {"api/go.mod": "module a/api", "api/cmd/x/main.go": main, "api/templates/a.html": ""}
    assert service(files).value("build_command").startswith("cd api && go build")
    written = image(files)
    assert "COPY api/templates /app/templates" in written
    assert "cd api && go mod download" in written


def test_a_persons_start_command() -> None:
    files = {"go.mod": MOD, "main.go": MAIN, "start.sh": "shop"}
    assert "-o /image/app/bin/shop ." in image({**files, "Procfile": "web: bin/shop --verbose"})
    bare = image({**files, "Procfile": "web: shop"})
    assert "PATH=/app/bin:$PATH" in bare
    assert 'CMD ["./bin/shop"]' in image({**files, "Procfile": "web: go run ."})
    script = image({**files, "Procfile": "web: ./start.sh"})
    assert "FROM debian:bookworm-slim" in script
    assert "COPY start.sh /app/start.sh" in script
