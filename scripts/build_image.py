"""`./poe build SERVICE`: build an image under its content tag; push it when asked."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from scripts import command
from scripts.engine.content import Context, read_context
from scripts.engine.errors import BadInput, Failed, Refused
from scripts.engine.events import Events
from scripts.engine.looking import chosen_services, read_source
from scripts.engine.report import reporter
from scripts.engine.shell import Shell
from scripts.engine.sources import provide
from scripts.engine.state import check_account, read_digest, read_repositories
from scripts.engine.steps import amount
from scripts.engine.world import World
from scripts.session import open_world, settings_for
from settings import Settings
from settings.load import checked_image_tag
from settings.rules import PLATFORMS


def build(parser: argparse.ArgumentParser, service: str | None = None) -> int:
    """Parse, build, push."""
    parser.add_argument("--push", action="store_true", help="push the image to the target's registry")
    parser.add_argument("--tag", metavar="T", help="tag to build under (default: IMAGE_TAG, else the content tag)")
    parser.add_argument("--platform", metavar="P", help="linux/amd64, linux/arm64, or both with a comma (needs --push)")
    parser.add_argument("--print-tag", action="store_true", help="print the content tag and build nothing")
    arguments = parser.parse_args()
    settings = settings_for(arguments.target)
    name = chosen_services(settings, [service or arguments.service])[0]
    wanted = settings.image_tag if arguments.tag is None else checked_image_tag(arguments.tag, "--tag")
    platforms = _platforms(arguments, settings)
    shell = Shell()
    command.obey_signals(shell)
    display = reporter(as_json=arguments.json, out=sys.stderr if arguments.print_tag else None)
    try:
        provide(settings.root, settings.service(name))  # before its base images are
        world = open_world(settings, Events(display), shell)
        context = read_context(settings.root, settings.service(name), platforms)
        tag = _content_tag(world, context) if arguments.print_tag or not wanted else wanted
        facts: dict[str, object] = {"service": name, "image_tag": tag, "image": world.settings.image(name, tag)}
        if not arguments.print_tag:
            facts |= _build(world, context, tag, platforms=platforms, push=arguments.push)
    finally:
        display.close()
    print(
        json.dumps({"event": "built", **facts})
        if arguments.json
        else facts["image_tag" if arguments.print_tag else "image"]
    )
    return 0


def _content_tag(world: World, context: Context) -> str:
    tag = read_source(world.settings, world.images, [context.service], {context.service: context}).tags[context.service]
    if tag is None:
        world.images.pull(context.bases)
        identities = world.images.identities(context.bases)
        if set(context.bases) - identities.keys():
            raise Failed(
                "a base image is not on this machine", where=f"build {context.service}", remedy="./poe doctor --fix"
            )
        tag = context.tag(identities)
    return tag


def _build(world: World, context: Context, tag: str, *, platforms: str, push: bool) -> dict[str, object]:
    own, reference = world.settings.service(context.service), world.settings.image(context.service, tag)
    if push:
        _check_pushable(world, own.name)
        if digest := read_digest(world.aws, world.settings, own.name, tag):
            return {"digest": digest, "pushed": False}
    with world.events.stage("build", own.name) as told:
        told["text"] = tag
        if "," in platforms:
            world.images.build_platforms(own, context, reference, platforms=platforms, on_line=_teller(world, own.name))
            return {"digest": read_digest(world.aws, world.settings, own.name, tag), "pushed": True}
        world.images.build(own, context, reference, _teller(world, own.name), platform=platforms)
    if not push:
        return {"pushed": False}
    with world.events.stage("push", own.name) as told:
        pushed = world.images.push(own, tag)
        told["text"] = f"{pushed.layers} layers, {amount(pushed.size)}"
    return {"digest": pushed.digest, "pushed": True}


def _platforms(arguments: argparse.Namespace, settings: Settings) -> str:
    chosen = str(settings.target.platform if arguments.platform is None else arguments.platform)
    if any(part not in PLATFORMS for part in chosen.split(",")):
        raise BadInput(f"{chosen!r} is not allowed", where="--platform", remedy="use " + " or ".join(PLATFORMS))
    if "," in chosen and not arguments.push:
        raise BadInput("an image of several platforms can only be pushed", where="--platform", remedy="add --push")
    return chosen


def _check_pushable(world: World, service: str) -> None:
    check_account(world.aws, world.settings)
    if service not in read_repositories(world.aws, world.settings):
        raise Refused(
            f"the target has no image repository for {service} yet", where="--push", remedy="./poe deploy makes it"
        )


def _teller(world: World, service: str) -> Callable[[str], None]:
    return lambda line: world.events.emit("progress", stage="build", service=service, text=line[:300])


def build_verb() -> int:
    """Build the service that the command line names."""
    parser = command.parser("build", "Build a service's image under its content tag.", as_json=True)
    parser.add_argument("service", metavar="SERVICE", help="the service")
    return build(parser)


def main() -> None:
    """Entry point."""
    command.run(build_verb)


if __name__ == "__main__":
    main()
