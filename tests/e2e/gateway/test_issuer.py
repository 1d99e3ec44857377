"""Tokens of the development issuer at a real gateway that is told of it while it runs."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

from scripts.engine.issuer import ALGORITHMS, Issuer, await_accepted
from tests.e2e.gateway.agent_process import Gateway, project_policies, until
from tests.e2e.gateway.fake_aws import FakeAws
from tests.unit.engine.projects import project


def test_a_gateway_that_runs_takes_its_tokens(tmp_path: Path) -> None:
    aws, policies = FakeAws(), project_policies()
    aws.upload(policies)
    aws.flip(policies.version, 1.5)
    issuer = Issuer(replace(project(), root=tmp_path / "project"))
    admin, reader = (
        issuer.token({"sub": "ann", "roles": [role]}, algorithm, seconds=60, now=time.time())
        for role, algorithm in zip(("admin", "reader"), ALGORITHMS, strict=True)
    )
    with Gateway(tmp_path, aws, SLIPWAY_GATEWAY_AUTH="") as gateway:
        gateway.ready()
        assert gateway.status("/", authorization=f"Bearer {admin}") == 401
        aws.parameters["/slipway/slipway-test/gateway/development-auth"] = issuer.parameter()
        await_accepted(f"http://127.0.0.1:{gateway.port}", admin, cancelled=threading.Event().wait)
        assert gateway.status("/orders", authorization=f"Bearer {admin}") == 404
        assert gateway.status("/orders", authorization=f"Bearer {reader}") == 403
        stranger = Issuer(replace(project(), root=tmp_path / "other"))
        forged = stranger.token({"sub": "ann", "roles": ["admin"]}, "ES256", seconds=60, now=time.time())
        assert gateway.status("/orders", authorization=f"Bearer {forged}") == 401
        old = issuer.token({"sub": "ann", "roles": ["admin"]}, "ES256", seconds=60, now=time.time() - 3600)
        assert gateway.status("/orders", authorization=f"Bearer {old}") == 401
        # The target gets an issuer of its own.
        aws.parameters["/slipway/slipway-test/gateway/auth"] = gateway.auth()
        until(lambda: gateway.status("/", authorization=f"Bearer {admin}"), lambda status: status == 401)
        assert gateway.status("/", authorization=gateway.token()) == 200
    aws.close()
