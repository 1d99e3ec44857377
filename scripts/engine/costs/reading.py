"""Where the templates come from: synthesis, and what CloudFormation holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.engine.costs.templates import Template
from scripts.engine.errors import Failed
from scripts.engine.model import Stack
from scripts.engine.update import read_template
from scripts.engine.world import World


def synthesised(world: World, keys: Iterable[str]) -> dict[str, Template]:
    """Templates of stack keys, from the assembly that was made last."""
    names = {key: world.settings.stack_name(key) for key in keys}
    return {
        key: json.loads((world.cdk.assembly / f"{name}.template.json").read_text("utf-8"))
        for key, name in names.items()
    }


def deployed(world: World, stacks: Mapping[str, Stack]) -> dict[str, Template]:
    """Templates of stacks as CloudFormation holds them."""
    return {key: parse(read_template(world.aws, stack), stack.name) for key, stack in stacks.items()}


def parse(text: str, name: str) -> Template:
    """A template from JSON or YAML: the CDK command line sends small ones as YAML."""
    if text.lstrip().startswith("{"):
        return _mapping(json.loads(text), name)
    import yaml

    try:
        return _mapping(yaml.safe_load(text), name)
    except yaml.YAMLError as error:
        raise _unreadable(name) from error


def _mapping(value: Any, name: str) -> Template:
    if not isinstance(value, Mapping):
        raise _unreadable(name)
    return value


def _unreadable(name: str) -> Failed:
    return Failed(f"the template of {name} cannot be read", where="cost", remedy="./poe deploy replaces it")
