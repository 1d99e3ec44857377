"""Which folders of a tree are services, why, and what they are called."""

from __future__ import annotations

import pytest

from analyzer import services
from analyzer.failure import Failure
from analyzer.source.view import of_memory

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
EXPRESS = '{"dependencies": {"express": "4"}, "scripts": {"start": "node server.js"}}'
SERVER = "require('express')().listen(3000)"
VITE = '{"dependencies": {"react": "18"}, "devDependencies": {"vite": "5"}, "scripts": {"build": "vite build"}}'
NEXT = '{"dependencies": {"next": "14", "react": "18"}, "scripts": {"build": "next build", "start": "next start"}}'
POM = (
    "<project><artifactId>x</artifactId><version>1</version><dependencies><dependency>"
    "<groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies>"
    "<build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId>"
    "</plugin></plugins></build></project>"
)
SPRING = "@SpringBootApplication public class App { public static void main(String[] args) {} }"
LISTENING = 'package main\nimport "net/http"\nfunc main() { http.ListenAndServe(":80", nil) }'
LIBRARY = '{"name": "ui", "main": "index.js"}'

PYTHON_API = {"api/requirements.txt": "flask\n", "api/app.py": FLASK}
VITE_WEB = {"web/package.json": VITE, "web/index.html": "<script src=/src/main.js>", "web/src/main.js": "1"}

TREES: list[tuple[str, dict[str, bytes | str], tuple[str, ...]]] = [
    ("an empty tree", {}, (".",)),
    ("an application", {"requirements.txt": "flask", "app.py": FLASK}, (".",)),
    ("two folders", {**PYTHON_API, **VITE_WEB, "README.md": "x"}, ("api", "web")),
    ("a folder and tools in the root", {**PYTHON_API, "package.json": '{"devDependencies": {"husky": "9"}}'}, ("api",)),
    (
        "a page built into the server in the root",
        {"requirements.txt": "flask", "app.py": FLASK, **VITE_WEB, "package.json": "{}"},
        (".",),
    ),
    (
        "a folder with its own Dockerfile beside an application",
        {"requirements.txt": "flask", "app.py": FLASK, **VITE_WEB, "web/Dockerfile": "FROM nginx"},
        (".", "web"),
    ),
    (
        "a workspace with members only",
        {
            "package.json": '{"workspaces": ["apps/*", "packages/*"]}',
            "turbo.json": "{}",
            "apps/web/package.json": NEXT,
            "apps/api/package.json": EXPRESS,
            "apps/api/server.js": SERVER,
            "packages/ui/package.json": LIBRARY,
            "packages/ui/index.js": "module.exports = 1",
        },
        ("apps/api", "apps/web"),
    ),
    (
        "a root that starts its members",
        {
            "package.json": '{"workspaces": {"packages": ["apps/*"]}, "scripts": {"start": "turbo run start"}}',
            "apps/web/package.json": NEXT,
            "apps/ui/package.json": LIBRARY,
        },
        (".", "apps/web"),
    ),
    (
        "a pnpm workspace",
        {
            "package.json": "{}",
            "pnpm-workspace.yaml": "packages: ['apps/**', '!apps/old']",
            "apps/a/package.json": EXPRESS,
            "apps/a/server.js": SERVER,
            "apps/old/package.json": LIBRARY,
        },
        ("apps/a",),
    ),
    (
        "a Go workspace with one program",
        {
            "go.work": "go 1.22\nuse (\n\t./api // x\n\t./lib\n)\n",
            "api/go.mod": "module x/api",
            "lib/go.mod": "module x/lib",
            "api/main.go": "package main\nfunc main() {}",
            "lib/lib.go": "package lib",
        },
        (".",),
    ),
    (
        "two Go modules",
        {"a/go.mod": "module x/a", "b/go.mod": "module x/b", "a/main.go": LISTENING, "b/main.go": LISTENING},
        ("a", "b"),
    ),
    (
        "compose builds",
        {
            "docker-compose.yml": "services: {one: {build: ./x}, two: {build: {context: y}}, db: {image: redis}}",
            "x/Dockerfile": "FROM a",
            "y/Dockerfile": "FROM b",
            "z/package.json": LIBRARY,
        },
        ("x", "y"),
    ),
    (
        "a render blueprint",
        {
            "render.yaml": "services: [{type: web, rootDir: api}, {type: web, rootDir: ./web/}, {rootDir: x}]",
            **PYTHON_API,
            **VITE_WEB,
        },
        ("api", "web"),
    ),
    ("examples beside an application", {"app.py": FLASK, "examples/a/package.json": EXPRESS}, (".",)),
    (
        "examples and nothing else",
        {"examples/a/package.json": EXPRESS, "examples/a/server.js": SERVER},
        ("examples/a",),
    ),
    ("documentation beside a folder", {**PYTHON_API, "docs/package.json": NEXT}, ("api",)),
    ("a program without a manifest", {"backend/app.py": FLASK, "notes.txt": ""}, ("backend",)),
    (
        "Django in a folder, its requirements in the root",
        {
            "requirements.txt": "django",
            "backend/manage.py": "import os",
            "backend/x/settings.py": "",
            "backend/x/wsgi.py": "",
        },
        (".",),
    ),
    (
        "images of tools beside an application",
        {
            "app.py": FLASK,
            "requirements.txt": "flask",
            "docker/db/Dockerfile": "FROM a",
            ".devcontainer/Dockerfile": "FROM b",
        },
        (".",),
    ),
    (
        "a library that other packages import",
        {
            "apps/web/package.json": NEXT,
            "packages/api/package.json": '{"exports": "./a.js", "dependencies": {"express": "4"}}',
            "packages/api/index.js": SERVER,
        },
        ("apps/web",),
    ),
    (
        "a .NET application with its page and a library",
        {
            "Shop.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>',
            "Program.cs": "var app = WebApplication.CreateBuilder();",
            "ClientApp/package.json": VITE,
            "ClientApp/index.html": "",
            "Lib/Lib.csproj": '<Project Sdk="Microsoft.NET.Sdk"/>',
        },
        (".",),
    ),
    (
        "modules of Maven",
        {
            "pom.xml": "<project><modules><module>a</module><module>b</module></modules></project>",
            "a/pom.xml": POM,
            "b/pom.xml": POM,
            "a/src/main/java/App.java": SPRING,
            "b/src/main/java/App.java": SPRING,
        },
        ("a", "b"),
    ),
    (
        "a solution of .NET",
        {
            "x.slnx": '<Solution><Project Path="tools/A/A.csproj" /><Project Path="tools\\B\\B.csproj"/></Solution>',
            "tools/A/A.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>',
            "tools/A/Program.cs": "WebApplication.CreateBuilder();",
            "tools/B/B.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>',
            "tools/B/Program.cs": "WebApplication.CreateBuilder();",
        },
        ("tools/A", "tools/B"),
    ),
    ("libraries only", {"packages/a/package.json": LIBRARY, "packages/b/package.json": LIBRARY}, (".",)),
    ("folders too deep", {"a/b/c/d/package.json": EXPRESS}, (".",)),
    ("stated", {".slipway.toml": 'services = ["./x/", "y"]', "x/a": "", "y/a": "", **PYTHON_API}, ("x", "y")),
    ("Procfiles in folders", {"a/Procfile": "web: x", "b/Procfile": "web: y"}, ("a", "b")),
]


