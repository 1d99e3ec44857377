"""Cargo manifests: packages of a workspace, their binaries and dependencies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import join, normpath
from typing import Any

from analyzer.languages.compiled.sources import is_aside
from analyzer.model import Evidence
from analyzer.project import Project

MOST = 60
"""Packages of a workspace that are read."""


@dataclass(frozen=True, slots=True)
class Bin:
    """A binary of a package."""

    name: str
    package: str
    path: str
    """Its main file, relative to the service."""
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Package:
    """A Cargo.toml with a [package] table; `folder` is relative to the service."""

    folder: str
    path: str
    name: str
    manifest: dict[str, Any]
    bins: tuple[Bin, ...]
    dependencies: dict[str, Any]

    @property
    def default_run(self) -> str | None:
        """The binary that `cargo run` starts, where it is said."""
        return text(table(self.manifest, "package").get("default-run"))


@dataclass(frozen=True, slots=True)
class Workspace:
    """What a build sees."""

    base: str
    """Folder of the first Cargo.toml, relative to the service."""
    context: str
    """Folder of the whole tree that the build needs: that of the workspace."""
    folder: str
    """The service below the context."""
    packages: tuple[Package, ...]
    default_members: tuple[str, ...]

    def beginning_with(self, package: Package | None) -> list[Package]:
        """All packages, this one first."""
        return sorted(self.packages, key=lambda one: one != package) if package else list(self.packages)

    def package(self, name: str) -> Package | None:
        """The package of that name."""
        return next((package for package in self.packages if package.name == name), None)


def table(value: Any, *keys: str) -> dict[str, Any]:
    """A table within tables; empty where there is something else."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """A string that is not empty."""
    return value if isinstance(value, str) and value else None


def texts(value: Any) -> list[str]:
    """The strings of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def manifest_of(project: Project) -> str | None:
    """The root's Cargo.toml, else the highest below that is no desktop shell's."""
    if project.view.has("Cargo.toml"):
        return "Cargo.toml"
    below = [path for path in project.view.match("*/Cargo.toml", "*/*/Cargo.toml") if not is_aside(path)]
    return min((path for path in below if "tauri" not in path), key=lambda path: (path.count("/"), path), default=None)


def read(project: Project) -> Workspace:
    """The packages that belong to the manifest nearest to the root."""
    path = manifest_of(project) or "Cargo.toml"
    base = path.rpartition("/")[0] or "."
    manifest = project.toml(path) or {}
    folders = _members(project, base, manifest)
    found = (_package(project, folder) for folder in folders[:MOST])
    context = _context(project, base)
    prefix = "" if context == "." else context + "/"
    return Workspace(
        base=base,
        context=context,
        folder="." if project.root == context else project.root.removeprefix(prefix),
        packages=tuple(package for package in found if package),
        default_members=tuple(normpath(join(base, member)) for member in _globs(manifest, "default-members")),
    )


def _globs(manifest: dict[str, Any], key: str) -> list[str]:
    return texts(table(manifest, "workspace").get(key))


def _members(project: Project, base: str, manifest: dict[str, Any]) -> list[str]:
    """Folders of packages: the manifest's own, members by their globs, dependencies by path."""
    folders = dict.fromkeys([base])
    prefix = "" if base == "." else base + "/"
    excluded = {normpath(join(base, place)) for place in _globs(manifest, "exclude")}
    patterns = [f"{prefix}{normpath(glob)}/Cargo.toml" for glob in _globs(manifest, "members") if glob.strip("./")]
    for path in project.view.match(*patterns) if patterns else ():
        folders[path.rpartition("/")[0] or "."] = None
    for dependency in _dependencies(manifest).values():
        if place := text(table(dependency).get("path")):
            folders[normpath(join(base, place))] = None
    return [folder for folder in folders if folder not in excluded and not folder.startswith("..")]


def _dependencies(manifest: dict[str, Any]) -> dict[str, Any]:
    found = dict(table(manifest, "dependencies"))
    for target in table(manifest, "target").values():
        found.update(table(target, "dependencies"))
    renamed = {text(table(value).get("package")) or name: value for name, value in found.items()}
    return {name.replace("_", "-"): value for name, value in renamed.items()}


def _package(project: Project, folder: str) -> Package | None:
    path = "Cargo.toml" if folder == "." else f"{folder}/Cargo.toml"
    manifest = project.toml(path) or {}
    name = text(table(manifest, "package").get("name")) or text(table(manifest, "project").get("name"))
    if not name:
        return None
    return Package(folder, path, name, manifest, _bins(project, folder, name, manifest), _dependencies(manifest))


def _bins(project: Project, folder: str, package: str, manifest: dict[str, Any]) -> tuple[Bin, ...]:
    """Binaries that the manifest names, then those that lie where Cargo looks for them."""
    inner = project.view.sub(folder)
    found: dict[str, str] = {}
    listed = manifest.get("bin")
    for entry in listed if isinstance(listed, list) else []:
        if name := text(table(entry).get("name")):
            usual = inner.first(f"src/bin/{name}.rs", f"src/bin/{name}/main.rs") or "src/main.rs"
            found[name] = normpath(text(table(entry).get("path")) or usual)
    if table(manifest, "package").get("autobins") is not False:
        for name, path in _found_bins(package, list(inner.match("src/main.rs", "src/bin/*.rs", "src/bin/*/main.rs"))):
            if path not in found.values():
                found.setdefault(name, path)
    prefix = "" if folder == "." else folder + "/"
    return tuple(
        Bin(name, package, prefix + path, project.view.evidence(prefix + path))
        for name, path in found.items()
        if inner.has(path)
    )


def _found_bins(package: str, paths: list[str]) -> list[tuple[str, str]]:
    named = []
    for path in sorted(paths, key=lambda path: (path != "src/main.rs", path)):
        inner = path.removeprefix("src/bin/").removesuffix("/main.rs").removesuffix(".rs")
        named.append((package if path == "src/main.rs" else inner, path))
    return named


def _context(project: Project, base: str) -> str:
    """The workspace above that has the service's package as a member, or the service itself."""
    words = [] if project.root == "." else project.root.split("/")
    if base != "." or table(project.toml("Cargo.toml"), "workspace"):
        return project.root
    for count in range(len(words) - 1, -1, -1):
        above = "/".join(words[:count]) or "."
        view = project.whole.sub(above)
        if view.find("Cargo.toml", re.compile(r"^\s*\[workspace(?:\.\w[\w-]*)?\]")):
            return above
    return _with_paths(project)


def _with_paths(project: Project) -> str:
    """A package that depends on folders beside it needs the folder above them all."""
    outside = [
        normpath(join(project.root, place))
        for dependency in _dependencies(project.toml("Cargo.toml") or {}).values()
        if (place := text(table(dependency).get("path"))) and place.startswith("..")
    ]
    if not outside or project.root == "." or any(place.startswith("..") for place in outside):
        return project.root
    words = [path.split("/") for path in (project.root, *outside)]
    common = [parts[0] for parts in zip(*words, strict=False) if len(set(parts)) == 1]
    return "/".join(common) or "."
