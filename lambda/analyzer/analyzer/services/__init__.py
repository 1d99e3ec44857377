"""Which folders of a tree are services: the tree itself, or several in a monorepo.

`folders` finds those with manifests by name, `declared` those that workspaces, compose files and blueprints name,
`judgement` says which are applications. An application in the root stays one service: what is below it is built into
it, unless it is deployed on its own or the root only starts its members.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analyzer.failure import Failure
from analyzer.findings import Findings
from analyzer.intent import slipway
from analyzer.model import Caution
from analyzer.project import Project
from analyzer.services import declared, folders, judgement
from analyzer.services.naming import name_of
from analyzer.source.view import SourceView

__all__ = ["Found", "find", "name_of"]

ASK = "analyze one with --service FOLDER, or list `services` in .slipway.toml"


@dataclass(frozen=True, slots=True)
class Found:
    """Roots of services, "." for the tree itself, the root's first; at least one."""

    roots: tuple[str, ...]
    warnings: tuple[Caution, ...] = ()
    others: tuple[str, ...] = ()
    """Folders that might be services and were not chosen."""
    projects: Mapping[str, Project] = field(default_factory=dict, compare=False)
    """What was read of services while they were looked for."""


def find(view: SourceView, only: str | None = None) -> Found:
    """The services of a tree; with `only` just that one. Raises Failure when there is no such folder."""
    tree = Project(view, ".", Findings())
    stated = slipway.settings(tree).get("services") if view.has(slipway.NAME) else None
    found = _stated(tree, stated) if stated else _chosen(tree)
    return _only(found, only) if only is not None else found


def _only(found: Found, only: str) -> Found:
    wanted = only.strip("/").removeprefix("./") or "."
    if wanted != "." and wanted not in (*found.roots, *found.others):
        known = ", ".join((*found.roots, *found.others))
        raise Failure("NoSuchService", f"there is no service in {only}; there are: {known}", remedy="name one of those")
    return Found((wanted,), projects=found.projects)


def _stated(tree: Project, stated: list[str]) -> Found:
    """What `.slipway.toml` lists."""
    roots = tuple(dict.fromkeys(folder.rstrip("/").removeprefix("./") or "." for folder in stated))
    for folder in roots:
        if folder != "." and not tree.view.has_folder(folder):
            where = f"{slipway.NAME}: services: there is no folder {folder}"
            raise Failure("InvalidSettings", where, remedy="correct the list")
    return Found(roots)


def _chosen(tree: Project) -> Found:
    candidates = folders.candidates(tree.view)
    if not candidates:
        return Found((".",))
    members, deployed = declared.members(tree), declared.deployed(tree)
    named = members | deployed
    usual = [folder for folder in candidates if folder in named or not folders.is_aside(folder)]
    reason = judgement.root_is_application(tree.view, usual) if "." not in deployed else "a compose file builds it"
    looked = usual if usual or reason else list(candidates)
    looked.sort(key=lambda folder: (folder not in named, folder.count("/"), folder))
    looked = sorted(looked[: folders.MOST])
    judge = judgement.Judge(tree.view)
    known = {folder: candidates[folder] for folder in looked}
    if reason:
        own = {folder for folder in looked if folder in deployed or candidates[folder] & folders.OWN}
        own |= _started(tree, judge, known, members - own)
        found = _with_root(known, own, reason)
    else:
        found = _below_root(judge, known, named)
    return replace(found, projects=judge.projects)


def _started(tree: Project, judge: judgement.Judge, known: dict[str, frozenset[str]], members: set[str]) -> set[str]:
    """Members that are applications, if the root's start script is only there to start its members."""
    if not judgement.orchestrates(tree):
        return set()
    return {folder for folder in known if folder in members and judge.is_application(folder, known[folder], sure=False)}


def _with_root(known: dict[str, frozenset[str]], own: set[str], reason: str) -> Found:
    """The root, and what is deployed on its own beside it."""
    rest = tuple(folder for folder in known if folder not in own)
    roots = (".", *sorted(own))
    return Found(roots, _explained(roots, rest, f"the root is an application: {reason}") if own else (), rest)


def _below_root(judge: judgement.Judge, known: dict[str, frozenset[str]], named: set[str]) -> Found:
    """The folders that are applications; the root when none is, or when it builds the only one."""
    roots: list[str] = []
    for folder, names in known.items():
        inner = folders.within(folder, roots) and folder not in named
        if not inner and judge.is_application(folder, names, sure=len(known) == 1):
            roots.append(folder)
    rest = tuple(folder for folder in known if folder not in roots)
    if not roots or (len(roots) == 1 and judgement.builds_several(judge.view)):
        return Found((".",), others=(*roots, *rest))
    return Found(tuple(roots), _explained(tuple(roots), rest, "the root itself starts nothing"), rest)


def _explained(roots: tuple[str, ...], rest: tuple[str, ...], reason: str) -> tuple[Caution, ...]:
    """Why these are the services, when it is not plain."""
    shown = ", ".join(rest[:5]) + (" and others" if len(rest) > 5 else "")
    left = f"; not taken for services: {shown}" if rest else ""
    return (Caution("services", f"{reason}; services: {', '.join(roots)}{left}", ASK),)
