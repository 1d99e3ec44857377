"""Targets and services as frozen, typed values, and the names that derive from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GATEWAY = "gateway"
"""Name of the service that is the gateway."""
SECOND = "_next"
"""What the name of a second version's ECS service ends with."""


@dataclass(frozen=True)
class Worker:
    """A process of a service that takes no requests: an ECS service of its own from the service's image."""

    name: str
    command: str
    desired: int = 1
    cpu: int = 256
    """CPU units; the service's own where the file names none, as `memory`."""
    memory: int = 512


@dataclass(frozen=True)
class Schedule:
    """A process of a service that runs by the clock, as a task from the service's image."""

    name: str
    command: str
    schedule: str
    """Expression of EventBridge Scheduler: `rate(1 hour)`, `cron(0 3 * * ? *)`, `at(2030-01-31T03:00:00)`; UTC."""
    cpu: int = 256
    memory: int = 512


@dataclass(frozen=True)
class Notify:
    """Somebody who is told how deploys begin and end."""

    name: str
    kind: str
    """`slack` (incoming webhook), `slack-bot`, `webhook` or `sns`."""
    url: str | None = None
    """Where to send it, or a reference to that."""
    secret: str | None = None
    """Reference to the signing secret of a webhook, or to the token of a Slack bot."""
    channel: str | None = None
    topic_arn: str | None = None
    on: tuple[str, ...] = ("start", "live", "rolled_back", "failed", "superseded")


@dataclass(frozen=True)
class Service:
    """One container image run as one ECS service behind the load balancer."""

    name: str
    source: str
    """Build context: a folder of this project, or of `repository`."""
    repository: str | None = None
    """Where the source comes from: URL of a git repository, or a folder of this machine; None: this project."""
    ref: str | None = None
    """Branch, tag or commit of `repository` that `deploy-app` follows; None: its default branch."""
    commit: str | None = None
    """The commit of `repository` that is built."""
    folder: str = "."
    """Folder of the service below `source`, for an image that needs more than it, as in a workspace."""
    dockerfile: str = "Dockerfile"
    """Relative to `source`."""
    port: int = 8080
    health_path: str = "/health"
    path: str = "/"
    """Where the load balancer routes to it: `/` takes what no other service takes; a prefix is stripped on the way."""
    host: str | None = None
    """Host name that the load balancer routes to it, instead of `path`."""
    priority: int = 100
    """Listener rule priority, unique on the load balancer; assigned by the loader when the file names none."""
    cpu: int = 256
    """CPU units, 1024 a vCPU."""
    memory: int = 512
    """MiB."""
    desired: int = 2
    min: int = 2
    max: int = 4
    stop_timeout: int = 10
    """Seconds between SIGTERM and SIGKILL."""
    deregistration_delay: int = 5
    """Seconds a draining target may finish its requests."""
    health_interval: int = 5
    """Seconds between two load balancer health checks."""
    grace_period: int = 30
    """Seconds after a task's start in which failing health checks do not count."""
    environment: tuple[tuple[str, str], ...] = ()
    build_args: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    """Variable -> reference to where its value is kept."""
    needs: tuple[str, ...] = ()
    """Engines of backing services that it expects, such as `postgresql`."""
    release: str | None = None
    """Command that runs once, as a task of the new image, before each rollout."""
    release_timeout: int = 600
    """Seconds."""
    steady: int = 6
    """Seconds that the first task of a version has to be healthy before the version counts as live."""
    bake: int = 0
    """Seconds after live in which a bad version is rolled back by itself."""
    bake_p95: int | None = None
    """Milliseconds that the 95th percentile of answers may take while baking."""
    public: bool = False
    """Whether the gateway sends requests to it without asking the policies."""
    request_timeout: int = 60
    """Seconds in which something has to come, either way, or the gateway gives the request up."""
    rate_limit: int = 0
    """Requests a second that each task of the gateway lets through; 0: no limit."""
    max_body: int = 0
    """Bytes of a request's body that the gateway lets through; 0: no limit."""
    sticky: str = ""
    """What keeps a client with one of two versions: `cookie`, `header:NAME`, or nothing."""
    workers: tuple[Worker, ...] = ()
    schedules: tuple[Schedule, ...] = ()

    @property
    def route(self) -> str:
        """What its requests are told by: `//host` or a path."""
        return f"//{self.host}" if self.host else self.path

    @property
    def prefix(self) -> str:
        """What the load balancer takes off the path of its requests; empty for `/` and for a host."""
        return "" if self.host or self.path == "/" else self.path

    @property
    def ecs_names(self) -> tuple[str, ...]:
        """Names of its ECS services: its own, then those of its workers."""
        return (self.name, *(self.ecs_name(worker.name) for worker in self.workers))

    def ecs_name(self, worker: str) -> str:
        """Name of a worker's ECS service, of its container and of its task family behind the prefix."""
        return f"{self.name}-{worker}"


