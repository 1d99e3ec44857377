"""Programs of the JVM that neither Maven nor Gradle builds: sbt, Clojure's tools, jars that are there already."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer import confidence, versions
from analyzer.languages.compiled.sources import LARGEST
from analyzer.model import Evidence, Start
from analyzer.project import Project
from analyzer.versions import Pin

SBT_NAME = re.compile(r"\bname\s*:=\s*\"{1,3}(?P<name>[^\"]+)\"")
SBT_PORT = re.compile(r"\b(?:bind|newServerAt|withPort|bindHttp)\([^)\n]*?(?P<port>\d{4,5})")


@dataclass(frozen=True, slots=True)
class Tool:
    """A build tool by the file that it reads."""

    path: str
    language: str
    manager: str


TOOLS = (
    Tool("build.sbt", "scala", "sbt"),
    Tool("build.sc", "scala", "mill"),
    Tool("build.mill", "scala", "mill"),
    Tool("project.clj", "clojure", "leiningen"),
    Tool("deps.edn", "clojure", "clojure-cli"),
    Tool("build.boot", "clojure", "boot"),
    Tool("build.xml", "java", "ant"),
)


def tool(project: Project) -> Tool | None:
    """The tool whose file is in the root."""
    return next((one for one in TOOLS if project.view.has(one.path)), None)


def analyze(project: Project) -> None:
    """Adds what their files say; there is no recipe for them."""
    of = tool(project)
    findings, view = project.findings, project.view
    versions.decide(project, "java", _pins(project))
    if of is None:
        _prebuilt(project)
        return
    evidence = view.evidence(of.path)
    findings.add("package_manager", of.manager, confidence.DECLARED, f"{of.path} is {of.manager}'s", evidence)
    if of.manager == "sbt":
        _sbt(project)
    if of.manager in ("leiningen", "clojure-cli"):
        _clojure(project, of)
    findings.cannot_tell("start", f"a Procfile with the command that starts what {of.manager} builds")


def _pins(project: Project) -> list[Pin]:
    """Bazel and ant say nothing; a manifest of a jar does."""
    found = project.view.find("META-INF/MANIFEST.MF", re.compile(r"^Build-Jdk(?:-Spec)?:\s*(\d+(?:\.\d+)?)"))
    return [Pin(found[0][1], "exact", "the manifest names the JDK that built it", (found[1],))] if found else []


def _sbt(project: Project) -> None:
    """sbt-native-packager (Play brings it) stages a script, sbt-assembly one jar."""
    view, findings = project.view, project.findings
    plugins = "\n".join(view.text(path) or "" for path in view.match("project/*.sbt"))
    text = (view.text("build.sbt") or "")[:LARGEST]
    name = SBT_NAME.search(text)
    stem = re.sub(r"[^\w.-]+", "-", name["name"]).lower() if name else ""
    where = view.find("build.sbt", SBT_NAME)
    evidence: tuple[Evidence, ...] = (where[1],) if where else ()
    is_play = "sbt-plugin" in plugins and ("playframework" in plugins or "typesafe.play" in plugins)
    for crate, framework in (
        ("akka-http", "akka-http"),
        ("pekko-http", "pekko-http"),
        ("http4s", "http4s"),
        ("zio-http", "zio-http"),
    ):
        if crate in text:
            findings.add("framework", framework, confidence.DEFAULT, f"build.sbt depends on {crate}", *evidence)
    if is_play:
        findings.add("framework", "play", confidence.DECLARED, "project/plugins.sbt has Play's plugin")
        findings.add("port", 9000, confidence.DEFAULT, "Play listens there when it is told nothing")
    if findings.candidates["framework"]:
        findings.add("kind", "web", confidence.DEFAULT, "it is built with a web framework", *evidence)
    if stem and (is_play or "sbt-native-packager" in plugins):
        command = f"./target/universal/stage/bin/{stem}"
        output = "target/universal/stage"
        _add(project, Start("binary", None, command, (command,)), build="sbt stage", output=output, evidence=evidence)
    elif "sbt-assembly" in plugins:
        command = "java -jar target/scala-*/*-assembly-*.jar"
        start = Start("jar", None, command, ("sh", "-c", f"exec {command}"))
        _add(project, start, build="sbt assembly", output="target", evidence=evidence)


def _clojure(project: Project, of: Tool) -> None:
    view = project.view
    text = (view.text(of.path) or "")[:LARGEST]
    for crate in ("io.pedestal", "luminus", "ring", "http-kit", "aleph"):
        if re.search(rf"[\[\s(]{re.escape(crate)}[/\s.\w-]*", text):
            project.findings.add(
                "kind", "web", confidence.DEFAULT, f"{of.path} depends on {crate}", view.evidence(of.path)
            )
            break
    for manager, pattern, build, jar in PACKERS:
        if of.manager == manager and (
            place := view.find("build.clj" if manager == "clojure-cli" else of.path, pattern)
        ):
            start = Start("jar", None, f"java -jar {jar}", ("sh", "-c", f"exec java -jar {jar}"))
            _add(project, start, build=build, output="target", evidence=(place[1],))
            return


PACKERS = (
    ("leiningen", re.compile(r"\blein-ring\b"), "lein ring uberjar", "target/*-standalone.jar"),
    ("leiningen", re.compile(r":main\b"), "lein uberjar", "target/*-standalone.jar"),
    ("leiningen", re.compile(r":uberjar\b"), "lein uberjar", "target/*-standalone.jar"),
    ("clojure-cli", re.compile(r"\(defn\s+uber\b"), "clojure -T:build uber", "target/*-standalone.jar"),
)
"""Build tool, what shows that it packs one jar, how, and where."""


def _add(project: Project, start: Start, *, build: str, output: str, evidence: tuple[Evidence, ...]) -> None:
    add = project.findings.add
    add("start", start, confidence.DEFAULT, f"{build} writes what it starts", *evidence)
    add("build_command", build, confidence.DEFAULT, "the build tool's task", *evidence)
    add("output_dir", output, confidence.DEFAULT, f"{build} writes it", *evidence)


def _prebuilt(project: Project) -> None:
    """A jar, an unpacked one, or source files without a build."""
    view, findings = project.view, project.findings
    jars = [path for path in view.top() if path.endswith(".jar")]
    main = view.find("META-INF/MANIFEST.MF", re.compile(r"^Main-Class:\s*([\w.$]+)"))
    if main:
        name = main[0][1]
        start = Start("other", None, f"java -cp . {name}", ("java", "-XX:MaxRAMPercentage=75", "-cp", ".", name))
        findings.add("start", start, confidence.PROVEN, "the manifest names the main class", main[1])
        findings.details["prebuilt"] = True
    elif len(jars) == 1:
        start = Start("jar", None, f"java -jar {jars[0]}", ("java", "-XX:MaxRAMPercentage=75", "-jar", jars[0]))
        findings.add(
            "start", start, confidence.DEFAULT, f"{jars[0]} is the only jar in the root", view.evidence(jars[0])
        )
        findings.details["prebuilt"] = True
    else:
        findings.cannot_tell("start", "a build file: pom.xml or build.gradle")
