"""What a deploy works with: one bundle that every step gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts.engine.aws import Aws
from scripts.engine.cdk import Cdk
from scripts.engine.connection import Connection
from scripts.engine.content import Context
from scripts.engine.errors import SlipwayError
from scripts.engine.events import Events
from scripts.engine.images import Images
from scripts.engine.lock import Lock, Manners
from scripts.engine.model import TargetState
from scripts.engine.proof import Proving
from scripts.engine.rollout import Baseline
from scripts.engine.shell import Shell
from scripts.engine.state import read_digest
from settings import Settings

if TYPE_CHECKING:
    from scripts.engine.policies.bundle import Bundle
    from scripts.engine.traffic.planning import Wish
    from scripts.engine.traffic.shift import Shift
    from scripts.engine.zero_loss import Load


@dataclass
class World:
    """Everything that a step may touch."""

    settings: Settings
    connection: Connection
    aws: Aws
    shell: Shell
    events: Events
    images: Images
    cdk: Cdk
    state: TargetState = field(default_factory=TargetState)
    contexts: Mapping[str, Context] = field(default_factory=dict)
    baselines: dict[str, Baseline] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    """Service -> digest of the wanted image, as the registry tells it."""
    urls: dict[str, str] = field(default_factory=dict)
    load_balancer: str | None = None
    """Base URL of the load balancer by its own name: where every request goes, whatever host it names."""
    manners: Manners = field(default_factory=Manners)
    lock: Lock | None = None
    has_ledger: bool = False
    deployment: str | None = None
    """Id of the record that is written; None where nothing is deployed."""
    pushed_bytes: int = 0
    cache: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Service -> what of it was made anew, for its record: `image`, `layers`, `cached_layers`, `analysis`."""
    updating: bool = False
    """True once `cdk deploy` was started."""
    proven: set[str] = field(default_factory=set)
    """Services whose new version is live and answers, and was not taken back since."""
    settled: set[str] = field(default_factory=set)
    """Services that were rolled out and verified, or given up: what waits for them may go on."""
    bakes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Service -> what was seen while its version baked."""
    release_seconds: dict[str, float] = field(default_factory=dict)
    """Service -> seconds that the task of its release command ran in this deployment."""
    proving: Proving | None = None
    """How the deploy proves that it loses no request; None where nobody asked for that."""
    loads: dict[str, Load] = field(default_factory=dict)
    """Service -> the load that is on it."""
    proofs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Service -> what its load showed."""
    shifting: Wish | None = None
    """How new versions are shifted to; None where they are rolled out."""
    shifts: dict[str, Shift] = field(default_factory=dict)
    """Service -> its shift."""
    undo: dict[str, Callable[[SlipwayError], None]] = field(default_factory=dict)
    """Service -> what has to be taken back when its lane ends early; it gets the error that ended it."""
    bundle: Bundle | None = None
    """The policies of the working tree, once they are compiled."""
    settling: set[str] = field(default_factory=set)
    """Services that are live while CloudFormation still drains what was there before."""

    def cancelled(self, seconds: float) -> bool:
        """Wait up to that long; True when the user wants to stop."""
        return self.shell.cancelled.wait(seconds)

    def remember_cache(self, service: str, **facts: Any) -> None:
        """Keep what a service's deployment had to make anew: `analysis="cached"`, for example."""
        self.cache.setdefault(service, {}).update(facts)

    def may_change(self) -> None:
        """Raise Superseded when the table says that the lock is not ours: the fence in front of every mutating step."""
        if self.lock is not None:
            self.lock.check()


def wanted_digest(world: World, service: str, tag: str) -> str:
    """Digest of the tag, from the push of this deploy or from the registry."""
    if service not in world.digests:
        found = world.state.digests.get(service) or read_digest(world.aws, world.settings, service, tag)
        world.digests[service] = found or ""
    return world.digests[service]
