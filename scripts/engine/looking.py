"""Looks at the working tree and at the target, and makes the plan. Changes nothing on either."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scripts.engine.content import Context, read_context
from scripts.engine.declared import drift
from scripts.engine.errors import BadInput
from scripts.engine.images import Images
from scripts.engine.model import Plan, TargetState, Wanted
from scripts.engine.needs import unmet
from scripts.engine.planner import plan
from scripts.engine.state import service_stack
from settings import Service, Settings
from settings.fingerprint import fingerprints

KEPT_TAGS = 20


@dataclass(frozen=True)
class Source:
    """What the working tree says."""

    contexts: Mapping[str, Context]
    tags: Mapping[str, str | None]
    fingerprints: Mapping[str, str]
    policies: str | None = None
    """What the policies follow from, where their gateway is among the services and the project has some."""


def chosen_services(settings: Settings, names: Sequence[str]) -> tuple[str, ...]:
    """The services to deploy, in the file's order; all when none is named. Raises BadInput for an unknown one."""
    known = [service.name for service in settings.services]
    for name in names:
        if name not in known:
            raise BadInput(f"there is no service {name!r}", where="SERVICE", remedy="services: " + ", ".join(known))
    return tuple(name for name in known if not names or name in names)


def read_contexts(settings: Settings, services: Sequence[str]) -> dict[str, Context]:
    """The build contexts of these services; raises BadInput."""
    if settings.image_tag:
        return {}
    return {name: _read(settings, settings.service(name)) for name in services}


def _read(settings: Settings, service: Service) -> Context:
    """The context, with what else a person should know before it is deployed."""
    context = read_context(settings.root, service, settings.target.platform)
    told = (*context.warnings, *drift(settings.root, service), *unmet(service))
    return replace(context, warnings=told)


def read_source(settings: Settings, images: Images, services: Sequence[str], contexts: Mapping[str, Context]) -> Source:
    """Content tags and fingerprints; a tag is None while one of its base images is not on this machine."""
    bases = sorted({base for context in contexts.values() for base in context.bases})
    identities = images.identities(bases)
    tags: dict[str, str | None] = {}
    for name in services:
        context = contexts.get(name)
        if context is None:
            tags[name] = settings.image_tag
        else:
            tags[name] = context.tag(identities) if set(context.bases) <= identities.keys() else None
    return Source(
        contexts=contexts, tags=tags, fingerprints=fingerprints(settings), policies=_policies(settings, services)
    )


def _policies(settings: Settings, services: Sequence[str]) -> str | None:
    from scripts.engine.policies.bundle import has_policies, source_digest

    is_asked = settings.gateway is not None and settings.gateway.name in services
    return source_digest(settings) if is_asked and has_policies(settings) else None


def make_plan(settings: Settings, source: Source, state: TargetState) -> Plan:
    """The plan; raises BadInput when IMAGE_TAG names an image that the registry does not hold."""
    if settings.image_tag:
        missing = [name for name in source.tags if name not in state.digests]
        if missing:
            raise BadInput(
                f"the registry holds no {settings.image_tag!r} of {', '.join(missing)}",
                where="IMAGE_TAG",
                remedy="unset IMAGE_TAG to build from source, or name a tag that was pushed",
            )
    changed = {
        name: count
        for name, context in source.contexts.items()
        if (stack := service_stack(state, name))
        and stack.image_tag
        and (count := changed_files(settings, context, stack.image_tag))
    }
    wanted = Wanted(tags=source.tags, fingerprints=source.fingerprints, changed_files=changed, policies=source.policies)
    return plan(settings, state, wanted, tuple(source.tags))


def changed_files(settings: Settings, context: Context, tag: str) -> int | None:
    """How many files differ from those that `tag` was built from; None when this machine does not remember them."""
    before = _remembered(settings, context.service).get(tag)
    if before is None:
        return None
    now = dict(context.rows)
    return sum(before.get(path) != now.get(path) for path in before.keys() | now.keys())


def remember(settings: Settings, context: Context, tag: str) -> None:
    """Keep the files of a tag, so that a later plan can say what changed. Best effort."""
    kept = _remembered(settings, context.service)
    kept.pop(tag, None)
    kept[tag] = dict(context.rows)
    recent = dict(list(kept.items())[-KEPT_TAGS:])
    path = settings.state_dir / f"files-{context.service}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(recent), "utf-8")
        fresh.replace(path)
    except OSError:
        return


def _remembered(settings: Settings, service: str) -> dict[str, dict[str, str]]:
    try:
        data = json.loads((settings.state_dir / f"files-{service}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    rows = data.items() if isinstance(data, dict) else ()
    return {tag: files for tag, files in rows if isinstance(files, dict)}
