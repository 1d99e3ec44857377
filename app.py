"""The CDK app: settings -> stacks -> nag -> synth.

Context: `target` chooses the target, `inline` (JSON, service -> image tag) has `cdk deploy` build images itself, and
`nag` (`-c nag=true`) adds cdk-nag and the CDK's own template rules. Those run in the stack tests anyway; here they
would double the time of each synthesis.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import aws_cdk as cdk

from settings import Settings, SettingsError, load
from settings.load import checked_image_tag
from stacks.inline_images import write_inline_images
from stacks.leave_out import LeaveOut
from stacks.project import add_stacks

ROOT = Path(__file__).resolve().parent
LEFT_OUT = "left-out.json"
"""File of the cloud assembly that lists the resource types an embedded target does without."""


def main() -> None:
    """Entry point of the CDK command line, which passes context and output folder in the environment."""
    synthesise(cdk.App(analytics_reporting=False, tree_metadata=False, builtin_cloud_formation_validation=False))


def synthesise(app: cdk.App) -> None:
    """Synthesise the target's stacks; exit with 2 when the settings are bad."""
    try:
        settings = load(ROOT, target=app.node.try_get_context("target"))
        inline = inline_tags(app.node.try_get_context("inline"), settings)
        leave_out = add_stacks(app, settings=settings)
    except SettingsError as error:
        print(f"error: {error}\n  {error.remedy}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    if app.node.try_get_context("nag") in (True, "true"):
        add_rules(app)
    app.synth()
    write_inline_images(Path(app.outdir), settings, inline)
    if leave_out:
        report(leave_out, Path(app.outdir))


def inline_tags(text: str | None, settings: Settings) -> dict[str, str]:
    """The images that `cdk deploy` shall build: service -> tag. Raises SettingsError."""
    where = "context inline"
    try:
        tags = json.loads(text) if text else {}
    except ValueError:
        tags = None
    if not isinstance(tags, dict) or not all(isinstance(tag, str) for tag in tags.values()):
        raise SettingsError("not a JSON object of tags", where=where, remedy='use {"SERVICE": "TAG"}')
    names = [service.name for service in settings.services]
    for service, tag in tags.items():
        if service not in names:
            raise SettingsError(f"there is no service {service!r}", where=where, remedy="services: " + ", ".join(names))
        checked_image_tag(tag, where)
    return tags


def add_rules(app: cdk.App) -> None:
    """Have synthesis fail on what cdk-nag or the CDK's template rules find."""
    from cdk_nag import AwsSolutionsChecks

    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), cdk.CloudFormationValidatePlugin())


def report(leave_out: LeaveOut, outdir: Path) -> None:
    """Say what this target does without, to the user and to the engine."""
    types = leave_out.left_out
    (outdir / LEFT_OUT).write_text(json.dumps(types) + "\n", "utf-8")
    if types:
        print("left out, the embedded cloud does not know it: " + ", ".join(types), file=sys.stderr)


if __name__ == "__main__":
    main()
