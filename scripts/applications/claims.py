"""Which secrets an application may claim by itself.

Whoever may push to a repository may write its `.slipway.toml`, and what stands there the application's role may read.
So a repository only claims secrets below its own name; any other one has to be allowed by a person, once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from scripts.engine.errors import Refused

KEPT = re.compile(r"(?:arn:[^:]*:(?:secretsmanager|ssm):[^:]*:\d*:(?:secret:|parameter)|secretsmanager:|ssm:)/?(.*)")


def is_own(reference: str, name: str) -> bool:
    """Whether a secret is below the application's name: `shop/database`, `/shop/database`."""
    found = KEPT.fullmatch(reference)
    return found is not None and found[1].startswith(f"{name}/")


def check_secrets(name: str, claimed: Mapping[str, str], allowed: Mapping[str, str]) -> None:
    """Raise Refused for the first secret that is neither the application's own nor allowed."""
    for variable, reference in claimed.items():
        if is_own(reference, name) or allowed.get(variable) == reference:
            continue
        raise Refused(
            f"{name} wants {variable} from {reference}, which is not below {name}/",
            where=".slipway.toml: secrets",
            remedy=f"if it may read that, add --allow-secret {variable}; nothing was written or deployed",
        )
