"""Synthesises each target variant once and shares the result among all stack tests."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from settings import Service, Settings, Target
from settings.model import Schedule, Worker
from stacks.inline_images import write_inline_images
from stacks.project import add_stacks

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATE = "arn:aws:acm:eu-central-1:111111111111:certificate/00000000-0000-0000-0000-000000000000"
TARGETS = {
    "embedded": Target(
        name="local", account="000000000000", region="us-east-1", embedded=True, registry_host="localhost:4566"
    ),
    "public": Target(
        name="staging",
        account="111111111111",
        region="eu-central-1",
        registry_host="111111111111.dkr.ecr.eu-central-1.amazonaws.com",
    ),
    "private": Target(
        name="production",
        account="111111111111",
        region="eu-central-1",
        registry_host="111111111111.dkr.ecr.eu-central-1.amazonaws.com",
        network="private",
        certificate_arn=CERTIFICATE,
        alarm_email="on-call@example.com",
        platform="linux/arm64",
    ),
}
SERVICES = (
    Service(name="gateway", source="envoy", health_path="/ready", priority=100),
    Service(name="hello", source="examples/hello", port=8000, path="/hello", priority=101),
    Service(
        name="shop",
        source="examples/hello",
        host="shop.example.com",
        priority=102,
        environment=(("LOG_LEVEL", "info"),),
        secrets=(("API_KEY", "ssm:/shop/api-key"), ("DATABASE_URL", "secretsmanager:shop/database")),
        release="python manage.py migrate --noinput",
        workers=(Worker("mail", "celery -A shop worker", desired=2, cpu=512, memory=1024),),
        schedules=(Schedule("nightly", "python report.py > /proc/1/fd/1", "cron(0 3 * * ? *)"),),
    ),
)
KEYS = (
    *("registry", "platform", "ledger", "analysis", "gateway"),
    *("service-gateway", "service-hello", "release-shop", "service-shop"),
)

Template = dict[str, Any]


@dataclass(frozen=True)
class Synthesis:
    """One synthesised app."""

    settings: Settings
    stacks: Mapping[str, cdk.Stack]
    """Stack key -> stack."""
    outdir: Path
    left_out: tuple[str, ...]

    def template(self, key: str) -> Template:
        """The template of a stack key."""
        return self._json(key, "template")

    def assets(self, key: str) -> dict[str, Any]:
        """The asset manifest of a stack key."""
        return self._json(key, "assets")

    def resources(self, key: str, kind: str) -> list[dict[str, Any]]:
        """The properties of all resources of a CloudFormation type."""
        return [
            resource.get("Properties", {})
            for resource in self.template(key)["Resources"].values()
            if resource["Type"] == kind
        ]

    def resource(self, key: str, kind: str) -> dict[str, Any]:
        """The properties of the only resource of a CloudFormation type."""
        (found,) = self.resources(key, kind)
        return found

    def _json(self, key: str, kind: str) -> dict[str, Any]:
        name = self.settings.stack_name(key)
        content: dict[str, Any] = json.loads((self.outdir / f"{name}.{kind}.json").read_text("utf-8"))
        return content


def make_settings(variant: str, services: tuple[Service, ...] = SERVICES) -> Settings:
    """Settings as the loader would make them."""
    return Settings(root=ROOT, name="slipway", target=TARGETS[variant], services=services)


def cdk_context() -> dict[str, Any]:
    """The context that the CDK command line hands to the app."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    return context


@cache
def scratch() -> Path:
    """The folder of all assemblies; it goes when the session ends."""
    return Path(tempfile.mkdtemp(prefix="slipway-stacks-"))


def pytest_sessionfinish() -> None:
    """Called by pytest."""
    if scratch.cache_info().currsize:
        shutil.rmtree(scratch())


@cache
def synthesise(settings: Settings, inline: tuple[tuple[str, str], ...] = ()) -> Synthesis:
    """Synthesise as `app.py` does under the CDK command line."""
    outdir = Path(tempfile.mkdtemp(dir=scratch()))
    app = cdk.App(
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,
        context=cdk_context(),
        outdir=str(outdir),
        tree_metadata=False,
    )
    leave_out = add_stacks(app, settings=settings)
    app.synth()
    write_inline_images(outdir, settings, dict(inline))
    stacks = {child.node.id: child for child in app.node.children if isinstance(child, cdk.Stack)}
    return Synthesis(
        settings=settings,
        stacks={key: stacks[settings.stack_name(key)] for key in settings.stack_keys},
        outdir=outdir,
        left_out=leave_out.left_out if leave_out else (),
    )


@pytest.fixture(params=TARGETS)
def variant(request: pytest.FixtureRequest) -> str:
    """Each target variant's name."""
    return str(request.param)


@pytest.fixture
def synthesis(variant: str) -> Synthesis:
    """Each target variant, synthesised."""
    return synthesise(make_settings(variant))


@pytest.fixture
def embedded() -> Synthesis:
    """The embedded target."""
    return synthesise(make_settings("embedded"))


@pytest.fixture
def public() -> Synthesis:
    """An AWS target with public subnets and nothing optional."""
    return synthesise(make_settings("public"))


@pytest.fixture
def private() -> Synthesis:
    """An AWS target with private subnets, a certificate, an alarm address and ARM tasks."""
    return synthesise(make_settings("private"))