@pytest.mark.parametrize(("files", "roots"), [row[1:] for row in TREES], ids=[row[0] for row in TREES])
def test_services(files: dict[str, bytes | str], roots: tuple[str, ...]) -> None:
    assert services.find(of_memory(files)).roots == roots


def test_the_choice_is_explained() -> None:
    found = services.find(of_memory({**PYTHON_API, **VITE_WEB, "lib/package.json": LIBRARY}))
    (warning,) = found.warnings
    assert warning.message == "the root itself starts nothing; services: api, web; not taken for services: lib"
    assert found.others == ("lib",)


def test_one_service_of_several() -> None:
    view = of_memory({**PYTHON_API, **VITE_WEB, "lib/package.json": LIBRARY})
    assert services.find(view, "./api/").roots == ("api",)
    assert services.find(view, "lib").roots == ("lib",)
    assert services.find(view, ".").roots == (".",)


@pytest.mark.parametrize("wanted", ["nowhere", "../api", "/etc", "api/app.py", "ap", ""])
def test_a_service_that_is_not_there(wanted: str) -> None:
    view = of_memory({**PYTHON_API, **VITE_WEB})
    if wanted == "":
        assert services.find(view, wanted).roots == (".",)
        return
    with pytest.raises(Failure, match="there are: api, web") as error:
        services.find(view, wanted)
    assert error.value.code == "NoSuchService"


def test_a_stated_folder_that_is_not_there() -> None:
    with pytest.raises(Failure, match="no folder gone") as error:
        services.find(of_memory({".slipway.toml": 'services = ["gone"]'}))
    assert error.value.code == "InvalidSettings"


def test_many_folders_are_not_all_read() -> None:
    reads: list[str] = []
    files: dict[str, bytes | str] = {f"lib{number:03}/package.json": LIBRARY for number in range(400)}
    view = of_memory(files)
    reader = view._reader

    def counted(path: str) -> bytes | None:
        reads.append(path)
        return reader(path)

    view._reader = counted
    assert services.find(view).roots == (".",)
    assert len(set(reads)) <= 60


DECLARING = (
    "package.json",
    "pnpm-workspace.yaml",
    "lerna.json",
    "rush.json",
    "pyproject.toml",
    "Cargo.toml",
    "go.work",
)
MORE = ("pom.xml", "settings.gradle", "x.sln", "compose.yaml", "render.yaml", ".do/app.yaml", "nx.json")
RUBBISH = (
    *("", "[", "[]", "\0", "a: [", '{"workspaces": 5, "packages": {}, "projects": [1, {"projectFolder": 4}]}'),
    *(
        "services: [1, {rootDir: [1]}]",
        "services: {a: {build: 4}, b: {build: {context: {}}}}",
        "[workspace]\nmembers = 4",
    ),
    *(
        "<module>../..</module><module>",
        "include ':..:..', \"",
        "use ../../x\nuse (",
        '{"workspaces": ["../*", "/", "", "**", 5]}',
    ),
    *(
        '[tool.uv.workspace]\nmembers = [1, "*"]\n[project]\nname = 4',
        'Project("{x}") = "a", "..\\..\\a.csproj", "{y}"',
    ),
)


@pytest.mark.parametrize("text", RUBBISH)
def test_rubbish_is_harmless(text: str) -> None:
    for name in (*DECLARING, *MORE):
        found = services.find(of_memory({name: text, "web/package.json": "{}", "x/y": ""}))
        assert all(root == "." or root in ("web", "x") for root in found.roots)
