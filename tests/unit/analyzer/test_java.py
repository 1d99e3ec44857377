"""How services of the JVM are found, started and packed."""

from __future__ import annotations

import pytest

from tests.unit.analyzer.compiled_service import command, image, pom, service

MAIN = {"src/main/java/a/Main.java": "package a;\npublic class Main { public static void main(String[] args) {} }\n"}
BOOT_PARENT = (
    "<parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId>"
    "<version>3.4.1</version></parent>"
)
WEB = "org.springframework.boot:spring-boot-starter-web"
BOOT = pom(WEB, "org.springframework.boot:spring-boot-maven-plugin", "<java.version>21</java.version>", BOOT_PARENT)
BOOT_GRADLE = (
    "plugins {\n  id 'java'\n  id 'org.springframework.boot' version '3.2.0'\n}\n"
    "dependencies {\n  implementation 'org.springframework.boot:spring-boot-starter-web'\n}\n"
)
QUARKUS = pom("io.quarkus:quarkus-rest\nio.quarkus:quarkus-smallrye-health", "io.quarkus:quarkus-maven-plugin")
SHADED = pom("io.javalin:javalin", "org.apache.maven.plugins:maven-shade-plugin")
KTOR = (
    'plugins {\n  kotlin("jvm") version "2.0.0"\n  application\n}\n'
    'dependencies {\n  implementation("io.ktor:ktor-server-netty:2.3.0")\n}\n'
    'kotlin { jvmToolchain(17) }\napplication { mainClass.set("a.MainKt") }\n'
)
STARTS = {
    "Spring Boot": ({"pom.xml": BOOT, **MAIN}, "java -jar target/shop-1.0.jar", "spring-boot"),
    "Spring Boot with Gradle": ({"build.gradle": BOOT_GRADLE, **MAIN}, "java -jar build/libs/*.jar", "spring-boot"),
    "Quarkus": ({"pom.xml": QUARKUS, **MAIN}, "java -jar target/quarkus-app/quarkus-run.jar", "quarkus"),
    "shaded": ({"pom.xml": SHADED, **MAIN}, "java -jar target/shop-1.0.jar", "javalin"),
    "class path": (
        {"pom.xml": pom("io.javalin:javalin"), **MAIN},
        'java -cp "target/shop-1.0.jar:target/lib/*" a.Main',
        "javalin",
    ),
    "no dependency": ({"pom.xml": pom(), **MAIN}, "java -cp target/shop-1.0.jar a.Main", None),
    "manifest": (
        {"build.gradle": "plugins { id 'java' }\njar { manifest { attributes 'Main-Class': 'a.Main' } }", **MAIN},
        "java -jar build/libs/*.jar",
        None,
    ),
    "application plugin": (
        {"build.gradle.kts": KTOR, "src/main/kotlin/Main.kt": "package a\nfun main() {}\n"},
        'java -cp "build/install/app/lib/*" a.MainKt',
        "ktor",
    ),
    "shadow": (
        {"build.gradle": 'plugins {\n id "application"\n id "com.gradleup.shadow" version "8"\n}\n', **MAIN},
        "java -jar build/libs/*-all.jar",
        None,
    ),
    "Procfile": (
        {"pom.xml": BOOT, "Procfile": "web: java -jar target/shop-1.0.jar", **MAIN},
        "java -jar target/shop-1.0.jar",
        "spring-boot",
    ),
}


@pytest.mark.parametrize(("files", "start", "framework"), STARTS.values(), ids=STARTS)
def test_start(files: dict[str, str], start: str, framework: str | None) -> None:
    found = service(files)
    assert (command(found), found.value("framework")) == (start, framework)
    assert found.value("start").kind == "jar"
    assert found.value("package_manager") == ("maven" if "pom.xml" in files else "gradle")
    assert "FROM eclipse-temurin:" in image(files)


VERSIONS = {
    "release": ({"pom.xml": pom(properties="<maven.compiler.release>17</maven.compiler.release>")}, "17"),
    "java.version": ({"pom.xml": BOOT}, "21"),
    "old spelling": ({"pom.xml": pom(properties="<maven.compiler.source>1.8</maven.compiler.source>")}, "1.8"),
    "placeholder": (
        {"pom.xml": pom(properties="<jdk>11</jdk>\n<maven.compiler.target>${jdk}</maven.compiler.target>")},
        "11",
    ),
    "toolchain": ({"build.gradle": "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }"}, "21"),
    "compatibility": ({"build.gradle": "sourceCompatibility = JavaVersion.VERSION_11"}, "11"),
    "old compatibility": ({"build.gradle": "sourceCompatibility = '1.8'"}, "1.8"),
    "system.properties": ({"pom.xml": BOOT, "system.properties": "java.runtime.version=17\n"}, "17"),
    "polyglot": ({"pom.yml": "artifactId: a\nproperties:\n  maven.compiler.release: 11\n"}, "11"),
}


