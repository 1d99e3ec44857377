"""How sure a candidate is: one scale for every rule, so that candidates of different rules compare."""

from __future__ import annotations

STATED = 1.0
"""A person said so to Slipway: `.slipway.toml`, an option."""
DECLARED = 0.95
"""A file that exists to declare it: Procfile, Dockerfile, lock file, version pin, `engines`, `[project.scripts]`."""
PROVEN = 0.9
"""Follows from the source: an assignment that was parsed, a script of the manifest, a dependency that is also used."""
DEFAULT = 0.8
"""The documented default of a framework or tool that is known to be there."""
CONVENTION = 0.65
"""A usual name at a usual place, and nothing against it."""
ASSISTED = 0.5
"""Chosen by a language model among candidates: enough to be shown, never enough to be acted on unasked."""
HINT = 0.4
"""Might be. Never chosen; offered as what to choose from."""

AUTOMATIC = 0.6
"""From here on Slipway acts on a value without asking."""
CHOSEN = 0.5
"""Below this a field has no value: "cannot tell"."""
