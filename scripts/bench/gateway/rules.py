"""A hundred policies as a shop with twenty teams would have them, and requests that they allow.

For each team: readers of its path, writers with a claim, a group beside the role, its members from inside, and a
`forbid`. So every request is asked against all of them, and most kinds of conditions are among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POLICIES = 100
TEAMS = POLICIES // 5
FILE = "bench.cedar"
TEAM = """
@id("{team}-read")
@description("Readers of {team} look")
permit (principal in Role::"{team}-reader", action in Action::"read", resource in Path::"/{team}");

@id("{team}-write")
@description("Writers of {team} change what is theirs, once their address is verified")
permit (principal in Role::"{team}-writer", action in Action::"write", resource in Path::"/{team}")
when {{ principal has email_verified && principal.email_verified }};

@id("{team}-group")
@description("The group of {team} reads its reports")
permit (principal is User, action == Action::"GET", resource in Path::"/{team}/reports")
when {{ principal.groups.contains("{team}") }};

@id("{team}-inside")
@description("Staff of a high level does everything from inside")
permit (principal is User, action, resource in Path::"/{team}")
when {{ principal has level && principal.level >= {level} && context.source_ip.isInRange(ip("10.{number}.0.0/16")) }};

@id("{team}-closed")
@description("Nobody reaches the internals of {team} but its writers")
forbid (principal, action, resource in Path::"/{team}/internal")
unless {{ principal in Role::"{team}-writer" }};
"""


@dataclass(frozen=True)
class Allowed:
    """A GET that the policies allow to the bearer of these claims."""

    path: str
    claims: dict[str, Any]


def text() -> str:
    """All of them, as Cedar."""
    return "".join(TEAM.format(team=f"team{number:02}", level=number + 5, number=number) for number in range(TEAMS))


def replace_with(folder: Path) -> None:
    """Leave the schema of a folder of policies, and nothing but these policies."""
    for path in folder.glob("*.cedar"):
        path.unlink()
    (folder / FILE).write_text(text(), "utf-8")


def requests() -> Iterator[Allowed]:
    """Two users a team: a reader, and a member of its group."""
    for number in range(TEAMS):
        team = f"team{number:02}"
        yield Allowed(f"/{team}/orders/{number}", _claims(f"reader-{number}", roles=["staff", f"{team}-reader"]))
        yield Allowed(f"/{team}/reports/{number}", _claims(f"member-{number}", groups=["all", team]))


def _claims(sub: str, **more: Any) -> dict[str, Any]:
    return {"sub": sub, **more}