@pytest.mark.parametrize(("files", "expected"), VERSIONS.values(), ids=VERSIONS)
def test_version(files: dict[str, str], expected: str) -> None:
    assert service({**files, **MAIN}).value("runtime_version") == expected


SETTINGS = "src/main/resources/application.properties"
PORTS = {
    "default": ({}, 8080),
    "property": ({SETTINGS: "server.port=8081\n"}, 8081),
    "variable": ({SETTINGS: "# server.port=1\nserver.port=${PORT:8082}\n"}, 8082),
    "YAML": ({"src/main/resources/application.yml": "server:\n  port: 8083\n"}, 8083),
    "rubbish": ({SETTINGS: "server.port=abc\n=\n", "src/main/resources/application.yml": "- 1"}, 8080),
}


@pytest.mark.parametrize(("files", "expected"), PORTS.values(), ids=PORTS)
def test_port(files: dict[str, str], expected: int) -> None:
    found = service({"pom.xml": BOOT, **MAIN, **files})
    assert (found.value("kind"), found.value("port")) == ("web", expected)
    assert f"SERVER_PORT={expected}" in image({"pom.xml": BOOT, **MAIN, **files})


def test_health() -> None:
    actuator = BOOT.replace("starter-web", "starter-actuator")
    assert service({"pom.xml": BOOT, **MAIN}).value("health_path") is None
    assert service({"pom.xml": actuator, **MAIN}).value("health_path") == "/actuator/health"
    settings = {SETTINGS: "server.servlet.context-path=/shop\n"}
    assert service({"pom.xml": actuator, **MAIN, **settings}).value("health_path") == "/shop/actuator/health"
    assert service({"pom.xml": QUARKUS, **MAIN}).value("health_path") == "/q/health"


def test_kinds() -> None:
    assert service({"pom.xml": pom()}).value("kind") == "library"
    assert service({"pom.xml": pom(), **MAIN}).value("kind") == "command"
    batch = BOOT.replace("starter-web", "starter-batch")
    assert service({"pom.xml": batch, **MAIN}).value("kind") == "command"
    function = pom("com.google.cloud.functions:functions-framework-api")
    assert service({"pom.xml": function, "src/main/java/F.java": "class F {}"}).value("kind") == "function"


def test_loopback_is_warned_of() -> None:
    found = service({"pom.xml": BOOT, **MAIN, SETTINGS: "server.address=127.0.0.1\n"})
    assert "binds_loopback" in [warning.code for warning in found.warnings]


def test_modules() -> None:
    parent = pom(head=BOOT_PARENT, packaging="pom").replace(
        "<build>", "<modules><module>core</module><module>web</module></modules><build>"
    )
    inner = BOOT.replace("<artifactId>shop</artifactId>", "<artifactId>web</artifactId>", 1)
    files = {"pom.xml": parent, "core/pom.xml": pom(), "web/pom.xml": inner, "core/src/main/java/C.java": "class C {}"}
    files |= {f"web/{path}": text for path, text in MAIN.items()}
    assert command(service(files)) == "java -jar web/target/web-1.0.jar"
    assert "mvn --batch-mode --no-transfer-progress --projects web --also-make" in image(files)


def test_gradle_projects() -> None:
    files = {
        "settings.gradle": "include 'lib', ':apps:one'\n",
        "build.gradle": "plugins { id 'org.springframework.boot' version '3.2.0' apply false }",
        "apps/one/build.gradle": BOOT_GRADLE,
        "lib/build.gradle": "plugins { id 'java-library' }",
        "lib/src/main/java/L.java": "class L {}",
        "gradle/wrapper/gradle-wrapper.properties": "distributionUrl=https\\://example.org/gradle-8.5-bin.zip\n",
    }
    files |= {f"apps/one/{path}": text for path, text in MAIN.items()}
    found = service(files)
    assert (command(found), found.value("framework")) == ("java -jar apps/one/build/libs/*.jar", "spring-boot")
    written = image(files)
    assert "FROM gradle:8.5-jdk21" in written
    assert "gradle --no-daemon :apps:one:bootJar" in written
    assert service(files, "apps/one").context == "."


