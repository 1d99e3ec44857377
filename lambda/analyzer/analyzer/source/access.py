"""What a caller may reach, and with which tokens.

Tokens come from the environment: GITHUB_TOKEN for github.com, GITLAB_TOKEN for gitlab.com, GIT_TOKEN for the host
that GIT_TOKEN_HOST names. A token goes to its own host only, and only encrypted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KNOWN = {"github.com": "GITHUB_TOKEN", "gitlab.com": "GITLAB_TOKEN"}
"""Host -> the variable that holds its token."""


@dataclass(frozen=True, slots=True)
class Access:
    """The command line may reach everything that its user may; a service must not be led into its own network."""

    local: bool = True
    """Whether a reference may name a folder or an archive of this machine."""
    public_only: bool = False
    """Whether hosts in private, link-local and loopback networks are refused; they are reached without a proxy then,
    so that the address that was checked is the one that is connected to."""
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Host -> token, or "user:token"."""


def from_environment(environment: Mapping[str, str], *, local: bool = True, public_only: bool = False) -> Access:
    """Access with the tokens of an environment."""
    named = {host: environment.get(variable, "") for host, variable in KNOWN.items()}
    named[environment.get("GIT_TOKEN_HOST", "").lower()] = environment.get("GIT_TOKEN", "")
    return Access(local, public_only, {host: token for host, token in named.items() if host and token})


def variable_for(host: str) -> str:
    """How to give a token for a host, for messages."""
    return KNOWN.get(host, f"GIT_TOKEN (with GIT_TOKEN_HOST={host})")
