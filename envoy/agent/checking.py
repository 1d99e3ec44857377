"""While the image is built: does Envoy take the configuration, with everything that the agent puts at its start?"""

from __future__ import annotations

import shutil
import subprocess
import sys

from agent import environment, files, shadow
from agent.enforcing import POLICY_FILE
from agent.envoy_api import EnvoyApi
from agent.keys import Keys
from agent.routing import Routing
from agent.supervision import prepare, words


def main(envoy: str) -> int:
    """Exit code of Envoy's own check."""
    here = environment.read({"GATEWAY_ENVOY": envoy})
    prepare(here.state)
    shutil.copy(here.configuration / POLICY_FILE, here.state / POLICY_FILE)
    files.replace(here.state / shadow.SHADOW_FILE, files.resources(shadow.idle()))
    Keys(here.state)
    Routing(here.state, here.configuration / "index.html", EnvoyApi(here.state, here.port))
    return subprocess.run([*words(here), "--mode", "validate"], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
