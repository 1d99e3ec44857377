"""Reads `slipway.toml` and the environment into one frozen `Settings`; refuses every bad value by file and key."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settings import rules
from settings.checks import FILE, check_file, missing, short
from settings.errors import SettingsError
from settings.model import Notify, Settings, Target
from settings.services import services_of

DEFAULT_PORT = 4566
NEEDED = {"slack": ("url",), "slack-bot": ("secret", "channel"), "webhook": ("url", "secret"), "sns": ("topic_arn",)}
"""Kind of a receiver -> what it cannot do without."""


def load(
    root: Path, *, target: str | None = None, environ: Mapping[str, str] = os.environ, text: str | None = None
) -> Settings:
    """Settings of one target; `text` stands for a file that is not written yet.

    `target` wins over SLIPWAY_TARGET, which wins over `default_target`. Raises SettingsError (exit code 2) naming the
    file, the key and what is allowed.
    """
    data = _read(root / FILE) if text is None else tomllib.loads(text)
    check_file(data)
    targets, services = data.get("targets", {}), data.get("services", {})
    name = _chosen_target(data, target, environ)
    top = {key: value for key, value in data.items() if key not in ("targets", "services")}
    return Settings(
        root=root,
        name=top.get("name", "slipway"),
        target=_target(root, name, targets[name], environ),
        services=services_of(services),
        targets=tuple(targets),
        image_tag=_image_tag(environ),
    )


def checked_image_tag(tag: str, where: str) -> str:
    """The tag itself, or SettingsError when no registry would take it."""
    if rules.IMAGE_TAG.fullmatch(tag):
        return tag
    raise SettingsError(
        f"{short(tag)} is not an image tag",
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


def _chosen_target(data: dict[str, Any], target: str | None, environ: Mapping[str, str]) -> str:
    targets = data["targets"]
    candidates = (
        ("--target", target),  # an empty one is a mistake that must not deploy to the default
        ("SLIPWAY_TARGET", environ.get("SLIPWAY_TARGET") or None),
        (f"{FILE}: default_target", data.get("default_target", "local")),
    )
    where, name = next((where, name) for where, name in candidates if name is not None)
    if name not in targets:
        raise SettingsError(f"there is no target {short(name)}", where=where, remedy="targets: " + ", ".join(targets))
    return str(name)


def _target(root: Path, name: str, row: dict[str, Any], environ: Mapping[str, str]) -> Target:
    for key in ("account", "region"):
        if key not in row:
            raise missing(f"targets.{name}.{key}", rules.TARGET[key].allowed)
    if "certificate_arn" in row and "domain" not in row:
        beside = " beside certificate_arn"
        allowed = f"{rules.TARGET['domain'].allowed}, which the certificate is for"
        raise missing(f"targets.{name}.domain", allowed, beside)
    for key, other in (("jwt_jwks", "jwt_issuer"), ("jwt_issuer", "jwt_jwks"), ("jwt_issuer", "jwt_audiences")):
        if other in row and key not in row:
            raise missing(f"targets.{name}.{key}", rules.TARGET[key].allowed, f" beside {other}")
    embedded = row.get("embedded", False)
    if embedded and row.get("ecs_deployment", Target.ecs_deployment) != Target.ecs_deployment:
        raise SettingsError(
            "the embedded cloud only rolls; it does not shift requests as ECS does",
            where=f"{FILE}: targets.{name}.ecs_deployment",
            remedy="take it out; behind a gateway ./poe deploy --canary and --blue-green shift requests on any target",
        )
    receivers = tuple(_notify(f"targets.{name}.notify.{who}", who, one) for who, one in row.get("notify", {}).items())
    row = {**row, "notify": receivers, "jwt_audiences": tuple(row.get("jwt_audiences", ()))}
    target = Target(name=name, **row)
    profile = None if embedded else environ.get("AWS_PROFILE") or target.profile
    host = f"localhost:{embedded_port(root, name)}" if embedded else _ecr_host(target.account, target.region)
    return Target(**{**row, "name": name, "profile": profile, "registry_host": host})


def _notify(key: str, name: str, row: dict[str, Any]) -> Notify:
    if "kind" not in row:
        raise missing(f"{key}.kind", rules.NOTIFY["kind"].allowed)
    for needed in NEEDED[row["kind"]]:
        if needed not in row:
            raise missing(f"{key}.{needed}", rules.NOTIFY[needed].allowed)
    if row["kind"] == "slack" and not rules.is_reference(row["url"]) and not rules.is_loopback_url(row["url"]):
        raise SettingsError(
            "an incoming webhook of Slack is a secret",
            where=f"{FILE}: {key}.url",
            remedy="keep it elsewhere and name that: env:NAME, secretsmanager:NAME or ssm:/NAME",
        )
    return Notify(name=name, **{**row, "on": tuple(row.get("on", Notify.on))})


def embedded_port(root: Path, target: str) -> int:
    """Port of the embedded cloud: what it chose when it last started, else the default."""
    try:
        return int((root / ".slipway" / target / "port").read_text("ascii"))
    except (OSError, ValueError):
        return DEFAULT_PORT


def _ecr_host(account: str, region: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{account}.dkr.ecr.{region}.{suffix}"


def _image_tag(environ: Mapping[str, str]) -> str | None:
    tag = environ.get("IMAGE_TAG")
    return checked_image_tag(tag, "IMAGE_TAG") if tag else None
