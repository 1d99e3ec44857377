"""What is remembered of deployments on a real table: caches, what stages said, nothing that looks like a credential."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.workshop import Lane

SECRET = "hunter2-0a1b2c"
LEAKS = f"""\
FROM python:3.11-slim-bookworm
RUN echo DB_PASSWORD={SECRET} https://ann:{SECRET}@example.com && false
"""


def show(lane: Lane, deployment: str) -> dict[str, Any]:
    return dict(json.loads(lane.project.run("show", deployment, "--json").out))


def test_what_a_deploy_made_anew_and_said(lane: Lane) -> None:
    lane.make()
    ident = lane.deploy().report["deployment"]
    record = show(lane, ident)
    cache = record["services"][lane.name]["cache"]
    assert cache["image"] == "built"
    assert 0 < cache["cached_layers"] < cache["layers"], "one file changed, the last layer is new"
    assert {"analyze", "build", "push", "update", "rollout", "verify"} <= {row["name"] for row in record["stages"]}
    text = lane.project.run("show", ident).out
    assert f"{cache['cached_layers']} of {cache['layers']} layers from the cache" in text
    assert "1 layer, " in text, "what the push said"
    found = json.loads(lane.project.run("stats", "--json").out)
    assert found["cache"]["layers"]["count"] >= cache["layers"]
    assert found["cache"]["images"]["rate"] < 1
    assert found["stages"]["rollout"]["count"] >= 1


def test_credentials_reach_nobody(lane: Lane) -> None:
    lane.make(dockerfile=LEAKS)
    result = lane.deploy(expect=4)
    lane.make(dockerfile=f"{LEAKS}# on a terminal\n")
    shown = lane.project.run("deploy", lane.name, expect=4)
    rows = lane.project.client("dynamodb").get_paginator("scan").paginate(TableName="slipway-local-ledger")
    for text in (result.out, result.err, shown.out, shown.err, json.dumps(list(rows))):
        assert SECRET not in text
    assert "DB_PASSWORD=[...]" in result.out + shown.out
    record = show(lane, result.report["deployment"])
    assert record["verdict"] == "failed"
    assert any("DB_PASSWORD=[...]" in line for piece in record["evidence"] for line in piece["logs"])
    lane.make()
    assert lane.deploy().report["verdict"] == "live"