def test_version_catalog() -> None:
    catalog = (
        '[versions]\nboot = "3.3.0"\n[libraries]\nstarter-web = "org.springframework.boot:spring-boot-starter-web:3"\n'
        '[plugins]\nspring-boot = { id = "org.springframework.boot", version.ref = "boot" }\n'
    )
    build = "plugins {\n  alias(libs.plugins.spring.boot)\n}\ndependencies {\n  implementation(libs.starter.web)\n}\n"
    files = {"build.gradle.kts": build, "gradle/libs.versions.toml": catalog, **MAIN}
    assert [service(files).value(name) for name in ("framework", "kind")] == ["spring-boot", "web"]
    assert "-Djarmode=tools" in image(files)


def test_layers_and_company_authorities() -> None:
    written = image({"pom.xml": BOOT, **MAIN})
    assert written.count("KeyStore.getInstance") == 2
    assert "-Djarmode=tools" in written
    assert "COPY --from=build /libraries /" in written
    assert 'CMD ["java", "-XX:MaxRAMPercentage=75", "-jar", "app.jar"]' in written
    assert "dependency:go-offline" in written
    older = image({"pom.xml": BOOT.replace("3.4.1", "3.1.0"), **MAIN})
    assert "-Djarmode=tools" not in older


def test_web_archive() -> None:
    files = {
        "pom.xml": pom(packaging="war", properties="<java.version>17</java.version>"),
        "src/main/webapp/index.jsp": "",
    }
    assert service(files).value("port") == 8080
    assert "FROM tomcat:10-jre17" in image(files)


def test_a_persons_files_stay_where_the_command_looks() -> None:
    files = {
        "pom.xml": pom("io.javalin:javalin"),
        "Procfile": "web: java -cp target/classes:target/dependency/* a.Main",
        **MAIN,
    }
    assert "cp -r target /image/app/" in image(files)


OTHERS = {
    "sbt": ({"build.sbt": 'name := "My Shop"', "project/plugins.sbt": "sbt-native-packager"}, "scala", "sbt"),
    "leiningen": ({"project.clj": "(defproject shop :main shop.core)"}, "clojure", "leiningen"),
    "deps": ({"deps.edn": "{}"}, "clojure", "clojure-cli"),
    "ant": ({"build.xml": "<project/>"}, "java", "ant"),
    "source alone": ({"Main.java": "class Main {}"}, "java", None),
    "unpacked": ({"META-INF/MANIFEST.MF": "Main-Class: a.Main\nBuild-Jdk-Spec: 11\n"}, "java", None),
    "jar": ({"shop.jar": ""}, "java", None),
}


@pytest.mark.parametrize(("files", "language", "manager"), OTHERS.values(), ids=OTHERS)
def test_other_builds(files: dict[str, str], language: str, manager: str | None) -> None:
    found = service(files)
    assert (found.value("language"), found.value("package_manager")) == (language, manager)
    assert found.value("start") or found.fields["start"].missing


def test_several_modules_are_named() -> None:
    files = {"settings.gradle": "include 'a', 'b'", "a/build.gradle": BOOT_GRADLE, "b/build.gradle": BOOT_GRADLE}
    files |= {f"{folder}/{path}": text for folder in "ab" for path, text in MAIN.items()}
    assert "a, b" in service(files).fields["start"].missing


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<",
        "<project/>",
        "<x/>",
        "<project><modules><module/><module>../..</module></modules><properties/><build/></project>",
        "<project><parent/><dependencies><dependency/></dependencies><build><plugins><plugin/></plugins></build></project>",
    ],
)
def test_rubbish_poms(text: str) -> None:
    assert service({"pom.xml": text, "pom.yml": text, **MAIN}).value("language") == "java"


@pytest.mark.parametrize(
    "text", ["", "{{{{", "plugins {", 'id("', "include ':', '/', '..'", "alias(libs.plugins.x)\nlibs.a.b.c"]
)
def test_rubbish_builds(text: str) -> None:
    files = {
        "build.gradle": text,
        "settings.gradle": text,
        "gradle/libs.versions.toml": "[plugins]\nx = 3\n[libraries]\na = []\n",
    }
    assert service({**files, **MAIN}).value("language") == "java"
