"""A service of a compiled language in memory: what their tests share."""

from __future__ import annotations

from analyzer import languages
from analyzer.analyze import Options, analyze
from analyzer.model import Service
from analyzer.render.dockerfile import dockerfile
from analyzer.source.view import of_memory

MAIN = "package main\n\nfunc main() {}\n"


def service(files: dict[str, str], root: str = ".") -> Service:
    """The service at a root of a tree."""
    found = analyze(of_memory(dict(files)), options=Options(service=root)).service(root)
    assert found
    return found


def image(files: dict[str, str], root: str = ".") -> str:
    """Its Dockerfile; empty when there is none."""
    found = service(files, root)
    module = languages.load(languages.module_of(found.value("language")))
    recipe = module.recipe(found)
    return dockerfile(recipe, title="app") if recipe else ""


def command(found: Service) -> str | None:
    """How it starts, as a person would type it."""
    start = found.value("start")
    return start.command if start else None


def listening(body: str) -> str:
    """A Go program with a body of main."""
    return f'package main\n\nimport (\n\t"net/http"\n\t"os"\n)\n\nfunc main() {{\n{body}\n}}\n'


def csproj(sdk: str = "Microsoft.NET.Sdk.Web", target: str = "net8.0", more: str = "", items: str = "") -> str:
    """A project file of .NET."""
    group = f"<PropertyGroup>\n<TargetFramework>{target}</TargetFramework>{more}</PropertyGroup>"
    return f'<Project Sdk="{sdk}">\n{group}<ItemGroup>{items}</ItemGroup></Project>'


def pom(
    dependencies: str = "", plugins: str = "", properties: str = "", head: str = "", *, packaging: str = "jar"
) -> str:
    """A pom.xml; dependencies and plugins as group:artifact, a line each."""
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0">'
        f"{head}<artifactId>shop</artifactId><version>1.0</version><packaging>{packaging}</packaging>\n"
        f"<properties>\n{properties}\n</properties>\n"
        f"<dependencies>{_rows('dependency', dependencies)}</dependencies>"
        f"<build><plugins>{_rows('plugin', plugins)}</plugins></build></project>"
    )


def _rows(name: str, lines: str) -> str:
    rows = [line.partition(":") for line in lines.split()]
    return "".join(
        f"<{name}><groupId>{group}</groupId>\n<artifactId>{artifact}</artifactId>\n</{name}>"
        for group, _, artifact in rows
    )
