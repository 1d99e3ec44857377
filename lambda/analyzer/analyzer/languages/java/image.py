"""The image of a JVM program: dependencies first, one jar (or its layers), on a runtime without compiler."""

from __future__ import annotations

import re

from analyzer import confidence, versions
from analyzer.languages.compiled.image import WITHOUT_TIMES, apt, program, variables
from analyzer.languages.java import choice
from analyzer.languages.java.build import Build
from analyzer.languages.java.trust import TRUST
from analyzer.model import Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Command, Comment, Copy, Expose, Recipe, Run, Stage, Step, Workdir

LONG_TERM = (8, 11, 17, 21, 25)
"""Releases that there are images of for good; a newer compiler still compiles for an older release."""
REPOSITORY, GRADLE = "/root/.m2", "/root/.gradle"
TOMCAT = "tomcat:{tomcat}-jre{java}"
LAYERS = ("dependencies", "spring-boot-loader", "snapshot-dependencies", "application")
QUIET = "mvn --batch-mode --no-transfer-progress"


def describe(project: Project, build: Build, chosen: choice.Chosen) -> None:
    """Adds start and build command, and notes for the recipe how the jar comes about."""
    findings, module = project.findings, chosen.module
    start, jar = choice.start_of(chosen)
    folder = "" if module.folder == "." else module.folder + "/"
    findings.add("start", start, chosen.sureness, chosen.reason, *chosen.evidence)
    command = _maven(module.folder, jar) if build.tool == "maven" else _gradle(module.folder, jar)
    wrapper = {"maven": "mvnw", "gradle": "gradlew"}[build.tool]
    typed = command.replace(QUIET, "mvn") if build.tool == "maven" else command
    own = project.whole.sub(build.context).has(wrapper)
    findings.add(
        "build_command",
        typed.replace(typed.split()[0], f"./{wrapper}", 1) if own else typed,
        confidence.DEFAULT,
        f"{build.tool} packs the program so",
    )
    output = f"{folder}{'target' if build.tool == 'maven' else 'build'}"
    findings.add("output_dir", output, confidence.DEFAULT, f"{build.tool} writes it")
    findings.details.update(
        tool=build.tool,
        manifests=list(build.manifests),
        module=module.folder,
        build=command,
        jar=jar,
        artifact=start.command.removeprefix("java -jar ")
        if jar in ("boot", "fat", "plain", "runner", "quarkus")
        else "",
        main=chosen.main_class or "",
        name=module.name,
        boot=module.boot,
        packaging=module.packaging,
        gradle=build.wrapper,
        offline=build.tool == "maven" and len(build.manifests) == 1,
        polyglot=build.path == "pom.yml",
        settings=project.view.first("maven_settings.xml", ".mvn/settings.xml") or "",
    )


def _maven(folder: str, jar: str) -> str:
    """The package, without its tests: they belong to the pipeline."""
    only = "" if folder == "." else f" --projects {folder} --also-make"
    copied = (
        " dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/lib" if jar == "path" else ""
    )
    return f"{QUIET}{only} -DskipTests package{copied}"


def _gradle(folder: str, jar: str) -> str:
    task = {"boot": "bootJar", "fat": "shadowJar", "path": "installDist", "war": "war", "plain": "jar"}.get(
        jar, "quarkusBuild"
    )
    project = "" if folder == "." else ":" + folder.replace("/", ":") + ":"
    return f"gradle --no-daemon {project}{task}"


def recipe(service: Service) -> Recipe | None:
    """Two stages: Maven's or Gradle's image builds, a runtime runs; one for a jar that is there already."""
    start, details = service.value("start"), service.details
    if not isinstance(start, Start) or service.value("kind") in ("library", "function"):
        return None
    if details.get("prebuilt"):
        return Recipe((_runtime(service, start, (Copy((".",), "."),)),))
    if not details.get("build") or details.get("polyglot"):
        return None
    content = (Copy(("/image",), "/", stage="build"),)
    last = _tomcat(service, content) if details["jar"] == "war" else _runtime(service, _in_image(start), content)
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
        download = f"{QUIET} dependency:go-offline"
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
        return (f"{command} --settings {details['settings']}" if details.get("settings") else command,)
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
    jar, details = str(service.details["jar"]), service.details
    inner = "" if details.get("folder", ".") == "." or details["tool"] == "maven" else f"{details['folder']}/"
    folder = inner + ("" if details["module"] == "." else f"{details['module']}/")
    if jar == "war":
        return [
            "install -d /image/usr/local/tomcat/webapps",
            f"cp {folder}{_libs(details)}/*.war /image/usr/local/tomcat/webapps/ROOT.war",
        ]
    if jar == "path":
        return _class_path(service, folder)
    if jar == "quarkus":
        return [
            "install -d /image/app",
            f"cp -r {_artifact(service).rpartition('/')[0]}/. /image/app/",
            "mv /image/app/quarkus-run.jar /image/app/app.jar",
        ]
    place = "/image/app/app.jar" if _is_own(start) else f"/image/app/{_artifact(service)}"
    kept = [_one_jar(service, place)]
    if jar == "runner":
        kept.append(f"cp -r {_artifact(service).rpartition('/')[0]}/lib /image/app/lib")
    if jar == "boot" and _layered(service) and _is_own(start):
        kept += [
            "cd /image/app",
            "java -Djarmode=tools -jar app.jar extract --destination /tmp/app",
            "rm app.jar && cp -r /tmp/app/. .",
        ]
    return kept


def _libs(details: object) -> str:
    return "target" if isinstance(details, dict) and details.get("tool") == "maven" else "build/libs"


def _one_jar(service: Service, place: str) -> str:
    """Copies the built jar; where its name cannot be told, the one that is no by-product."""
    path = _artifact(service)
    if "*" in place:
        return f"install -d {place.rpartition('/')[0]} && cp {path} {place.rpartition('/')[0]}/"
    if "*" not in path:
        return f"install -D {path} {place}"
    found = f"ls {path} | grep -v -e '-plain\\.jar$' -e '-sources\\.jar$' -e '-javadoc\\.jar$' | head -n 1"
    return f'install -D "$({found})" {place}'


def _layered(service: Service) -> bool:
    """Whether the jar can take itself apart into its libraries and the application (Spring Boot 3.3)."""
    found = re.match(r"(\d+)\.(\d+)", str(service.details.get("boot") or ""))
    return found is not None and (int(found[1]), int(found[2])) >= (3, 3)


def _class_path(service: Service, folder: str) -> list[str]:
    """Libraries beside a jar that only names them and the main class."""
    details = service.details
    if details["tool"] == "gradle":
        copied = f"cp {folder}build/install/*/lib/*.jar /image/app/lib/"
    else:
        copied = f"cp {folder}target/*.jar {folder}target/lib/*.jar /image/app/lib/"
    main = str(details["main"])
    head = f"printf 'Main-Class: {main}\\nClass-Path: .\\n'"
    named = f"{{ {head}; (cd /image/app && printf '  %s\\n' lib/*.jar); }} > /tmp/manifest"
    return ["install -d /image/app/lib", copied, named, "jar cfm /image/app/app.jar /tmp/manifest"]


def _is_own(start: Start) -> bool:
    return start.argv == choice.ARGV


def _in_image(start: Start) -> Start:
    """A person's `java -jar target/x.jar` finds its jar at that place; build tools are not in the image."""
    if program(start).rpartition("/")[2] in ("mvn", "mvnw", "gradle", "gradlew"):
        return Start("jar", None, start.command, choice.ARGV)
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
