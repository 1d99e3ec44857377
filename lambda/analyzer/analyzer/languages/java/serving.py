"""What a JVM program serves: its framework, kind, port and health path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from analyzer import confidence
from analyzer.languages.compiled import serving as shared
from analyzer.languages.compiled.serving import listen
from analyzer.languages.compiled.sources import Sources
from analyzer.languages.java.build import Module
from analyzer.model import Evidence
from analyzer.project import Project

FRAMEWORKS = (
    ("quarkus", 8080, ("io.quarkus", "io.quarkus.platform")),
    ("micronaut", 8080, ("io.micronaut",)),
    ("spring-boot", 8080, ("org.springframework.boot",)),
    ("helidon", 8080, ("io.helidon.webserver", "io.helidon.microprofile.bundles", "io.helidon")),
    ("dropwizard", 8080, ("io.dropwizard",)),
    ("ktor", 8080, ("io.ktor:ktor-server-core", "io.ktor:ktor-server-netty", "io.ktor")),
    ("vertx", None, ("io.vertx",)),
    ("javalin", 8080, ("io.javalin",)),
    ("spark-java", 4567, ("com.sparkjava",)),
    ("play", 9000, ("com.typesafe.play", "org.playframework")),
    ("ratpack", 5050, ("io.ratpack",)),
    ("http4k", None, ("org.http4k",)),
    ("armeria", None, ("com.linecorp.armeria",)),
    ("jooby", 8080, ("io.jooby",)),
    ("undertow", None, ("io.undertow",)),
    ("jetty", None, ("org.eclipse.jetty",)),
    ("tomcat", 8080, ("org.apache.tomcat.embed",)),
)
"""Framework, the port where it listens when it is told nothing, groups or artifacts of its dependencies."""
BOOT_SERVERS = re.compile(
    r"org\.springframework\.boot:spring-boot-starter-(?:web|webflux|webmvc|jersey|data-rest|graphql|web-services|actuator|undertow"
    r"|jetty|tomcat|thymeleaf|freemarker|mustache|websocket|hateoas|oauth2-\w+)|^com\.vaadin|^org\.springframework:spring-web"
)
"""Dependencies by which a Spring Boot program serves HTTP."""
SETTINGS = (
    "src/main/resources/application.properties",
    "src/main/resources/application.yml",
    "src/main/resources/application.yaml",
    "src/main/resources/config/application.properties",
    "src/main/resources/config/application.yml",
    "src/main/resources/META-INF/microprofile-config.properties",
    "src/main/resources/application.conf",
    "resources/application.conf",
    "resources/application.yaml",
    "conf/application.conf",
    "application.properties",
    "application.yml",
    "config.yml",
)
PORT_KEYS = (
    "%prod.quarkus.http.port",
    "quarkus.http.port",
    "micronaut.server.port",
    "server.port",
    "ktor.deployment.port",
)
VALUE = re.compile(r"\$\{(?P<variable>[\w.]+)(?::-?(?P<default>[^}]*))?\}")
HOCON_PORT = re.compile(r"^\s*(?:http\.|deployment\.|ktor\.deployment\.)?port\s*[=:]\s*\"?(?P<port>\d{2,5})")
TABLE = (
    listen(r"InetSocketAddress\(\s*(?:\"(?P<host>[\w.]+)\"\s*,\s*)?(?P<port>\d{2,5})\s*\)"),
    listen(r"\bembeddedServer\([^)\n]*?port\s*=\s*(?P<port>\d{2,5})"),
    listen(
        r"\b(?:listen|start|port|setPort|withPort|bindAndHandle|newServerAt|serverPort|http)\(\s*(?:\"(?P<host>[\w.]+)\"\s*,\s*)?(?P<port>\d{2,5})\b"
    ),
    listen(r"\b(?:ServerSocket|Server|Tomcat|JettyServer|asServer\(\w+)\(\s*(?P<port>\d{2,5})\s*\)"),
    listen(r"\baddHttpListener\(\s*(?P<port>\d{2,5})\s*,\s*\"(?P<host>[\w.]+)\""),
    listen(
        r"\b(?:int|val|var|Integer|final)\b[^\n=;(]{0,40}(?i:port)\w*\s*(?::\s*Int\s*)?=\s*(?P<port>\d{2,5})\b",
        "holds the port",
        confidence.DEFAULT,
    ),
)
LISTENS = re.compile(
    r"\bHttpServer\.create|\bnew\s+ServerSocket\(|\bnew\s+Server\(\s*\d|\bUndertow\.builder|\bServerBuilder\.forPort"
)
ROOT = re.compile(
    r"@(?:Get|Request)Mapping(?:\(\s*(?:value\s*=\s*|path\s*=\s*)?\{?\"/\"|\s*$|\(\)\s*$)|@Path\(\"/\"\)|@Get\(\"/\"\)|\b(?:get|route)\(\s*\"/\"",
    re.M,
)
FUNCTIONS = ("com.google.cloud.functions", "com.amazonaws:aws-lambda-java-core", "com.microsoft.azure.functions")


def framework(project: Project, module: Module) -> str | None:
    """Adds the framework that the module depends on."""
    for name, _, groups in FRAMEWORKS:
        if evidence := module.needs(*groups) or _of_plugin(project, module, name):
            reason = f"{module.path} depends on {name}"
            project.findings.add("framework", name, confidence.DECLARED, reason, evidence)
            return name
    return None


def _of_plugin(project: Project, module: Module, name: str) -> Evidence | None:
    plugged = {"spring-boot": module.is_boot, "quarkus": module.is_quarkus}
    plugged["micronaut"] = module.plugin("io.micronaut.application", "micronaut-maven-plugin") is not None
    plugged["ktor"] = module.plugin("io.ktor.plugin") is not None
    return project.view.evidence(module.path) if plugged.get(name) else None


def read(project: Project, module: Module, name: str | None, sources: Sources) -> None:
    """Adds kind, port and health path."""
    sources = sources.serving()
    if not _kind(project, module, name, sources):
        return
    _from_settings(project, module)
    shared.find_port(project, sources, TABLE)
    shared.warn_of_loopback(project, sources, TABLE)
    _health(project, module, name, sources)
    if project.findings.value("port") is None:
        default = next((port for known, port, _ in FRAMEWORKS if known == name), None)
        default = default or (8080 if module.packaging == "war" else None)
        if default:
            reason = f"{name or 'Tomcat'} listens there when it is told nothing"
            project.findings.add("port", default, confidence.DEFAULT, reason)
        elif "port_variable" in project.findings.details:
            said = f"it listens where {project.findings.details['port_variable']} says, which the image sets"
            project.findings.add("port", 8080, confidence.DEFAULT, said)
    shared.no_port(project, name or "")


def _kind(project: Project, module: Module, name: str | None, sources: Sources) -> bool:
    """Adds the kind; whether it serves."""
    add = project.findings.add
    found = module.needs(*FUNCTIONS)
    if found and name is None:
        add("kind", "function", confidence.PROVEN, f"{module.path} depends on a functions host's interface", found)
        return False
    if name == "spring-boot" and not _serves(module):
        worker = module.needs("org.springframework.kafka", "org.springframework.amqp", "org.springframework.cloud")
        kind = "worker" if worker else "command"
        add("kind", kind, confidence.CONVENTION, f"{module.path} has Spring Boot without a web server")
        return False
    listening = sources.search(LISTENS, ("HttpServer", "ServerSocket", "new Server(", "Undertow", "forPort"))
    if name or listening or module.packaging == "war":
        what = f"it is built with {name}" if name else "it is packed as a web archive"
        reason = f"{listening.path} listens for requests" if listening else what
        evidence = listening.evidence if listening else project.view.evidence(module.path)
        add("kind", "web", confidence.PROVEN, reason, evidence)
        return True
    add("kind", "command", confidence.CONVENTION, "neither its dependencies nor its source serve HTTP")
    return False


def _serves(module: Module) -> bool:
    known = [dependency for dependency in module.dependencies if dependency.startswith("org.springframework.boot:")]
    return not known or any(BOOT_SERVERS.search(dependency) for dependency in module.dependencies)


def _from_settings(project: Project, module: Module) -> None:
    """The port of the settings that the framework reads."""
    prefix = "" if module.folder == "." else module.folder + "/"
    for path in (prefix + name for name in SETTINGS):
        if not project.view.has(path):
            continue
        if path.endswith(".conf"):
            found = project.view.find(path, HOCON_PORT)
            if found:
                project.findings.add("port", int(found[0]["port"]), confidence.PROVEN, f"{path} sets it", found[1])
            continue
        settings = _settings(project, path)
        _add_port(project, path, settings)
        _warn_of_address(project, path, settings)


def _settings(project: Project, path: str) -> dict[str, str]:
    if path.endswith((".yml", ".yaml")):
        return dict(_flat(project.yaml(path) or {}, ""))
    pairs = (line.partition("=") for line in project.view.lines(path) if not line.lstrip().startswith(("#", "!")))
    return {key.strip(): value.strip() for key, mark, value in pairs if mark}


def _flat(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, str | int):
        yield prefix, str(value)


def _add_port(project: Project, path: str, settings: dict[str, str]) -> None:
    for key in PORT_KEYS:
        value = settings.get(key, "")
        variable = VALUE.search(value)
        text = (variable["default"] or "") if variable else value
        if variable and "." not in variable["variable"]:
            project.findings.details.setdefault("port_variable", variable["variable"])
        if text.strip().isdigit() and 0 < int(text) <= 65535:
            place = project.view.find(path, re.compile(rf"\bport\b\s*[:=]\s*[\"']?{re.escape(value)}"))
            evidence = place[1] if place else project.view.evidence(path)
            project.findings.add("port", int(text), confidence.PROVEN, f"{path} sets {key}", evidence)
            return


def _warn_of_address(project: Project, path: str, settings: dict[str, str]) -> None:
    for key in ("server.address", "quarkus.http.host", "micronaut.server.host"):
        if settings.get(key) in shared.LOOPBACK:
            message = f"{path} binds to {settings[key]}: nothing outside the container can reach it"
            evidence = project.view.evidence(path)
            project.findings.warn("binds_loopback", message, evidence, remedy=f"leave {key} out, or set it to 0.0.0.0")


def _health(project: Project, module: Module, name: str | None, sources: Sources) -> None:
    """The endpoint of the framework's own health module, else a route of the source."""
    prefix = "" if module.folder == "." else module.folder + "/"
    settings: dict[str, str] = {}
    for path in SETTINGS:
        if project.view.has(prefix + path) and not path.endswith(".conf"):
            settings |= _settings(project, prefix + path)
    context = settings.get("server.servlet.context-path") or settings.get("spring.webflux.base-path") or ""
    base = settings.get("management.endpoints.web.base-path", "/actuator")
    known = (
        ("org.springframework.boot:spring-boot-starter-actuator", f"{context}{base}/health"),
        ("io.quarkus:quarkus-smallrye-health", settings.get("quarkus.smallrye-health.root-path", "/q/health")),
        ("io.micronaut:micronaut-management", "/health"),
        ("io.helidon.webserver.observe:helidon-webserver-observe-health", "/observe/health"),
        ("io.helidon.health", "/health"),
    )
    for dependency, path in known:
        if evidence := module.needs(dependency):
            where = "/" + re.sub(r"/+", "/", path).strip("/")
            if "management.server.port" not in settings:
                project.findings.add("health_path", where, confidence.DEFAULT, f"{dependency} answers it", evidence)
                return
    shared.find_health(project, sources, ROOT)
