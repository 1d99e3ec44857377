"""The nouns of a deploy: paths, verdicts, what was found on the target, and the plan made from it. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

EMPTY: Mapping[str, str] = MappingProxyType({})


class Path(StrEnum):
    """How a deploy gets there, narrowest first."""

    NONE = "none"
    POLICY = "policy"
    FAST = "fast"
    FULL = "full"
    BOOTSTRAP = "bootstrap"

    @property
    def width(self) -> int:
        """Rank: a mixed change takes the widest path that one of its parts needs."""
        return list(Path).index(self)


class Verdict(StrEnum):
    """How a deploy ended."""

    UNCHANGED = "unchanged"
    LIVE = "live"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    REMOVED = "removed"
    """Of a service that was taken away; no deploy ends so."""


SETTLED = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "IMPORT_COMPLETE",
)


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack as one listing shows it."""

    name: str
    status: str
    parameters: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    outputs: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    id: str = ""

    @property
    def image_tag(self) -> str | None:
        """The tag that the stack intends to run."""
        return self.parameters.get("ImageTag")

    @property
    def is_settled(self) -> bool:
        """True when nothing is under way and the last change took."""
        return self.status in SETTLED

    @property
    def is_moving(self) -> bool:
        """True while CloudFormation works on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


@dataclass(frozen=True)
class Running:
    """What runs of one ECS service."""

    digests: tuple[str, ...] = ()
    """Image digest of each running task."""
    desired: int = 0
    deploying: bool = False
    """True while a rollout is under way."""


@dataclass(frozen=True)
class TargetState:
    """Everything that choosing a path needs to know of the target."""

    stacks: Mapping[str, Stack] = field(default_factory=dict)
    """By stack key; only stacks that exist."""
    bootstrapped: bool = False
    """Whether the CDK's own toolkit stack is there."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Service -> digest of its wanted tag, where the registry holds it."""
    running: Mapping[str, Running] = field(default_factory=dict)
    """By the name of the ECS service: services, and their workers."""
    repositories: frozenset[str] = frozenset()
    """Services whose image repository exists."""
    fences: Mapping[str, int | None] = field(default_factory=dict)
    """Service -> fencing number of its lock while nobody held it; None where somebody did."""
    policies: str | None = None
    """What the live policies were made from; None while none are."""


@dataclass(frozen=True)
class Wanted:
    """What should run: per service the tag (None while a base image is unknown), per stack the fingerprint."""

    tags: Mapping[str, str | None]
    fingerprints: Mapping[str, str]
    changed_files: Mapping[str, int] = field(default_factory=dict)
    policies: str | None = None
    """What the policies follow from; None where the project has none, or their gateway is not deployed now."""


class Action(StrEnum):
    """What makes ECS run the wanted tag."""

    UPDATE = "update"
    """A new ImageTag parameter, or a stack deployment."""
    REASSERT = "reassert"
    """The stack holds the tag already, but other tasks run: a new ECS deployment of the same."""
    WATCH = "watch"
    """The rollout is under way already."""
    RETIRE = "retire"
    """All is as it should be but for a second version that was left."""


@dataclass(frozen=True)
class ServicePlan:
    """One service: its path, why, and what has to be done for it."""

    service: str
    path: Path
    reason: str
    image_tag: str | None
    previous_tag: str | None = None
    build: bool = False
    """True when the registry does not hold the tag yet."""
    action: Action = Action.UPDATE
    inline: bool = False
    """True when the CDK publishes the image, since the service has no repository yet."""
    bake: int = 0
    """Seconds after live in which a bad version is rolled back by itself."""
    release: bool = False
    """True when its release command is asked for before the update."""
    policies: bool = False
    """True when new policies are made live, after whatever else happens to it."""
    shift: tuple[int, ...] = ()
    """Shares of the requests in percent that a second version gets one after the other, each for `bake` seconds."""
    leftover: bool = False
    """True when a second version is there that a deploy which ended left."""


@dataclass(frozen=True)
class Plan:
    """The frozen result of looking."""

    target: str
    path: Path
    reason: str
    services: tuple[ServicePlan, ...]
    stacks: tuple[str, ...] = ()
    """Keys of the stacks that `cdk deploy` gets, in order."""
    bootstrap_toolkit: bool = False
    """True when `cdk bootstrap` has to run first."""

    @property
    def changed(self) -> tuple[ServicePlan, ...]:
        """The services that something happens to."""
        return tuple(service for service in self.services if service.path is not Path.NONE)


EXIT_CODES = {
    Verdict.UNCHANGED: 0,
    Verdict.LIVE: 0,
    Verdict.REMOVED: 0,
    Verdict.FAILED: 4,
    Verdict.ROLLED_BACK: 5,
    Verdict.SUPERSEDED: 6,
    Verdict.TIMED_OUT: 7,
    Verdict.STOPPED: 130,
}
