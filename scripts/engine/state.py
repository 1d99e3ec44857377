"""Reads what is deployed: one listing of the stacks, the running tasks, and the digests of the wanted tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from scripts.engine.aws import Aws, error_code, translated
from scripts.engine.errors import Refused, SlipwayError
from scripts.engine.lease import read_leases
from scripts.engine.model import Running, Stack, TargetState
from settings import Settings
from settings.model import GATEWAY, SECOND, release_key, second_name, service_key

TOOLKIT = "CDKToolkit"
"""Name of the CDK bootstrap's stack."""
THREADS = 8
Listing = tuple[dict[str, Stack], bool]
"""Stacks by key, and whether the CDK toolkit stack exists."""


def check_account(aws: Aws, settings: Settings) -> None:
    """Refuse credentials of another account than the target's; raises Refused (exit code 3)."""
    if not aws.connection.exists:
        return
    with translated("ask who these credentials are"):
        account = aws.client("sts").get_caller_identity()["Account"]
    if account != settings.target.account:
        raise Refused(
            f"the credentials are of {account}, but target {settings.target.name!r} is {settings.target.account}",
            where="account",
            remedy="choose another AWS profile or target, or correct slipway.toml",
        )


def read_stacks(aws: Aws, settings: Settings) -> Listing:
    """Our stacks by key, and whether the CDK toolkit stack exists, from one listing."""
    if not aws.connection.exists:
        return {}, False
    found: dict[str, Stack] = {}
    bootstrapped = False
    with translated("list the stacks"):
        for page in aws.client("cloudformation").get_paginator("describe_stacks").paginate():
            for raw in page["Stacks"]:
                name = raw["StackName"]
                bootstrapped |= name == TOOLKIT
                if key := _key_of(name, settings):
                    found[key] = stack_from(raw)
    return {key: stack for key, stack in found.items() if stack.status != "DELETE_COMPLETE"}, bootstrapped


def read_stack(aws: Aws, settings: Settings, key: str) -> Stack | None:
    """The stack of that key as it is now; None where there is none."""
    client = aws.client("cloudformation")
    with translated(f"look at the stack {settings.stack_name(key)}"):
        try:
            rows = client.describe_stacks(StackName=settings.stack_name(key))["Stacks"]
        except client.exceptions.ClientError as error:
            # CloudFormation has no code of its own for this answer. Source: DescribeStacks, ValidationError.
            if "does not exist" in str(error):
                return None
            raise
    return stack_from(rows[0]) if rows else None


def _key_of(name: str, settings: Settings) -> str | None:
    """The key of a stack of this target; services that the file no longer has count too.

    None for others, such as the stacks of target `prod-eu` seen from target `prod`.
    """
    prefix = settings.stack_name("")
    longer = [f"{settings.name}-{other}-" for other in settings.targets]
    if not name.startswith(prefix) or any(name.startswith(p) for p in longer if len(p) > len(prefix)):
        return None
    key = name.removeprefix(prefix)
    own = key.startswith((service_key(""), release_key("")))
    return key if own or key in settings.foundation else None


def stack_from(raw: Mapping[str, Any]) -> Stack:
    """A stack from a DescribeStacks row."""
    return Stack(
        name=raw["StackName"],
        status=raw["StackStatus"],
        id=raw.get("StackId", ""),
        parameters={row["ParameterKey"]: row.get("ParameterValue", "") for row in raw.get("Parameters", [])},
        outputs={row["OutputKey"]: row.get("OutputValue", "") for row in raw.get("Outputs", [])},
    )


def read_running(aws: Aws, settings: Settings, services: Iterable[str]) -> dict[str, Running]:
    """What runs of these services and of their workers, by the name of the ECS service; what has none is left out.

    Second versions are among them, where there is a gateway that shifts.
    """
    ecs = aws.client("ecs")
    described: list[Any] = []
    chosen = list(services)
    wanted = [name for service in chosen for name in settings.service(service).ecs_names]
    wanted += [second_name(name) for name in chosen if settings.gateway and name != GATEWAY]
    with translated("look at the ECS services"):
        try:
            for names in portions(wanted, 10):
                answer = ecs.describe_services(cluster=settings.cluster, services=names)
                described += [row for row in answer["services"] if row["status"] == "ACTIVE"]
            digests = _running_digests(ecs, settings)
        except ecs.exceptions.ClusterNotFoundException:
            return {}
    return {
        row["serviceName"]: Running(
            digests=tuple(digests.get(row["serviceName"], ())),
            desired=row["desiredCount"],
            deploying=any(_is_rolling(deployment) for deployment in row.get("deployments", [])),
        )
        for row in described
    }


def _is_rolling(deployment: Mapping[str, Any]) -> bool:
    return deployment["status"] == "PRIMARY" and deployment.get("rolloutState") == "IN_PROGRESS"


