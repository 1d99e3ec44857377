"""Templates against other people's rules: cdk-nag's AWS Solutions, and cfn-lint with the real resource schemas."""

from __future__ import annotations

import json

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint

from tests.stacks.conftest import KEYS, Synthesis, make_settings, synthesise

ACCEPTED = {
    "W3005": "The CDK lists a function's role as a dependency although the function refers to it anyway.",
}
"""cfn-lint's rules that the templates may break -> reason."""


def nag_findings(stack: cdk.Stack) -> list[str]:
    """Findings that no acknowledgment excepts; cdk-nag's own view of a stack, without synthesis."""
    return [finding.rule_name for finding in AwsSolutionsChecks(stack).validate_scope(stack).violations]


@pytest.fixture(params=["public", "private"])
def aws(request: pytest.FixtureRequest) -> Synthesis:
    """Each variant of an AWS target."""
    return synthesise(make_settings(request.param))


@pytest.mark.parametrize("key", KEYS)
def test_nag(aws: Synthesis, key: str) -> None:
    assert nag_findings(aws.stacks[key]) == []


def test_nag_finds_what_is_wrong() -> None:
    stack = cdk.Stack(cdk.App(), "Wrong")
    ecs.CfnCluster(stack, "Cluster")
    assert nag_findings(stack) == ["AwsSolutions-ECS4"]


@pytest.mark.parametrize("key", KEYS)
def test_cfn_lint(aws: Synthesis, key: str) -> None:
    findings = lint(json.dumps(aws.template(key)), regions=[aws.settings.target.region])
    assert [str(finding) for finding in findings if finding.rule.id not in ACCEPTED] == []


def test_cfn_lint_knows_these_resources(public: Synthesis) -> None:
    template = public.template("service-hello")
    for resource in template["Resources"].values():
        resource.setdefault("Properties", {})["NoSuchProperty"] = True
    findings = lint(json.dumps(template), regions=["eu-central-1"])
    assert {finding.path[1] for finding in findings if finding.rule.id == "E3002"} == set(template["Resources"])
