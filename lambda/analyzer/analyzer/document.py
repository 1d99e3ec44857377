"""An analysis as JSON data and back, the same bytes for the same analysis; its schema: docs/analysis.schema.json."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from analyzer import VERSION
from analyzer.model import (
    FIELDS,
    Analysis,
    Backing,
    Candidate,
    Caution,
    Evidence,
    Field,
    Process,
    Service,
    Size,
    Start,
    Variable,
)

SCHEMA = 1


def document(analysis: Analysis) -> dict[str, Any]:
    """The analysis as plain data."""
    return {
        "schema": SCHEMA,
        "analyzer": VERSION,
        "key": analysis.key,
        "files": analysis.files,
        "services": [_service(service) for service in analysis.services],
        "warnings": [asdict(warning) for warning in analysis.warnings],
    }


def text(analysis: Analysis) -> str:
    """The analysis as one line of JSON."""
    return json.dumps(document(analysis), ensure_ascii=False, separators=(",", ":"))


def _service(service: Service) -> dict[str, Any]:
    return {
        "root": service.root,
        "name": service.name,
        "context": service.context,
        "fields": {name: _field(service.fields[name]) for name in FIELDS},
        "processes": [asdict(row) for row in service.processes],
        "backing": [asdict(row) for row in service.backing],
        "variables": [asdict(row) for row in service.variables],
        "system_packages": list(service.system_packages),
        "build_packages": list(service.build_packages),
        "size": asdict(service.size) if service.size else None,
        "dockerfile": service.dockerfile,
        "details": dict(service.details),
        "warnings": [asdict(row) for row in service.warnings],
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "value": _value(field.value),
        "confidence": field.confidence,
        "reason": field.reason,
        "evidence": [_evidence(row) for row in field.evidence],
        "others": [_candidate(row) for row in field.others],
        "missing": field.missing,
        "assisted": field.assisted,
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "value": _value(candidate.value),
        "confidence": candidate.confidence,
        "reason": candidate.reason,
        "evidence": [_evidence(row) for row in candidate.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return asdict(evidence)


def _value(value: Any) -> Any:
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def loaded(text: str) -> Analysis:
    """The analysis that a document was made of. Raises ValueError for a document of another schema."""
    data = json.loads(text)
    if data.get("schema") != SCHEMA:
        raise ValueError(f"schema {data.get('schema')!r}, {SCHEMA} is known")
    services = tuple(_loaded_service(row) for row in data["services"])
    return Analysis(services, data["files"], data["key"], tuple(_caution(row) for row in data["warnings"]))


def _loaded_service(row: dict[str, Any]) -> Service:
    return Service(
        row["root"],
        row["name"],
        row["context"],
        {name: _loaded_field(name, row["fields"][name]) for name in FIELDS},
        row["details"],
        tuple(Process(**{**one, "evidence": _places(one)}) for one in row["processes"]),
        tuple(
            Backing(**{**one, "variables": tuple(one["variables"]), "evidence": _places(one)}) for one in row["backing"]
        ),
        tuple(Variable(**{**one, "evidence": _places(one)}) for one in row["variables"]),
        tuple(row["system_packages"]),
        tuple(row["build_packages"]),
        Size(row["size"]["cpu"], row["size"]["memory"], tuple(row["size"]["reasons"])) if row["size"] else None,
        row["dockerfile"],
        tuple(_caution(one) for one in row["warnings"]),
    )


def _loaded_field(name: str, row: dict[str, Any]) -> Field:
    others = tuple(
        Candidate(_loaded_value(name, one["value"]), one["confidence"], one["reason"], _places(one))
        for one in row["others"]
    )
    value = _loaded_value(name, row["value"])
    return Field(value, row["confidence"], row["reason"], _places(row), others, row["missing"], row["assisted"])


def _loaded_value(name: str, value: Any) -> Any:
    if name != "start" or value is None:
        return value
    return Start(value["kind"], value["target"], value["command"], tuple(value["argv"]))


def _backing(row: dict[str, Any]) -> Backing:
    return Backing(row["engine"], row["confidence"], tuple(row["variables"]), _places(row))


def _caution(row: dict[str, Any]) -> Caution:
    return Caution(row["code"], row["message"], row["remedy"], _places(row))


def _places(row: dict[str, Any]) -> tuple[Evidence, ...]:
    return tuple(Evidence(**one) for one in row["evidence"])