def _running_digests(ecs: Any, settings: Settings) -> dict[str, list[str]]:
    """Service -> image digest of each running task's own container."""
    digests: dict[str, list[str]] = {}
    arns: list[str] = []
    for page in ecs.get_paginator("list_tasks").paginate(cluster=settings.cluster, desiredStatus="RUNNING"):
        arns += page["taskArns"]
    for chunk in portions(arns, 100):
        for task in ecs.describe_tasks(cluster=settings.cluster, tasks=chunk)["tasks"]:
            name = task.get("group", "").removeprefix("service:")
            if task["lastStatus"] == "RUNNING":
                digests.setdefault(name, []).append(container_digest(task, name.removesuffix(SECOND)))
    return digests


def container_digest(task: Mapping[str, Any], container: str) -> str:
    """Digest of a task's container of that name; empty when ECS does not report one."""
    rows = [row for row in task.get("containers", []) if row.get("name") == container]
    return str(rows[0].get("imageDigest", "")) if rows else ""


def read_digest(aws: Aws, settings: Settings, service: str, tag: str) -> str | None:
    """Digest of a tag in the service's repository; None when the registry does not hold it."""
    ecr = aws.client("ecr")
    with translated(f"look for the image of {service}"):
        try:
            answer = ecr.describe_images(repositoryName=settings.repository(service), imageIds=[{"imageTag": tag}])
        except ecr.exceptions.ClientError as error:
            if error_code(error) in ("ImageNotFoundException", "RepositoryNotFoundException"):
                return None
            raise
    details = answer["imageDetails"]
    return str(details[0]["imageDigest"]) if details else None


def read_repositories(aws: Aws, settings: Settings) -> frozenset[str]:
    """Services of this target whose repository exists."""
    prefix = settings.repository("")
    names: list[str] = []
    with translated("list the image repositories"):
        for page in aws.client("ecr").get_paginator("describe_repositories").paginate():
            names += [row["repositoryName"] for row in page["repositories"]]
    return frozenset(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def checked_stacks(aws: Aws, settings: Settings) -> Listing:
    """The stacks; a wrong account is refused before anything that it says is looked at."""
    for name in ("sts", "cloudformation"):
        aws.client(name)
    with ThreadPoolExecutor(2) as pool:
        account = pool.submit(check_account, aws, settings)
        stacks = pool.submit(read_stacks, aws, settings)
        account.result()
        return stacks.result()


def read_state(
    aws: Aws,
    settings: Settings,
    tags: Mapping[str, str | None],
    *,
    listing: Listing | None = None,
    policies: bool = False,
) -> TargetState:
    """Look at the target; every call of it only reads.

    `listing` is what `checked_stacks` found a moment ago, where that is known; `policies`: whether those that are live
    are looked at, too.
    """
    if not aws.connection.exists:
        return TargetState()
    known = {service: tag for service, tag in tags.items() if tag}
    # Clients are made before the threads start: each costs a few milliseconds of pure Python.
    for name in ("ecs", "ecr"):
        aws.client(name)
    with ThreadPoolExecutor(THREADS) as pool:
        running = pool.submit(read_running, aws, settings, list(tags))
        repositories = pool.submit(read_repositories, aws, settings)
        looked = {service: pool.submit(read_digest, aws, settings, service, tag) for service, tag in known.items()}
        has_ledger = listing is not None and "ledger" in listing[0]
        fences = pool.submit(read_fences, aws, settings, list(tags)) if has_ledger else None
        live = pool.submit(_live_policies, aws, settings, listing[0]) if policies and listing else None
        found, bootstrapped = listing or checked_stacks(aws, settings)
        digests = {service: digest for service, answer in looked.items() if (digest := answer.result())}
        return TargetState(
            stacks=found,
            bootstrapped=bootstrapped,
            digests=digests,
            running=running.result(),
            repositories=repositories.result(),
            fences=fences.result() if fences else {},
            policies=live.result() if live else _live_policies(aws, settings, found) if policies else None,
        )


def read_fences(aws: Aws, settings: Settings, services: list[str]) -> dict[str, int | None]:
    """Service -> fencing number of a lock that was given back; None where it is held, or where nothing can be read."""
    try:
        leases = read_leases(aws, settings, services)
    except SlipwayError:  # who needs the lock will be told; who changes nothing does not need it
        return {}
    return {name: lease.fence if lease.until <= 0 else None for name, lease in leases.items()}


def _live_policies(aws: Aws, settings: Settings, stacks: Mapping[str, Stack]) -> str | None:
    """What the live policies were made from; None while there are none, or no place for them."""
    from scripts.engine.policies.store import PolicyStore

    if "gateway" not in stacks:
        return None
    live = PolicyStore(aws, settings).live()
    return live.source_digest if live else None


def service_stack(state: TargetState, service: str) -> Stack | None:
    """The stack of a service, where it exists."""
    return state.stacks.get(service_key(service))


def portions(items: list[str], size: int) -> Iterable[list[str]]:
    """The items in lists of at most that size, as APIs take them; none of no items."""
    return (items[at : at + size] for at in range(0, len(items), size))
