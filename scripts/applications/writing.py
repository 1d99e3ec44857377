"""An application's section in slipway.toml: made from what was found, checked as a whole, put back when it came to
nothing."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.applications.claims import check_secrets
from scripts.applications.findings import Findings
from scripts.applications.placing import chosen_name, placed
from scripts.applications.reading import Read
from scripts.applications.settings_file import editing, put_back, rows, with_section
from scripts.applications.wishes import Place, Wish
from scripts.engine.errors import BadInput
from settings import Settings, SettingsError, load
from settings.model import GATEWAY


@dataclass(frozen=True)
class Application:
    """What was asked for, and what was found there."""

    wish: Wish
    place: Place
    source: Read
    found: Findings
    suggestions: tuple[str, ...]
    """Names for it, the best first."""
    analysis: str = "made"
    """`made` or `cached`, as its record tells it."""


@dataclass(frozen=True)
class Section:
    """The settings file with the application in it."""

    name: str
    before: str
    text: str
    settings: Settings

    @property
    def is_newly_public(self) -> bool:
        """Whether this section opened the service to everybody."""
        return self.name not in rows(self.before) and self.settings.service(self.name).public


def propose(root: Path, application: Application, target: str | None) -> Section:
    """The section, checked; nothing is written. Raises BadInput."""
    with editing(root) as file:
        return _section(root, file.text, application, target)


def record(root: Path, application: Application, target: str | None) -> Section:
    """Write the section; raises BadInput before anything is written."""
    with editing(root) as file:
        made = _section(root, file.text, application, target)
        file.write(made.text)
    return made


def take_back(root: Path, section: Section) -> None:
    """Make the service's section what it was before; what others changed meanwhile stays."""
    with editing(root) as file:
        file.write(put_back(file.text, section.name, before=section.before, written=section.text))


def _section(root: Path, before: str, application: Application, target: str | None) -> Section:
    present = rows(before)
    row = _origin(application)
    name = _name(application, present, row)
    row |= placed(name, present, path=application.wish.path, host=application.wish.host)
    row |= _admission(application.wish, present, name)
    allowed = _allowed(application, present.get(name, {}))
    row |= {"secrets": allowed} if allowed else {}
    text = with_section(before, name, {**row, "app": application.found.row})
    try:
        settings = load(root, target=target, text=text)
    except SettingsError as error:
        raise _named(error, name, application) from None
    if application.place.origin is not None:
        check_secrets(name, application.found.row.get("secrets", {}), allowed)
    return Section(name, before, text, settings)


def _name(application: Application, present: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """The service that it is already, or a new one; raises BadInput when another service has the name."""
    wanted, same = application.wish.name, _same(present, row, application.found.row.get("folder", "."))
    known = application.place.known_as or same
    if known and wanted in (None, known):
        return known
    name = chosen_name(wanted, list(application.suggestions))
    if name in present and name != same:
        raise BadInput(f"there is a service {name} already", where="--name", remedy="choose another with --name")
    return name


def _same(present: Mapping[str, Any], row: Mapping[str, Any], folder: str) -> str | None:
    """The service that comes from the same place, whatever its commit."""
    wanted = (row["repository"], row["source"] or ".", folder)
    return next((name for name, values in present.items() if _identity(values) == wanted), None)


def _identity(values: Mapping[str, Any]) -> tuple[Any, ...]:
    folder = values.get("folder") or values.get("app", {}).get("folder") or "."
    return values.get("repository"), values.get("source") or ".", folder


def _allowed(application: Application, own: Mapping[str, Any]) -> dict[str, str]:
    """The secrets that people allow: those in the service's own section, and those that the command line names."""
    claimed = application.found.row.get("secrets", {})
    return {**own.get("secrets", {}), **{key: claimed[key] for key in application.wish.allowed if key in claimed}}


def _admission(wish: Wish, present: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A new service behind the gateway is open to everybody, as it is without one; later the file decides."""
    if wish.private:
        return {"public": None}
    return {"public": True} if GATEWAY in present and name not in present else {}


def _origin(application: Application) -> dict[str, Any]:
    """The keys that say where a service comes from; None takes one out."""
    place, checkout = application.place, application.source.checkout
    context = posixpath.normpath(posixpath.join(place.tree, application.found.context))
    if place.origin is None:
        return {"source": context, "repository": None, "ref": None, "commit": None}
    return {
        "repository": place.origin.repository,
        "ref": place.origin.ref,
        "commit": checkout.commit if checkout else None,
        "source": None if context == "." else context,
    }


def _named(error: SettingsError, name: str, application: Application) -> SettingsError:
    """An error about what the application says, by the application's own words."""
    inner = f"services.{name}.app."
    if inner not in error.where:
        return error
    key = error.where.partition(inner)[2]
    where = f".slipway.toml of {application.place.title}: {key}"
    return SettingsError(error.what, where=where, remedy=f"{error.remedy}; or set {key} in [services.{name}] here")
