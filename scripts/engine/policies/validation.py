"""Has the real Envoy check an artefact before anybody loads it, inlined into a configuration of nothing else."""

from __future__ import annotations

import json
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from scripts.engine.errors import Failed
from scripts.engine.policies.bundle import Bundle
from scripts.engine.shell import Shell

MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"


def binary() -> Path:
    """Envoy of the Python environment, the release that the gateway's image runs."""
    return Path(sysconfig.get_paths()["platlib"]) / "envoy" / "_bin" / "envoy"


def validate(shell: Shell, bundle: Bundle) -> None:
    """Raise Failed with Envoy's own words when it would not take the artefact."""
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        path = Path(folder) / "envoy.json"
        path.write_text(json.dumps(_configuration(bundle)), "utf-8")
        words = [str(binary()), "--mode", "validate", "-c", str(path), "-l", "error", "--reject-unknown-dynamic-fields"]
        result = shell.run(words, check=False)
    if result.code != 0:
        raise Failed(
            "Envoy does not take the compiled policies",
            where="compile-policies",
            remedy="nothing was published; this is a mistake of the compiler, please report it with your policies",
            evidence=tuple(line[:500] for line in result.tail[-10:]),
        )


def _configuration(bundle: Bundle) -> dict[str, Any]:
    (resource,) = json.loads(bundle.artefact)["resources"]
    manager = {
        "@type": MANAGER,
        "stat_prefix": "check",
        "http_filters": [
            {"name": resource["name"], "typed_config": resource["typed_config"]},
            {"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}},
        ],
        "route_config": {"virtual_hosts": []},
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    return {"static_resources": {"listeners": [{"address": address, "filter_chains": [{"filters": filters}]}]}}
