"""`./poe deploy-bootstrap`: set up an empty target; refuse where one exists."""

from __future__ import annotations

from scripts import command
from scripts.deploy import deploy_verb
from scripts.engine.model import Path


def main() -> None:
    """Entry point."""
    command.run(
        lambda: deploy_verb("deploy-bootstrap", "Set up an empty target and deploy everything to it.", Path.BOOTSTRAP)
    )


if __name__ == "__main__":
    main()
