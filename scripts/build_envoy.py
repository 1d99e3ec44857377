"""`./poe build-envoy` and `./poe build-envoy-push`: the gateway's image; `build` with the service filled in."""

from __future__ import annotations

from scripts import command
from scripts.build_image import build


def main() -> None:
    """Entry point."""
    command.run(lambda: build(command.parser("build-envoy", "Build the gateway's image.", as_json=True), "gateway"))


if __name__ == "__main__":
    main()
