"""How .NET services are found, started and packed."""

from __future__ import annotations

import pytest

from tests.unit.analyzer.compiled_service import command, csproj, image, service

CONSOLE = csproj("Microsoft.NET.Sdk", more="<OutputType>Exe</OutputType>")
LIBRARY = csproj("Microsoft.NET.Sdk")
TESTS = csproj("Microsoft.NET.Sdk", items='<PackageReference Include="xunit" Version="2.4"/>')
CHOICES = {
    "web": ({"app.csproj": csproj()}, "web", "./out/app"),
    "console": ({"tool.csproj": CONSOLE}, "command", "./out/tool"),
    "worker": ({"job.csproj": csproj("Microsoft.NET.Sdk.Worker")}, "worker", "./out/job"),
    "F#": ({"app.fsproj": csproj()}, "web", "./out/app"),
    "Visual Basic": ({"app.vbproj": CONSOLE}, "command", "./out/app"),
    "assembly name": ({"app.csproj": csproj(more="<AssemblyName>shop</AssemblyName>")}, "web", "./out/shop"),
    "solution": (
        {"a.sln": "", "src/Api/Api.csproj": csproj(), "src/Core/Core.csproj": LIBRARY, "test/T.Tests.csproj": TESTS},
        "web",
        "./out/Api",
    ),
    "the web one": ({"Seed/Seed.csproj": CONSOLE, "Site/Site.csproj": csproj()}, "web", "./out/Site"),
    "the one that uses the others": (
        {"A/A.csproj": csproj(), "B/B.csproj": csproj(items='<ProjectReference Include="..\\A\\A.csproj"/>')},
        "web",
        "./out/B",
    ),
    "a server's name": ({"X/Shop.Api.csproj": csproj(), "Y/Shop.Admin.csproj": csproj()}, "web", "./out/Shop.Api"),
    "framework reference": (
        {
            "a.csproj": csproj(
                "Microsoft.NET.Sdk",
                more="<OutputType>Exe</OutputType>",
                items='<FrameworkReference Include="Microsoft.AspNetCore.App"/>',
            )
        },
        "web",
        "./out/a",
    ),
}


@pytest.mark.parametrize(("files", "kind", "start"), CHOICES.values(), ids=CHOICES)
def test_start(files: dict[str, str], kind: str, start: str) -> None:
    found = service(files)
    assert [found.value(name) for name in ("language", "package_manager", "kind")] == ["dotnet", "nuget", kind]
    assert command(found) == start
    assert found.value("start").kind == "binary"


@pytest.mark.parametrize(
    ("target", "version"),
    [("net8.0", "8.0"), ("netcoreapp3.1", "3.1"), ("net472;net6.0", "6.0"), ("net9.0-windows;net9.0", "9.0")],
)
def test_version(target: str, version: str) -> None:
    assert service({"a.csproj": csproj(target=target)}).value("runtime_version") == version


def test_version_of_shared_properties() -> None:
    shared = "<Project><PropertyGroup><TargetFramework>net7.0</TargetFramework></PropertyGroup></Project>"
    project = '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>'
    assert service({"Directory.Build.props": shared, "src/a.csproj": project}).value("runtime_version") == "7.0"


def test_port_and_health() -> None:
    files = {"a.csproj": csproj(), "Program.cs": 'app.MapHealthChecks("/healthz");\napp.Run("http://localhost:5005");'}
    found = service(files)
    assert [found.value(name) for name in ("port", "health_path")] == [5005, "/healthz"]
    assert "binds_loopback" in [warning.code for warning in found.warnings]
    kestrel = '{"Kestrel": {"Endpoints": {"Http": {"Url": "http://*:5006"}}}}'
    assert service({"a.csproj": csproj(), "appsettings.json": kestrel}).value("port") == 5006
    launch = '{"profiles": {"a": {"applicationUrl": "http://localhost:5239"}}}'
    assert service({"a.csproj": csproj(), "Properties/launchSettings.json": launch}).value("port") == 8080


def test_image() -> None:
    files = {
        "Shop.sln": "",
        "src/Api/Api.csproj": csproj(items='<ProjectReference Include="..\\Core\\Core.csproj"/>'),
        "src/Core/Core.csproj": LIBRARY,
        "global.json": '{"sdk": {"version": "9.0.100"}}',
    }
    written = image(files)
    assert "FROM mcr.microsoft.com/dotnet/sdk:9.0 AS build" in written
    assert "COPY src/Core/Core.csproj ./src/Core/" in written
    assert "FROM mcr.microsoft.com/dotnet/aspnet:8.0" in written
    assert 'CMD ["./Api"]' in written
    assert "ASPNETCORE_HTTP_PORTS=8080" in written
    assert written.index("dotnet restore") < written.index("COPY . .") < written.index("dotnet publish")
    assert "dotnet/runtime:8.0" in image({"tool.csproj": CONSOLE})
    assert "ASPNETCORE_URLS=http://+:8080" in image({"a.csproj": csproj(target="net6.0")})


def test_a_persons_start_command() -> None:
    assert 'CMD ["dotnet", "app.dll"]' in image({"app.csproj": csproj(), "Procfile": "web: dotnet bin/app.dll"})
    assert 'CMD ["./app"]' in image({"app.csproj": csproj(), "Procfile": "web: dotnet run"})


def test_other_kinds() -> None:
    assert service({"a.csproj": LIBRARY}).value("kind") == "library"
    assert service({"a.csproj": TESTS}).value("start") is None
    blazor = service({"a.csproj": csproj("Microsoft.NET.Sdk.BlazorWebAssembly")})
    assert [blazor.value(name) for name in ("kind", "output_dir")] == ["static", "out/wwwroot"]
    old = service({"a.csproj": csproj("Microsoft.NET.Sdk.Web", target="net48")})
    assert old.value("start") is None
    assert "windows_only" in [warning.code for warning in old.warnings]


def test_published_program() -> None:
    options = '{"runtimeOptions": {"framework": {"name": "Microsoft.AspNetCore.App", "version": "6.0.0"}}}'
    files = {"shop.runtimeconfig.json": options, "shop.dll": ""}
    found = service(files)
    assert [found.value(name) for name in ("kind", "runtime_version")] == ["web", "6.0"]
    assert 'CMD ["dotnet", "shop.dll"]' in image(files)


def test_several_programs_are_named() -> None:
    found = service({"A/A.csproj": csproj(), "B/B.csproj": csproj()})
    assert found.fields["start"].value is None
    assert "A/A.csproj, B/B.csproj" in found.fields["start"].missing


@pytest.mark.parametrize(
    "text", ["", "<", "<Project/>", "<x/>", "<Project><PropertyGroup><OutputType/></PropertyGroup></Project>"]
)
def test_rubbish(text: str) -> None:
    found = service(
        {"a.csproj": text, "global.json": "[]", "appsettings.json": '{"Kestrel": 3}', "Directory.Build.props": text}
    )
    assert found.value("language") == "dotnet"


def test_rubbish_settings() -> None:
    settings = '{"Kestrel": {"Endpoints": {"a": 3, "b": {"Url": 4}}}, "Urls": []}'
    assert (
        service({"a.csproj": csproj(), "appsettings.json": settings, "global.json": '{"sdk": 3}'}).value("port") == 8080
    )
