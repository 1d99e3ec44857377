"""What a stack was synthesised from, in 16 hex digits.

Every stack carries its fingerprint as an Output, written by `app.py`; the planner computes the same number without
synthesising. Equal numbers mean that synthesis would give the same template. Only what reaches a template counts:
code without comments and formatting, the settings of the target and of the stack's own service, whether there is a
gateway and what it knows of tokens, Lambda assets with the versions of the packages in them, and the versions of the
CDK library and command line.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from settings import assets, issuer
from settings.errors import SettingsError
from settings.model import Service, Settings, release_key, service_key, stack_keys_of

CODE = ("app.py", "stacks", "settings")
ASSETS = {"analysis": assets.ANALYZER}
"""Stack key -> what the stack packs for its function."""
LOCK_LINES = {"requirements.txt": ("aws-cdk-lib==", "constructs==", "cdk-nag==")}
NOT_SYNTHESISED = ("profile", "rollout_timeout", "domain", "ledger_retention_days", "budget", "notify")
"""Fields of a target that reach no template."""
GATEWAY_ONLY = ("jwt_issuer", "jwt_audiences", "jwt_jwks")
"""Fields of a target that reach the gateway's own stack alone."""
IMAGE_ONLY = ("source", "repository", "ref", "commit", "folder", "dockerfile", "build_args")
"""Fields of a service that reach its image and no template."""
DEPLOY_ONLY = ("needs", "release_timeout", "steady", "bake", "bake_p95")
"""Fields of a service that only a deploy looks at; behind a gateway an alarm has `bake_p95` too."""


def fingerprints(settings: Settings) -> dict[str, str]:
    """Stack key -> fingerprint, for every stack of the target."""
    shared = _digest([code_digest(settings), _locked_versions(settings.root), _target_facts(settings)])
    return {key: _fingerprint(settings, key, shared) for key in settings.stack_keys}


def fingerprint(settings: Settings, key: str) -> str:
    """The fingerprint of one stack; see `fingerprints`."""
    return fingerprints(settings)[key]


def code_digest(settings: Settings) -> str:
    """Digest over the meaning of the synthesis code: comments, docstrings, blank lines and quotes do not count."""
    files = [path for entry in CODE for path in _python_files(settings.root / entry)]
    cache = settings.root / ".slipway" / "meaning.json"
    known = _read_cache(cache)
    found: dict[str, str] = {}
    lines = []
    for path in files:
        raw = path.read_bytes()
        content = hashlib.sha256(raw).hexdigest()
        name = path.relative_to(settings.root).as_posix()
        found[content] = known.get(content) or _syntax_digest(raw, name)
        lines.append([name, found[content]])
    if found != known:
        _write_cache(cache, found)
    return _digest(lines)


def _fingerprint(settings: Settings, key: str, shared: str) -> str:
    facts: list[Any] = [shared, key]
    if key == "registry":
        facts.append(sorted(service.name for service in settings.services))
    facts.extend(
        _service_facts(settings, service, key) for service in settings.services if key in stack_keys_of(service)
    )
    if key == "gateway":
        facts.append(issuer.parameter(settings))
    if key in ASSETS:
        facts.append(assets.digest(settings.root, ASSETS[key]))
    return _digest(facts)[:16]


def _target_facts(settings: Settings) -> dict[str, Any]:
    target = {k: v for k, v in asdict(settings.target).items() if k not in (*NOT_SYNTHESISED, *GATEWAY_ONLY)}
    return {"project": settings.name, "gateway": bool(settings.gateway), **target, "cdk.json": _cdk_json(settings.root)}


def _service_facts(settings: Settings, service: Service, key: str) -> dict[str, Any]:
    release = () if key == release_key(service.name) else ("release",)
    facts = {k: v for k, v in asdict(service).items() if k not in (*IMAGE_ONLY, *DEPLOY_ONLY, *release)}
    if key == service_key(service.name) and settings.is_behind_gateway(service):
        facts["bake_p95"] = service.bake_p95
    return facts


def _cdk_json(root: Path) -> Any:
    return _read_json(root / "cdk.json")


def _locked_versions(root: Path) -> list[str]:
    versions = []
    for name, starts in LOCK_LINES.items():
        path = root / name
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        versions += [line.split(";")[0].split("\\")[0].strip() for line in lines if line.startswith(starts)]
    package = _read_json(root / "package.json")
    if package is not None:
        versions.append(package.get("devDependencies", {}).get("aws-cdk", ""))
    return versions


def _read_json(path: Path) -> Any:
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise SettingsError(f"not valid JSON: {error}", where=path.name, remedy="correct that line") from None


def _python_files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*.py") if "__pycache__" not in file.parts)


def _syntax_digest(raw: bytes, name: str) -> str:
    try:
        tree = ast.parse(raw)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise SettingsError(f"not valid Python: {what}", where=name + line, remedy="correct that line") from None
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [part for part in node.body if not _is_bare_string(part)]
    return _digest(_meaning(tree))


def _meaning(part: Any) -> Any:
    """A syntax tree as plain data: no places, no prefixes of strings.

    Not `ast.dump`: it writes empty fields differently in each Python version, and a team may use several.
    """
    if isinstance(part, ast.AST):
        fields = [[name, _meaning(value)] for name, value in ast.iter_fields(part) if name != "kind"]
        return [type(part).__name__, *(field for field in fields if field[1] not in ("None", []))]
    return [_meaning(item) for item in part] if isinstance(part, list) else repr(part)


def _is_bare_string(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _read_cache(path: Path) -> dict[str, str]:
    try:
        cache = json.loads(path.read_text("ascii"))
    except (OSError, ValueError):
        return {}
    return cache if isinstance(cache, dict) and all(isinstance(value, str) for value in cache.values()) else {}


def _write_cache(path: Path, cache: dict[str, str]) -> None:
    """Best effort: the cache only saves parsing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(cache), "ascii")
        fresh.replace(path)
    except OSError:
        return
