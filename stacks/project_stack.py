"""What all stacks share: their name, their place, and the fingerprint of what they were synthesised from."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from settings import Settings


class ProjectStack(cdk.Stack):
    """A stack of the target.

    The fingerprint is an Output and not a stack tag: CloudFormation copies stack tags to every resource, and a
    changed tag on a task definition would roll its service.
    """

    def __init__(self, scope: Construct, *, settings: Settings, key: str, fingerprint: str) -> None:
        name = settings.stack_name(key)
        target = settings.target
        super().__init__(
            scope,
            name,
            stack_name=name,
            env=cdk.Environment(account=target.account, region=target.region),
            # Without the bootstrap version as a parameter: the command line checks that version itself.
            synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        )
        self.output("Fingerprint", fingerprint)

    def output(self, name: str, value: str) -> None:
        """An output under exactly this name."""
        cdk.CfnOutput(self, name, value=value)


def image_tag_parameter(stack: cdk.Stack) -> str:
    """The tag of the image that the stack runs: its only parameter, `ImageTag`.

    A new image needs no new template, and CloudFormation goes back to the previous tag by itself when a rollout fails.
    The parameter has no default, so that the CDK command line reuses the deployed value. See
    docs/decisions/0002-one-template-two-image-modes.md.
    """
    parameter = cdk.CfnParameter(
        stack,
        "ImageTag",
        description="Tag of the image that runs",
        allowed_pattern="[A-Za-z0-9_][A-Za-z0-9._-]{0,127}",
    )
    return parameter.value_as_string
