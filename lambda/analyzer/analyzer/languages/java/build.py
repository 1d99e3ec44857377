"""What Maven's and Gradle's build files say of a module, in one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzer.model import Evidence


@dataclass(frozen=True, slots=True)
class Module:
    """A module of a build; paths are relative to the service."""

    tool: str
    """ "maven" or "gradle"."""
    path: str
    """Of its build file."""
    folder: str
    name: str
    """artifactId, or the project's name."""
    version: str
    packaging: str
    dependencies: Mapping[str, Evidence]
    """group:artifact of what it needs to run."""
    plugins: Mapping[str, str]
    """group:artifact or id -> version, "" where it is not said; with those of its parents."""
    main_class: str | None
    java: tuple[str, Evidence] | None
    """The release that it is compiled for, as written."""
    boot: str
    """The version of Spring Boot; empty when there is none or it is not said."""
    jar_name: str
    """Of its artifact without .jar; empty when it cannot be told."""
    has_sources: bool
    properties: Mapping[str, str] = field(default_factory=dict)

    def needs(self, *names: str) -> Evidence | None:
        """The first dependency whose group, or group:artifact, is one of these."""
        for name in names:
            for known, evidence in self.dependencies.items():
                if known == name or known.startswith(name + ":"):
                    return evidence
        return None

    def plugin(self, *names: str) -> str | None:
        """The first of these plugins that is applied."""
        return next((known for known in self.plugins if known in names or known.rpartition(":")[2] in names), None)

    @property
    def is_boot(self) -> bool:
        """Whether Spring Boot's plugin packs it."""
        return self.plugin("spring-boot-maven-plugin", "org.springframework.boot") is not None

    @property
    def is_quarkus(self) -> bool:
        """Whether Quarkus' plugin packs it."""
        return (
            self.plugin("quarkus-maven-plugin", "io.quarkus", "com.redhat.quarkus.platform:quarkus-maven-plugin")
            is not None
        )

    @property
    def is_fat(self) -> bool:
        """Whether a plugin packs it with its dependencies."""
        names = (
            "maven-shade-plugin",
            "maven-assembly-plugin",
            "com.github.johnrengelman.shadow",
            "com.gradleup.shadow",
        )
        return self.plugin(*names, "micronaut-maven-plugin", "io.micronaut:micronaut-maven-plugin") is not None

    @property
    def is_application(self) -> bool:
        """Whether Gradle's application plugin, or one that applies it, lays out its classpath."""
        names = ("application", "org.gradle.application", "io.micronaut.application", "io.ktor.plugin")
        return self.tool == "gradle" and self.plugin(*names) is not None

    @property
    def starts(self) -> bool:
        """Whether its build says that it is started."""
        packs = self.is_boot or self.is_quarkus or self.is_fat or self.is_application
        return packs or self.main_class is not None or self.packaging == "war"


@dataclass(frozen=True, slots=True)
class Build:
    """The modules that are built together."""

    tool: str
    path: str
    """Of the build file in the root."""
    context: str
    """Folder of the whole tree that the build needs."""
    folder: str
    """The service below the context."""
    modules: tuple[Module, ...]
    manifests: tuple[str, ...]
    """Build files of the context, relative to it."""
    wrapper: str
    """The version of Gradle that its wrapper names."""
