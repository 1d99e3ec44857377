"""Everything of one version of the policies: sources, schema, and what the gateway loads; compiled from a folder."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.engine.policies.source import SCHEMA, parse_policies, read_folder
from settings import Settings

FOLDER = "policies"


@dataclass(frozen=True)
class Bundle:
    """One version."""

    version: str
    """`pol-` and 12 hex digits of what it enforces."""
    artefact: str
    """Text of the file that Envoy watches."""
    sources: Mapping[str, str]
    """File -> text, the schema among them; variables filled in."""
    ids: tuple[str, ...]
    source_digest: str

    def packed(self) -> bytes:
        """As it is stored: the same bytes for the same version, whoever packs it."""
        facts = {"artefact": self.artefact, "sources": dict(self.sources), "ids": list(self.ids)}
        return gzip.compress(json.dumps(facts, sort_keys=True).encode(), mtime=0)


def unpacked(version: str, source_digest: str, data: bytes) -> Bundle:
    """What `packed` made."""
    facts: dict[str, Any] = json.loads(gzip.decompress(data))
    return Bundle(version, facts["artefact"], facts["sources"], tuple(facts["ids"]), source_digest)


def variables(settings: Settings) -> dict[str, str]:
    """What `${name}` in a policy stands for."""
    target = settings.target
    return {"target": target.name, "account": target.account, "region": target.region}


def compile_folder(settings: Settings) -> Bundle:
    """Read, check and compile the project's policies; raises BadInput naming all that is wrong."""
    from scripts.engine.policies.artefact import artefact
    from scripts.engine.policies.compiler import compiled
    from scripts.engine.policies.schema import read_schema

    folder, filled = settings.root / FOLDER, variables(settings)
    texts = read_folder(folder)
    schema_text = texts.pop(SCHEMA)
    policies = parse_policies(texts, schema_text, filled)
    schema = read_schema(policies.schema)
    made = artefact(policies, compiled(policies, schema), schema)
    by_file: dict[str, str] = {SCHEMA: schema_text}
    for policy in policies.policies:
        by_file[policy.file] = by_file.get(policy.file, "") + policy.text + "\n"
    ids = tuple(policy.id for policy in policies.policies)
    return Bundle(made.version, made.text, by_file, ids, source_digest(settings))


def source_digest(settings: Settings) -> str:
    """16 hex digits of all that a version follows from: sources, variables, and the compiler itself.

    Equal digests mean an equal version, so that nothing has to be compiled to know that nothing changed.
    """
    found = hashlib.sha256(json.dumps(variables(settings), sort_keys=True).encode())
    own = sorted((settings.root / FOLDER).glob("*.cedar*")) + sorted(Path(__file__).parent.glob("*.py"))
    for path in own:
        found.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def has_policies(settings: Settings) -> bool:
    """Whether the project has policies at all."""
    return (settings.root / FOLDER / SCHEMA).is_file()
