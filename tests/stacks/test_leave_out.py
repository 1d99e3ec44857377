"""What the embedded target does without, against what its emulator really knows."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from stacks.leave_out import METRIC_MATH, UNKNOWN
from tests.stacks.conftest import Synthesis, make_settings, synthesise

KNOWN = set(import_module("ministack.services.cloudformation.provisioners")._RESOURCE_HANDLERS)


def types(synthesis: Synthesis) -> set[str]:
    """All resource types of a synthesis."""
    return {
        resource["Type"]
        for key in synthesis.settings.stack_keys
        for resource in synthesis.template(key)["Resources"].values()
    }


def test_the_emulator_knows_every_type_of_the_embedded_target(embedded: Synthesis) -> None:
    assert types(embedded) - KNOWN == set()


def test_nothing_is_left_out_that_the_emulator_knows() -> None:
    assert {kind.CFN_RESOURCE_TYPE_NAME for kind in UNKNOWN} & KNOWN == set()


def test_the_emulator_still_refuses_alarms_of_several_metrics(embedded: Synthesis) -> None:
    import inspect

    provisioners = import_module("ministack.services.cloudformation.provisioners")
    assert "Properties.Metrics (metric math) is not supported" in inspect.getsource(provisioners)
    alarms = [
        alarm for key in embedded.settings.stack_keys for alarm in embedded.resources(key, "AWS::CloudWatch::Alarm")
    ]
    assert alarms
    assert not [alarm for alarm in alarms if "Metrics" in alarm]


def test_it_says_what_it_left_out(embedded: Synthesis, public: Synthesis) -> None:
    scaling = ("AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy")
    assert embedded.left_out == (*scaling, METRIC_MATH)
    assert types(public) - types(embedded) == set(scaling)
    assert public.left_out == ()


def test_private_subnets_go_without_their_gateway() -> None:
    settings = make_settings("embedded")
    settings = replace(settings, target=replace(settings.target, network="private", alarm_email="me@example.com"))
    synthesis = synthesise(settings)
    assert types(synthesis) - KNOWN == set()
    assert {"AWS::EC2::EIP", "AWS::EC2::NatGateway"} <= set(synthesis.left_out)
    routes = synthesis.resources("platform", "AWS::EC2::Route")
    assert [route for route in routes if "NatGatewayId" in route] == []
