"""How the application is packed: the build's command, and what of its output the image is made of."""

from __future__ import annotations

import re
from dataclasses import replace

from analyzer import confidence
from analyzer.languages.java import choice
from analyzer.languages.java.build import Build
from analyzer.model import Start
from analyzer.project import Project

QUIET = "mvn --batch-mode --no-transfer-progress"


def describe(project: Project, build: Build, chosen: choice.Chosen) -> None:
    """Adds start and build command, and notes for the recipe how the jar comes about."""
    findings, module = project.findings, chosen.module
    start, jar = choice.start_of(chosen)
    if start is None:
        findings.cannot_tell("start", f"the class with main: `mainClass` in {module.path}")
        return
    folder = "" if module.folder == "." else module.folder + "/"
    findings.add("start", start, chosen.sureness, chosen.reason, *chosen.evidence)
    settings = project.view.first("settings.xml") if build.tool == "maven" and build.context == project.root else None
    jar = "path" if module.is_application and "build/install/" in _said(project) else jar
    command = _maven(module.folder, jar, settings) if build.tool == "maven" else _gradle(module.folder, jar)
    if findings.value("framework") == "dropwizard" and (config := _dropwizard(project)):
        start = replace(start, command=f"{start.command} server {config}", argv=(*start.argv, "server", config))
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
        manifests=[*build.manifests, *([settings] if settings else [])],
        files=_files(project),
        module=module.folder,
        build=command,
        jar=jar,
        artifact=_artifact(start) if jar in ("boot", "fat", "plain", "runner", "quarkus") else "",
        argv=list(start.argv),
        main=chosen.main_class or "",
        name=module.name,
        boot=module.boot,
        packaging=module.packaging,
        gradle=build.wrapper,
        offline=build.tool == "maven" and len(build.manifests) == 1 and build.path == "pom.xml",
        polyglot=build.path == "pom.yml",
    )


def _artifact(start: Start) -> str:
    """The jar that a derived start command names."""
    word = start.command.split()[2].strip('"')
    return f"{word}.jar" if word.endswith("*") else word


def _said(project: Project) -> str:
    """The start command that a person wrote down."""
    start = project.findings.value("start")
    return start.command if isinstance(start, Start) else ""


def _dropwizard(project: Project) -> str | None:
    """The settings that Dropwizard's `server` command reads."""
    names = [path for path in project.view.top() if path.endswith((".yml", ".yaml"))]
    return next((name for name in names if project.view.find(name, re.compile(r"^server:"))), None)


def _files(project: Project) -> list[str]:
    """What lies beside the program when it runs."""
    is_dropwizard = project.findings.value("framework") == "dropwizard"
    config = _dropwizard(project) if is_dropwizard else None
    return [config] if config else []


def _maven(folder: str, jar: str, settings: str | None) -> str:
    """The package, without its tests: they belong to the pipeline."""
    said = f" --settings {settings}" if settings else ""
    only = said + ("" if folder == "." else f" --projects {folder} --also-make")
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
