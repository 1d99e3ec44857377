"""Reads `slipway.toml` and the environment into one frozen `Settings`; refuses every bad value by file and key."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settings import rules
from settings.errors import SettingsError
from settings.model import Service, Settings, Target
from settings.priorities import assigned

FILE = "slipway.toml"
DEFAULT_PORT = 4566
MAX_SERVICES = 100
"""Listener rules of one Application Load Balancer, default quota. Source: Elastic Load Balancing quotas."""


def load(root: Path, *, target: str | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings of one target.

    `target` wins over SLIPWAY_TARGET, which wins over `default_target`. Raises SettingsError (exit code 2) naming the
    file, the key and what is allowed.
    """
    data = _read(root / FILE)
    _check_tables(data)
    targets, services = data.get("targets", {}), data.get("services", {})
    name = _chosen_target(data, target, environ)
    top = {key: value for key, value in data.items() if key not in ("targets", "services")}
    return Settings(
        root=root,
        name=top.get("name", "slipway"),
        target=_target(root, name, targets[name], environ),
        services=_services(services),
        targets=tuple(targets),
        image_tag=_image_tag(environ),
    )


def checked_image_tag(tag: str, where: str) -> str:
    """The tag itself, or SettingsError when no registry would take it."""
    if rules.IMAGE_TAG.fullmatch(tag):
        return tag
    raise SettingsError(
        f"{_short(tag)} is not an image tag",
        where=where,
        remedy="use letters, digits, '_', '.' and '-', at most 128 characters, not starting with '.' or '-'",
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError("there is no settings file", where=FILE, remedy="run inside a Slipway project") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"not valid TOML: {error}", where=FILE, remedy="correct that line") from None
    except UnicodeDecodeError:
        raise SettingsError("not UTF-8 text", where=FILE, remedy="save the file as UTF-8") from None
    except (ValueError, RecursionError):
        what = "not valid TOML: a number is too long, or tables are nested too deeply"
        raise SettingsError(what, where=FILE, remedy="correct that value") from None
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=FILE, remedy="check its permissions") from None


def _check_tables(data: dict[str, Any]) -> None:
    _check(data, rules.TOP, "", extra=("targets", "services"))
    for table, row_rules, limit in (("targets", rules.TARGET, 12), ("services", rules.SERVICE, 28)):
        rows = data.get(table, {})
        if not isinstance(rows, dict) or not rows:
            raise SettingsError(
                f"no {table} are defined", where=f"{FILE}: {table}", remedy=f"add a table such as [{table}.NAME]"
            )
        for name, row in rows.items():
            key = f"{table}.{_shown(name)}"
            _demand(rules.Rule(rules.SHORT_NAME.format(limit), rules.is_name(limit)), key, name)
            _demand(rules.Rule("a table", lambda value: isinstance(value, dict)), key, row)
            _check(row, row_rules, key + ".")


def _check(row: dict[str, Any], known: Mapping[str, rules.Rule], prefix: str, extra: tuple[str, ...] = ()) -> None:
    for key, value in row.items():
        if key in known:
            _demand(known[key], prefix + key, value)
        elif key not in extra:
            raise SettingsError(
                "unknown key", where=f"{FILE}: {prefix}{_shown(key)}", remedy=_suggestion(key, [*known, *extra])
            )


def _demand(rule: rules.Rule, key: str, value: Any) -> None:
    if not rule.holds(value):
        raise SettingsError(f"{_short(value)} is not allowed", where=f"{FILE}: {key}", remedy=f"use {rule.allowed}")


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python does not print a number of thousands of digits
        return "a number of that length"
    return text if len(text) <= 60 else text[:57] + "..."


def _shown(key: str) -> str:
    return key if key.isprintable() and len(key) <= 60 else _short(key)


