"""Which package manager a project is installed with, in which version, by which lock file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.node.manifest import Manifest
from analyzer.model import Candidate, Evidence
from analyzer.project import Project

NAMES = ("npm", "pnpm", "yarn", "bun")
LOCK_FILES = (
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
"""In the order in which they win over each other: npm's is the one that is written by accident."""
SETTINGS = (
    ("pnpm-workspace.yaml", "pnpm"),
    (".yarnrc.yml", "yarn"),
    (".yarnrc", "yarn"),
    ("bunfig.toml", "bun"),
    (".bun-version", "bun"),
)
"""Files that only one package manager reads."""


@dataclass(frozen=True, slots=True)
class Manager:
    """A package manager as this project uses it."""

    name: str
    version: str
    """As asked for, exact or a range; "" when nothing asks."""
    lock: str | None
    """Lock file, relative to the folder that is installed in."""
    berry: bool = False
    """Yarn 2 or later."""

    def run(self, script: str) -> str:
        """How its users start a script."""
        return f"{self.name} run {script}"


def decide(project: Project, found: Manifest | None) -> Manager | None:
    """The package manager of the folder that is installed in; its candidates are added to the findings."""
    if found is None and not project.view.first(*(lock for lock, _ in LOCK_FILES)):
        return None
    for candidate in _candidates(project, found):
        project.findings.add(
            "package_manager", candidate.value, candidate.confidence, candidate.reason, *candidate.evidence
        )
    name = project.findings.value("package_manager")
    if name not in NAMES:
        return None
    lock = next((path for path, manager in LOCK_FILES if manager == name and project.view.has(path)), None)
    _warn_of_conflict(project, name, lock)
    version = _version(project, found, name)
    berry = name == "yarn" and _is_berry(project, version)
    return Manager(name, version or _by_lock(project, name, lock, berry), lock, berry)


def _candidates(project: Project, found: Manifest | None) -> Iterator[Candidate]:
    if found:
        yield from _declared(found)
    for path, name in LOCK_FILES:
        if project.view.has(path):
            yield _of_file(project, path, name, confidence.PROVEN)
    if found:
        yield from _required(found)
    for path, name in SETTINGS:
        if project.view.has(path):
            yield _of_file(project, path, name, confidence.CONVENTION)
    yield Candidate("npm", confidence.AUTOMATIC, "npm comes with Node.js and no other package manager is asked for")


def _declared(found: Manifest) -> Iterator[Candidate]:
    """`packageManager` (Corepack) and `devEngines.packageManager`."""
    name = found.text("packageManager").partition("@")[0]
    if name in NAMES:
        reason = f"packageManager asks for {found.text('packageManager').partition('+')[0]}"
        yield Candidate(name, confidence.DECLARED, reason, (found.evidence("packageManager"),))
    engine = found.table("devEngines").get("packageManager")
    rows = engine if isinstance(engine, list) else [engine]
    for row in rows:
        if isinstance(row, dict) and row.get("name") in NAMES:
            where = (found.evidence("devEngines", "packageManager"),)
            yield Candidate(row["name"], confidence.DECLARED, f"devEngines asks for {row['name']}", where)


def _required(found: Manifest) -> Iterator[Candidate]:
    for name in ("pnpm", "yarn", "bun", "npm"):
        text = found.engines.get(name, "")
        if text and not _refused(text):
            yield Candidate(
                name, confidence.DEFAULT, f"engines asks for {name} {text}", (found.evidence("engines", name),)
            )


def _refused(text: str) -> bool:
    """Texts such as "please-use-pnpm" forbid a package manager."""
    return not re.search(r"\d|\*|latest", text)


def _of_file(project: Project, path: str, name: str, sureness: float) -> Candidate:
    return Candidate(name, sureness, f"{path} is {name}'s", (project.view.evidence(path),))


def _warn_of_conflict(project: Project, name: str, lock: str | None) -> None:
    others = [path for path, manager in LOCK_FILES if manager != name and project.view.has(path)]
    if not others or lock is None:
        return
    evidence: list[Evidence] = [project.view.evidence(path) for path in (lock, *others)]
    project.findings.warn(
        "conflicting_lock_files",
        f"{lock} is used; {' and '.join(others)} may say otherwise",
        *evidence,
        remedy=f"keep the lock file of {name} and remove the other, or name one in packageManager",
    )


def _version(project: Project, found: Manifest | None, name: str) -> str:
    if found is None:
        return ""
    declared, _, version = found.text("packageManager").partition("@")
    if declared == name and version:
        return version.partition("+")[0]
    if name == "bun" and (lines := project.view.lines(".bun-version")) and lines[0].strip():
        return lines[0].strip().removeprefix("v")
    text = found.engines.get(name, "")
    return "" if name == "npm" or _refused(text) else text


def _is_berry(project: Project, version: str) -> bool:
    if version[:1].isdigit():
        return not version.startswith("1.")
    if project.view.has(".yarnrc.yml"):
        return True
    return any(line.startswith("__metadata:") for line in project.view.lines("yarn.lock")[:20])


PNPM = (("6", "8"), ("5.4", "7"), ("5", "6"))
"""lockfileVersion -> the newest pnpm that reads it (pnpm/spec, lockfile); 9 is written by pnpm 9 and later."""
SINCE_PNPM_10 = frozenset(("onlyBuiltDependencies", "ignoredBuiltDependencies", "neverBuiltDependencies"))
"""Settings that are for the packages which pnpm 10 does not let run scripts."""
YARN = {"4": "2", "5": "3", "6": "3", "7": "4", "8": "4"}
"""__metadata.version of a lock file -> Yarn's major version."""


def _is_for_pnpm_10(project: Project) -> bool:
    """Before 10 pnpm-workspace.yaml had packages and catalogs only; packages' scripts ran unasked."""
    manifest_ = project.json("package.json") if project.view.has("package.json") else None
    settings = (manifest_ or {}).get("pnpm")
    inside = set(settings) if isinstance(settings, dict) else set()
    has_file = project.view.has("pnpm-workspace.yaml")
    workspace = set(project.yaml("pnpm-workspace.yaml") or {}) if has_file else set()
    return bool(inside & SINCE_PNPM_10 or workspace - {"packages", "catalog", "catalogs"})


def _by_lock(project: Project, name: str, lock: str | None, berry: bool) -> str:  # noqa: FBT001 - of the lock file
    """The major version that wrote the lock file."""
    head = "\n".join(project.view.lines(lock)[:20]) if lock and not lock.endswith("lockb") else ""
    if name == "pnpm":
        written = re.search(r"^lockfileVersion:\s*['\"]?([\d.]+)", head, re.M)
        known = next((major for start, major in PNPM if written and written[1].startswith(start)), None)
        return known or ("10" if lock is None or _is_for_pnpm_10(project) else "9")
    if name == "yarn":
        written = re.search(r"^\s+version:\s*['\"]?(\d+)", head, re.M)
        return YARN.get(written[1] if written else "", "4") if berry else "1"
    return "1" if name == "bun" else ""