@dataclass(frozen=True)
class Target:
    """Where a service runs: an account, a region, an endpoint and their settings."""

    name: str
    account: str
    region: str
    embedded: bool = False
    """True for a target that an embedded cloud on this machine serves."""
    profile: str | None = None
    registry_host: str = ""
    """Host (and port) that image references start with."""
    network: str = "public"
    """`public`: tasks in public subnets, no NAT (cheap). `private`: private subnets behind a NAT gateway."""
    certificate_arn: str | None = None
    domain: str | None = None
    """Name in the certificate that users open; it points to the load balancer, or will."""
    alarm_email: str | None = None
    log_retention_days: int = 30
    platform: str = "linux/amd64"
    """Platform of the images and the tasks."""
    bedrock_model: str | None = None
    """Model of Amazon Bedrock that the analyzer function may ask; None: none."""
    rollout_timeout: int = 600
    """Seconds a rollout may take before it counts as timed out."""
    ledger_retention_days: int = 400
    """Days that the ledger keeps a deployment."""
    budget: int | None = None
    """US dollars a month; a plan whose stacks would cost more is refused."""
    jwt_issuer: str | None = None
    """Who signs the tokens that the gateway takes; None: no token is valid."""
    jwt_audiences: tuple[str, ...] = ()
    """A token has to be for one of them; none: for anybody."""
    jwt_jwks: str | None = None
    """Where the issuer's public keys are: https:// URL, or a file of the project."""
    ecs_deployment: str = "rolling"
    """How ECS brings a new version in: `rolling`, `blue-green` or `canary`."""
    notify: tuple[Notify, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Everything a command needs to know, resolved once."""

    root: Path
    name: str
    target: Target
    services: tuple[Service, ...]
    targets: tuple[str, ...] = ()
    """Names of all targets in the file."""
    image_tag: str | None = None
    """`IMAGE_TAG` from the environment: deploy this tag instead of the content tag."""

    @property
    def prefix(self) -> str:
        """Prefix of every name that this project makes on its target."""
        return f"{self.name}-{self.target.name}"

    @property
    def state_dir(self) -> Path:
        """Local caches of this target; they may vanish at any time."""
        return self.root / ".slipway" / self.target.name

    @property
    def foundation(self) -> tuple[str, ...]:
        """Keys of the stacks that are not services, in deployment order."""
        return ("registry", "platform", "ledger", "analysis", *(("gateway",) if self.gateway else ()))

    @property
    def stack_keys(self) -> tuple[str, ...]:
        """Keys of all stacks, in deployment order."""
        return self.foundation + tuple(key for service in self.services for key in stack_keys_of(service))

    def stack_name(self, key: str) -> str:
        """CloudFormation name of a stack key."""
        return f"{self.prefix}-{key}"

    def repository(self, service: str) -> str:
        """ECR repository of a service."""
        return f"{self.prefix}/{service}"

    def image(self, service: str, tag: str) -> str:
        """Full image reference of a service's tag, as a task definition names it."""
        return f"{self.target.registry_host}/{self.repository(service)}:{tag}"

    @property
    def cluster(self) -> str:
        """ECS cluster name."""
        return self.prefix

    @property
    def ledger_table(self) -> str:
        """DynamoDB table of deployments and locks."""
        return f"{self.prefix}-ledger"

    @property
    def gateway(self) -> Service | None:
        """The service that all others are reached through; None where the project has none."""
        return next((service for service in self.services if service.name == GATEWAY), None)

    @property
    def gateway_table(self) -> str:
        """DynamoDB table of the gateway's policies and of what its tasks report."""
        return f"{self.prefix}-gateway"

    def is_shifted_by_ecs(self, service: Service) -> bool:
        """Whether ECS brings new versions in by shifting requests at the load balancer.

        It can only shift what the load balancer sends by itself: requests to services behind a gateway do not pass it.
        """
        return self.target.ecs_deployment != Target.ecs_deployment and self.gateway in (None, service)

    @property
    def gateway_parameters(self) -> str:
        """Path of the SSM parameters that the gateway reads: services, and whose tokens are valid."""
        return f"/slipway/{self.prefix}/gateway"

    def is_behind_gateway(self, service: Service) -> bool:
        """Whether requests reach the service through the gateway."""
        return self.gateway is not None and service.name != GATEWAY

    @property
    def analyzer_function(self) -> str:
        """Lambda function that analyzes source trees."""
        return f"{self.prefix}-analyzer"

    @property
    def analysis_bucket(self) -> str:
        """S3 bucket of the analyzer; the account is in it because names of buckets are shared by all accounts."""
        return f"{self.prefix}-analysis-{self.target.account}"

    def service(self, name: str) -> Service:
        """The service of that name; raises KeyError."""
        return next(service for service in self.services if service.name == name)


def stack_keys_of(service: Service) -> tuple[str, ...]:
    """Keys of a service's stacks, in deployment order."""
    own = service_key(service.name)
    return (release_key(service.name), own) if service.release else (own,)


def release_key(service: str) -> str:
    """Stack key of what a service's release command needs; its stack is there only for services that have one."""
    return f"release-{service}"


def service_key(service: str) -> str:
    """Stack key of a service."""
    return f"service-{service}"


def second_name(service: str) -> str:
    """ECS service of a service's second version, while it has one; no name of a service or worker has an underscore."""
    return f"{service}{SECOND}"