def _suggestion(word: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else "known keys: " + ", ".join(sorted(known))


def _chosen_target(data: dict[str, Any], target: str | None, environ: Mapping[str, str]) -> str:
    targets = data["targets"]
    candidates = (
        ("--target", target),  # an empty one is a mistake that must not deploy to the default
        ("SLIPWAY_TARGET", environ.get("SLIPWAY_TARGET") or None),
        (f"{FILE}: default_target", data.get("default_target", "local")),
    )
    where, name = next((where, name) for where, name in candidates if name is not None)
    if name not in targets:
        raise SettingsError(f"there is no target {_short(name)}", where=where, remedy="targets: " + ", ".join(targets))
    return str(name)


def _target(root: Path, name: str, row: dict[str, Any], environ: Mapping[str, str]) -> Target:
    for key in ("account", "region"):
        if key not in row:
            raise SettingsError(
                "missing", where=f"{FILE}: targets.{name}.{key}", remedy=f"add {rules.TARGET[key].allowed}"
            )
    if "certificate_arn" in row and "domain" not in row:
        raise SettingsError(
            "missing beside certificate_arn",
            where=f"{FILE}: targets.{name}.domain",
            remedy=f"add {rules.TARGET['domain'].allowed}, which the certificate is for",
        )
    embedded = row.get("embedded", False)
    target = Target(name=name, **row)
    profile = None if embedded else environ.get("AWS_PROFILE") or target.profile
    host = f"localhost:{embedded_port(root, name)}" if embedded else _ecr_host(target.account, target.region)
    return Target(**{**row, "name": name, "profile": profile, "registry_host": host})


def embedded_port(root: Path, target: str) -> int:
    """Port of the embedded cloud: what it chose when it last started, else the default."""
    try:
        return int((root / ".slipway" / target / "port").read_text("ascii"))
    except (OSError, ValueError):
        return DEFAULT_PORT


def _ecr_host(account: str, region: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{account}.dkr.ecr.{region}.{suffix}"


def _services(rows: dict[str, Any]) -> tuple[Service, ...]:
    if len(rows) > MAX_SERVICES:
        raise SettingsError(
            f"{len(rows)} services",
            where=f"{FILE}: services",
            remedy=f"one load balancer routes to at most {MAX_SERVICES}",
        )
    paths = {name: row.get("path", "/") for name, row in rows.items()}
    taken = {paths[name]: row["priority"] for name, row in rows.items() if "priority" in row}
    priorities = assigned(paths.values(), taken)
    services = tuple(_service(name, row, row.get("priority", priorities[paths[name]])) for name, row in rows.items())
    for key in ("path", "priority"):
        _demand_unique(services, key)
    return services


def _service(name: str, row: dict[str, Any], priority: int) -> Service:
    key = f"services.{name}"
    if "source" not in row:
        raise SettingsError("missing", where=f"{FILE}: {key}.source", remedy=f"add {rules.SERVICE['source'].allowed}")
    values = {**row, "priority": priority}
    for table in ("environment", "build_args"):
        values[table] = tuple(sorted(row.get(table, {}).items()))
    service = Service(name=name, **values)
    allowed = rules.FARGATE_MEMORY[service.cpu]
    if service.memory not in allowed:
        raise SettingsError(
            f"{service.memory} MiB do not go with cpu {service.cpu}",
            where=f"{FILE}: {key}.memory",
            remedy="use one of " + ", ".join(map(str, allowed)),
        )
    if not service.min <= service.desired <= service.max:
        raise SettingsError(
            f"desired {service.desired} is not between min {service.min} and max {service.max}",
            where=f"{FILE}: {key}.desired",
            remedy=f"use {rules.SERVICE['desired'].allowed}",
        )
    return service


def _demand_unique(services: tuple[Service, ...], key: str) -> None:
    seen: dict[Any, str] = {}
    for service in services:
        value = getattr(service, key)
        if value in seen:
            raise SettingsError(
                f"{_short(value)} is also the {key} of {seen[value]}",
                where=f"{FILE}: services.{service.name}.{key}",
                remedy=f"give each service its own {key}",
            )
        seen[value] = service.name


def _image_tag(environ: Mapping[str, str]) -> str | None:
    tag = environ.get("IMAGE_TAG")
    return checked_image_tag(tag, "IMAGE_TAG") if tag else None
