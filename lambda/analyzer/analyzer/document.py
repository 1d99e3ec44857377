"""An analysis as JSON data, the same bytes for the same analysis; docs/analysis.schema.json is its schema."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from analyzer import VERSION
from analyzer.model import FIELDS, Analysis, Candidate, Evidence, Field, Service

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
