"""docs/gateway.md against the agent."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields

from agent.metrics import Reading, documents
from agent.routes import USER_HEADERS
from agent.services import Service
from agent.stats import Counts
from agent.traffic import Entry
from tests.unit.documents import table
from tests.unit.envoy.places import ENVOY

DOCUMENT = "docs/gateway.md"


def test_headers() -> None:
    assert [[f"`{header}`", f"`{claim}`"] for header, claim in USER_HEADERS.items()] == table(DOCUMENT, "headers")


def test_keys_of_a_service() -> None:
    rows = {row[0].strip("`"): row[1] for row in table(DOCUMENT, "service")}
    known = {field.name: field.default for field in fields(Service) if field.name != "name"}
    assert rows == {name: "required" if value is MISSING else json.dumps(value) for name, value in known.items()}


def test_metrics() -> None:
    counts = {"a": Counts(requests=2, errors=1, buckets={"10": 2})}
    told = documents(Reading(), Reading(counts, {("allowed", "a"): 1, ("denied", "a"): 1}), target="t", at=0)
    found = []
    for (directive,) in (line["_aws"]["CloudWatchMetrics"] for line in told):
        units = [
            (unit, [m["Name"] for m in directive["Metrics"] if m["Unit"] == unit]) for unit in ("Count", "Milliseconds")
        ]
        words = ", ".join(f"{quoted(names)} ({unit})" for unit, names in units if names)
        found.append([f"`{directive['Namespace']}`", quoted(*directive["Dimensions"]), words])
    assert found == table(DOCUMENT, "metrics")


def quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def test_keys_of_a_traffic_item() -> None:
    known = [field.name for field in fields(Entry) if field.name != "service"]
    assert sorted(known) == sorted(row[0].strip("`") for row in table(DOCUMENT, "traffic"))


def test_variables() -> None:
    read = re.findall(
        r'"((?:SLIPWAY_)?GATEWAY_\w+|SLIPWAY_STOP_TIMEOUT)"', (ENVOY / "agent" / "environment.py").read_text("utf-8")
    )
    assert sorted(read) == sorted(row[0].strip("`") for row in table(DOCUMENT, "variables"))
