"""The image of a JVM program: dependencies first, one jar (or its layers), on a runtime without compiler."""

from __future__ import annotations

import re
from dataclasses import replace

from analyzer import versions
from analyzer.languages.compiled.image import WITHOUT_TIMES, apt, program, variables
from analyzer.languages.java import choice
from analyzer.languages.java.trust import TRUST
from analyzer.model import Service, Start
from analyzer.render.recipe import Command, Comment, Copy, Expose, Recipe, Run, Stage, Step, Workdir

LONG_TERM = (8, 11, 17, 21, 25)
"""Releases that there are images of for good; a newer compiler still compiles for an older release."""
REPOSITORY, GRADLE = "/root/.m2", "/root/.gradle"
TOMCAT = "tomcat:{tomcat}-jre{java}"
SAME_TIME = "-Dproject.build.outputTimestamp=1980-02-01T00:00:00Z"
"""Of the entries of a jar, so that the same source gives the same bytes (maven.apache.org, reproducible builds)."""


def recipe(service: Service) -> Recipe | None:
    """Two stages: Maven's or Gradle's image builds, a runtime runs; one for a jar that is there already."""
    given, details = service.value("start"), service.details
    if not isinstance(given, Start) or service.value("kind") in ("library", "function"):
        return None
    if details.get("prebuilt"):
        return Recipe((_runtime(service, given, (Copy((".",), "."),)),))
    if not details.get("build") or details.get("polyglot"):
        return None
    start = _in_image(service, given)
    content: tuple[Step, ...] = (Copy(("/image",), "/", stage="build"),)
    if _has_libraries(service, start):
        content = (Copy(("/libraries",), "/", stage="build"), *content)
    content += tuple(Copy((path,), path) for path in details.get("files", ()))
    last = _tomcat(service, content) if details["jar"] == "war" else _runtime(service, start, content)
    return Recipe((_build(service, start), last), ("**/target", "**/build", "**/.gradle", "!**/src/**"))


def release(version: str | None) -> int:
    """The long-term release whose image compiles and runs a version, the next one where it is none itself."""
    cycle = versions.cycle("java", version) if version else ""
    number = int(cycle) if cycle.isdigit() else 21
    return next((known for known in LONG_TERM if known >= number), number)


def _build(service: Service, start: Start) -> Stage:
    details = service.details
    java = release(service.value("runtime_version"))
    is_maven = details["tool"] == "maven"
    cache = REPOSITORY if is_maven else GRADLE
    steps: list[Step] = [*apt(service.build_packages), Workdir("/src")]
    if details.get("offline"):
        download = str(details["build"]).partition(" -DskipTests")[0] + " dependency:go-offline"
        steps += [Copy(tuple(details["manifests"]), "./"), Run((TRUST, download), (cache,), downloads=True)]
    steps += [
        Copy((".",), "."),
        *([Workdir(f"/src/{details['folder']}")] if is_maven and details.get("folder", ".") != "." else []),
        Comment("A JVM knows authorities by its own store: that of a company proxy is made of the secret `ca`."),
        Run((TRUST, *_commands(service), *_kept(service, start), WITHOUT_TIMES), (cache,), downloads=True),
    ]
    return Stage(_maven_image(java) if is_maven else _gradle_image(details.get("gradle"), java), tuple(steps), "build")


def _maven_image(java: int) -> str:
    return f"maven:3-eclipse-temurin-{java}"


def _gradle_image(version: str | None, java: int) -> str:
    """Gradle itself comes from its image: a wrapper would fetch it from elsewhere."""
    found = re.match(r"(\d+)\.(\d+)", version or "")
    if not found:
        return f"gradle:{'9' if java > 21 else '8'}-jdk{java}"
    newest = _newest_java(int(found[1]), int(found[2]))
    return f"gradle:{version}-jdk{min(java, newest)}"


def _newest_java(major: int, minor: int) -> int:
    """The newest long-term release that a version of Gradle runs on (docs.gradle.org, compatibility matrix)."""
    for since, java in (((9, 1), 25), ((8, 5), 21), ((7, 3), 17), ((5, 0), 11)):
        if (major, minor) >= since:
            return java
    return 8


def _commands(service: Service) -> tuple[str, ...]:
    details = service.details
    command = str(details["build"])
    if details["tool"] == "maven":
        return (command.replace(" -DskipTests", f" -DskipTests {SAME_TIME}"),)
    inner = str(details.get("folder") or ".")
    if inner != ".":
        command = command.replace("gradle --no-daemon ", f"gradle --no-daemon :{inner.replace('/', ':')}:", 1)
    return (f"GRADLE_USER_HOME={GRADLE} {command}",)


def _artifact(service: Service) -> str:
    """The built file, as seen from where the commands run."""
    inner = str(service.details.get("folder") or ".")
    path = str(service.details["artifact"])
    return path if inner == "." or service.details["tool"] == "maven" else f"{inner}/{path}"


