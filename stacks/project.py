"""All stacks of a target, in the order of their deployment."""

from __future__ import annotations

import aws_cdk as cdk

from settings import Settings
from settings.fingerprint import fingerprints
from settings.model import service_key, stack_keys_of
from stacks.analysis import AnalysisStack
from stacks.gateway import GatewayStack
from stacks.leave_out import LeaveOut
from stacks.ledger import LedgerStack
from stacks.platform import PlatformStack
from stacks.registry import RegistryStack
from stacks.release import ReleaseStack
from stacks.service import ServiceStack


def add_stacks(app: cdk.App, *, settings: Settings) -> LeaveOut | None:
    """Add the target's stacks to the app.

    Returns the aspect that will know, after synthesis, what an embedded target had to leave out.
    """
    prints = fingerprints(settings)
    registry = RegistryStack(app, settings=settings, fingerprint=prints["registry"])
    platform = PlatformStack(app, settings=settings, fingerprint=prints["platform"])
    LedgerStack(app, settings=settings, fingerprint=prints["ledger"])
    AnalysisStack(app, settings=settings, fingerprint=prints["analysis"])
    if settings.gateway:
        GatewayStack(app, settings=settings, platform=platform, fingerprint=prints["gateway"])
    for service in settings.services:
        for key in stack_keys_of(service):
            kind = ServiceStack if key == service_key(service.name) else ReleaseStack
            stack = kind(app, settings=settings, service=service, platform=platform, fingerprint=prints[key])
            stack.add_stack_dependency(registry)
    return _leave_out(app, settings)


def _leave_out(app: cdk.App, settings: Settings) -> LeaveOut | None:
    if not settings.target.embedded:
        return None
    aspect = LeaveOut(settings)
    cdk.Aspects.of(app).add(aspect)
    return aspect
