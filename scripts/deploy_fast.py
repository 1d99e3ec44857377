"""`./poe deploy-fast`: change images only; refuse where that would be wrong."""

from __future__ import annotations

from scripts import command
from scripts.deploy import deploy_verb
from scripts.engine.model import Path


def main() -> None:
    """Entry point."""
    command.run(
        lambda: deploy_verb(
            "deploy-fast", "Deploy new image content only; refuses when infrastructure changed.", Path.FAST
        )
    )


if __name__ == "__main__":
    main()