def _kept(service: Service, start: Start) -> list[str]:
    """What of the build goes into the image, to where the start command looks for it."""
    jar, folder = str(service.details["jar"]), _folder(service)
    if jar == "war":
        place = "/image/usr/local/tomcat/webapps"
        return [f"install -d {place}", f"cp {folder}{_output(service)}/*.war {place}/ROOT.war"]
    if not _is_own(start):
        return _whole(service, start, folder)
    if jar == "path":
        return _class_path(service, folder)
    if jar == "quarkus":
        kept = f"cp -r {_artifact(service).rpartition('/')[0]}/. /image/app/"
        return ["install -d /image/app", kept, "mv /image/app/quarkus-run.jar /image/app/app.jar"]
    if jar == "runner":
        libraries = f"cp -r {_artifact(service).rpartition('/')[0]}/lib /image/app/lib"
        return [_one_jar(_artifact(service)), libraries]
    return [_one_jar(_artifact(service)), *(EXTRACT if _has_libraries(service, start) else ())]


EXTRACT = (
    "java -Djarmode=tools -jar /image/app/app.jar extract --destination /tmp/app",
    "install -d /libraries/app && mv /tmp/app/lib /libraries/app/ && mv /tmp/app/app.jar /image/app/",
    "find /libraries -exec touch --date=@0 {} +",
)
"""The libraries of a Spring Boot jar become a layer of their own, which seldom changes."""


def _folder(service: Service) -> str:
    """The module, as seen from where the commands run; ends with a slash."""
    details = service.details
    inner = "" if details.get("folder", ".") == "." or details["tool"] == "maven" else f"{details['folder']}/"
    return inner + ("" if details["module"] == "." else f"{details['module']}/")


def _output(service: Service) -> str:
    return "target" if service.details["tool"] == "maven" else "build/libs"


def _whole(service: Service, start: Start, folder: str) -> list[str]:
    """A person's command finds what was built at the same place as in the source tree."""
    output = "build/install" if "build/install" in start.command else _output(service)
    module = "" if service.details["module"] == "." else f"{service.details['module']}/"
    above = f"/image/app/{module}{output}".rpartition("/")[0]
    return [f"install -d {above}", f"cp -r {folder}{output} {above}/"]


def _one_jar(path: str) -> str:
    """Copies the built jar; where its name cannot be told, the one that is no by-product."""
    if "*" not in path:
        return f"install -D {path} /image/app/app.jar"
    found = f"ls {path} | grep -v -e '-plain\\.jar$' -e '-sources\\.jar$' -e '-javadoc\\.jar$' | head -n 1"
    return f'install -D "$({found})" /image/app/app.jar'


def _has_libraries(service: Service, start: Start) -> bool:
    """Whether libraries get a layer of their own."""
    jar = service.details["jar"]
    return _is_own(start) and (
        (jar == "boot" and _layered(service)) or (jar == "path" and service.details["tool"] == "maven")
    )


def _layered(service: Service) -> bool:
    """Whether the jar can take itself apart into its libraries and the application (Spring Boot 3.3)."""
    found = re.match(r"(\d+)\.(\d+)", str(service.details.get("boot") or ""))
    return found is not None and (int(found[1]), int(found[2])) >= (3, 3)


def _class_path(service: Service, folder: str) -> list[str]:
    """Libraries in one folder; Maven keeps the program apart from them."""
    if service.details["tool"] == "gradle":
        return ["install -d /image/app", f"cp -r {folder}build/install/*/lib /image/app/lib"]
    copied = f"cp -r {folder}target/lib /libraries/app/lib && find /libraries -exec touch --date=@0 {{}} +"
    return ["install -d /image/app/lib /libraries/app", copied, f"cp {folder}target/*.jar /image/app/lib/"]


def _is_own(start: Start) -> bool:
    """Whether the start was derived from the build: all such begin alike."""
    return start.argv[: len(choice.MEMORY)] == choice.MEMORY


def _in_image(service: Service, start: Start) -> Start:
    """A person's `java -jar target/x.jar` finds its jar at that place; build tools are not in the image."""
    own = tuple(str(word) for word in service.details["argv"])
    if program(start).rpartition("/")[2] in ("mvn", "mvnw", "gradle", "gradlew"):
        return replace(start, kind="jar", argv=own)
    return start


def _runtime(service: Service, start: Start, content: tuple[Step, ...]) -> Stage:
    port = service.value("port")
    steps: list[Step] = [
        *apt(service.system_packages),
        Workdir("/app"),
        *content,
        *variables(service, *_env(service, start)),
    ]
    steps += [Expose(int(port))] if port else []
    return Stage(f"eclipse-temurin:{release(service.value('runtime_version'))}-jre", (*steps, Command(start.argv)))


def _env(service: Service, start: Start) -> tuple[tuple[str, str], ...]:
    """The port in the framework's own variable, and the share of memory where the command does not say it."""
    port = service.value("port")
    names = {"spring-boot": "SERVER_PORT", "quarkus": "QUARKUS_HTTP_PORT", "micronaut": "MICRONAUT_SERVER_PORT"}
    name = names.get(str(service.value("framework")))
    ported = ((name, str(port)),) if name and port else ()
    memory = (
        ()
        if any("MaxRAMPercentage" in word for word in start.argv)
        else (("JAVA_TOOL_OPTIONS", "-XX:MaxRAMPercentage=75"),)
    )
    return (*memory, *ported)


def _tomcat(service: Service, content: tuple[Step, ...]) -> Stage:
    """A servlet container; Jakarta's packages need 10 or newer."""
    java = release(service.value("runtime_version"))
    tomcat = "9" if java < 11 else "10"
    steps = (*content, *variables(service), Expose(8080), Command(("catalina.sh", "run")))
    return Stage(TOMCAT.format(tomcat=tomcat, java=java), steps)
