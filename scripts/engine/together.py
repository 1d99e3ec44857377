"""A service and its workers as one: they come live together, and go back together.

Every worker is an ECS service of its own from the same stack and the same image (`Service.ecs_name`).
"""

from __future__ import annotations

from dataclasses import replace

from scripts.engine.model import Running, Verdict
from scripts.engine.rollout import Baseline, Goal, Judgement, Snapshot, Task, judge
from settings import Service


def judge_together(seen: Snapshot, goal: Goal) -> Judgement:
    """Live when the service and all its workers are; over as soon as one of them has failed."""
    rows = {"": judge(seen, goal)}
    rows |= {name: judge(worker, goal.of(name)) for name, worker in seen.workers.items()}
    if len(rows) == 1:
        return rows[""]
    failed = tuple(task for row in rows.values() for task in row.failed)
    ended = sorted(
        (name for name, row in rows.items() if row.verdict not in (None, Verdict.LIVE)),
        key=lambda name: _weight(rows[name]),
    )
    if ended:
        first = ended[0]
        return replace(rows[first], text=_named(first, rows[first].text), failed=failed, worker=first)
    text = "; ".join(_named(name, row.text) for name, row in rows.items())
    is_live = all(row.verdict is Verdict.LIVE for row in rows.values())
    return Judgement(text, Verdict.LIVE if is_live else None, failed)


def _weight(row: Judgement) -> tuple[bool, bool]:
    """Who took over counts before who failed; whose tasks fell tells more than who went back because of them."""
    return row.verdict is not Verdict.SUPERSEDED, not row.failed


def _named(worker: str, text: str) -> str:
    return f"{worker}: {text}" if worker else text


def process_of(service: Service, name: str) -> Service:
    """The service as one of its ECS services runs it: `name` is that of a worker, or the service's own, or empty."""
    found = next((worker for worker in service.workers if service.ecs_name(worker.name) == name), None)
    return replace(service, name=name, cpu=found.cpu, memory=found.memory) if found else service


def looks(seen: Snapshot) -> tuple[Snapshot, ...]:
    """The looks at the service and at each worker."""
    return (seen, *seen.workers.values())


def tasks_of(seen: Snapshot) -> tuple[Task, ...]:
    """Tasks of the service and of its workers."""
    return tuple(task for one in looks(seen) for task in one.tasks)


def baseline(seen: Snapshot, image_tag: str | None = None, template: str | None = None) -> Baseline:
    """What a snapshot taken before the change says of the version that serves."""
    return replace(_before(seen), image_tag=image_tag, template=template)


def _before(seen: Snapshot) -> Baseline:
    primary = seen.primary
    return Baseline(
        deployments=frozenset(d.id for d in seen.deployments),
        task_definition=primary.task_definition if primary else None,
        stack_status=seen.stack_status,
        tasks=frozenset(t.id for t in seen.tasks),
        workers={name: _before(worker) for name, worker in seen.workers.items()},
    )


def under_way(seen: Snapshot) -> Baseline:
    """The same for a rollout that began before we looked: its own deployments are not from before."""
    old = [d for d in seen.deployments if not d.primary]
    return Baseline(
        deployments=frozenset(d.id for d in old),
        task_definition=old[0].task_definition if old else None,
        workers={name: under_way(worker) for name, worker in seen.workers.items()},
    )


def runs_other(running: Running, digest: str | None) -> bool:
    """True when the tasks that run are not all of the wanted digest, or too few."""
    if len(running.digests) < running.desired:
        return True
    return any(found != digest for found in running.digests)
