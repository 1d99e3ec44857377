"""The version of PHP: what the manifest requires, and what the locked packages can run on."""

from __future__ import annotations

import re

from analyzer import confidence, versions
from analyzer.findings import Findings
from analyzer.languages.php.composer import LOCK, Composer, mapping
from analyzer.project import Project
from analyzer.versions.intervals import both, series
from analyzer.versions.schemes import parts_of, read


def decide(project: Project, composer: Composer) -> None:
    """Adds the candidates."""
    pins = _stated(composer)
    apart = Project(project.whole, project.root, Findings())
    versions.decide(apart, "php", pins)
    versions.decide(project, "php", [*pins, *_excluding(composer, str(apart.findings.value("runtime_version")))])


def _stated(composer: Composer) -> list[versions.Pin]:
    pins = []
    platform = composer.config("config", "platform", "php")
    if isinstance(platform, str) and (found := re.match(r"\d+\.\d+", platform)):
        reason = "composer.json resolves for it (config.platform.php)"
        pins.append(versions.Pin(found[0], "exact", reason, (composer.evidence("platform"),)))
    if required := composer.constraint("php") or composer.constraint("php-64bit"):
        where = composer.evidence("php" if composer.constraint("php") else "php-64bit")
        pins.append(versions.Pin(required, "composer", "composer.json requires it", (where,)))
    return pins


def _excluding(composer: Composer, version: str) -> list[versions.Pin]:
    """What locked packages require, of those that do not run on a version; one for each different requirement."""
    found: dict[str, versions.Pin] = {}
    wanted = series(parts_of(version))
    for package in composer.packages():
        text = mapping(package.get("require")).get("php")
        meaning = read(text, "composer", "php") if isinstance(text, str) and text not in found else None
        if meaning and not both(meaning.allowed, wanted):
            reason = f"{LOCK} holds {package.get('name')}, which requires it"
            where = composer.view.evidence(LOCK)
            found[str(text)] = versions.Pin(str(text), "composer", reason, (where,), confidence.PROVEN)
    return list(found.values())
