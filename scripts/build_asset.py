"""Called by the CDK CLI for an inline image: build it unless it is there, and print its local name."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# The CDK CLI starts this file by its path, from the cloud assembly's folder.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import command
from scripts.engine.content import read_context
from scripts.engine.events import Events
from scripts.engine.shell import Shell
from scripts.session import open_world, settings_for


def build_asset() -> int:
    """Standard output is the image's name alone, as the CDK wants it."""
    parser = argparse.ArgumentParser(description="Build a service's image for the CDK and print its name.")
    parser.add_argument("--target")
    parser.add_argument("service")
    parser.add_argument("tag")
    arguments = parser.parse_args()
    world = open_world(settings_for(arguments.target), Events(), Shell())
    reference = world.settings.image(arguments.service, arguments.tag)
    if not world.images.has(reference):
        service = world.settings.service(arguments.service)
        context = read_context(world.settings.root, service, world.settings.target.platform)
        world.images.build(service, context, reference, lambda line: print(line, file=sys.stderr))
    print(reference)
    return 0


def main() -> None:
    """Entry point."""
    command.run(build_asset)


if __name__ == "__main__":
    main()
