"""A project of two services, and a target on which it is live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from scripts.engine.model import Running, Stack, TargetState, Wanted
from settings import Service, Settings, Target
from settings.model import Schedule, Worker, service_key

REGISTRY = "111111111111.dkr.ecr.eu-central-1.amazonaws.com"
FOUNDATION = ("registry", "platform", "ledger", "analysis", "gateway")


def project(*names: str, **target: Any) -> Settings:
    """Settings of target `staging` of project `shop`, without a file."""
    services = tuple(
        Service(name, f"apps/{name}", path="/" if name == "gateway" else f"/{name}", priority=100 + at)
        for at, name in enumerate(names or ("gateway", "hello"))
    )
    return Settings(
        root=Path("/nowhere"),
        name="shop",
        target=Target("staging", "111111111111", "eu-central-1", registry_host=REGISTRY, **target),
        services=services,
        targets=("local", "staging"),
    )


def with_processes(settings: Settings) -> Settings:
    """The same, where `hello` has a release command, a worker and a schedule."""
    more: Any = {
        "release": "python manage.py migrate",
        "workers": (Worker("mailer", "python mail.py"),),
        "schedules": (Schedule("nightly", "python tidy.py", "rate(1 day)"),),
    }
    services = tuple(replace(s, **more) if s.name == "hello" else s for s in settings.services)
    return replace(settings, services=services)


def tag(service: str) -> str:
    """The tag that a service runs and that its sources have."""
    return f"src-{service}"


def digest(service: str) -> str:
    """Digest of that tag."""
    return f"sha256:{service}"


def wanted(settings: Settings, **changes: Any) -> Wanted:
    """What the working tree says when nothing changed."""
    names = [service.name for service in settings.services]
    same = Wanted(
        tags={name: tag(name) for name in names}, fingerprints={key: f"print-{key}" for key in settings.stack_keys}
    )
    return replace(same, **changes)


def stack(settings: Settings, key: str, **changes: Any) -> Stack:
    """A settled stack of that key."""
    names = {service_key(service.name): service.name for service in settings.services}
    made = Stack(
        name=settings.stack_name(key),
        status="UPDATE_COMPLETE",
        parameters={"ImageTag": tag(names[key])} if key in names else {},
        outputs={"Fingerprint": f"print-{key}"},
    )
    return replace(made, **changes)


def live(settings: Settings) -> TargetState:
    """The state of a target where everything runs as wanted."""
    names = [service.name for service in settings.services]
    workers = {s.ecs_name(w.name): (s, w) for s in settings.services for w in s.workers}
    return TargetState(
        stacks={key: stack(settings, key) for key in settings.stack_keys},
        bootstrapped=True,
        digests={name: digest(name) for name in names},
        running={name: Running(digests=(digest(name),) * 2, desired=2) for name in names}
        | {name: Running((digest(s.name),) * w.desired, w.desired) for name, (s, w) in workers.items()},
        repositories=frozenset(names),
    )
