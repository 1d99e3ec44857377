"""Where the load starts and ends in a schedule."""

from __future__ import annotations

from scripts.engine.model import Path
from scripts.engine.proving import EndLoad, StartLoad, with_proof
from scripts.engine.schedule import Schedule
from scripts.engine.steps import (
    Bake,
    Build,
    DeployStacks,
    Push,
    Reassert,
    Rollout,
    Synthesize,
    UpdateTag,
    Verify,
)

LAST = (Rollout("hello", "t", certain=True), Verify("hello", "t"))
IMAGES = ((Build("hello", "t"), Push("hello", "t")),)


def test_on_the_fast_path_it_starts_behind_build_and_push() -> None:
    made = Schedule((IMAGES,), ((UpdateTag("hello", "t"), *LAST, Bake("hello", "t", 60)),))
    expected = (StartLoad("hello"), UpdateTag("hello", "t"), *LAST, EndLoad("hello"), Bake("hello", "t", 60))
    assert with_proof(made) == Schedule((IMAGES,), (expected,))


def test_on_the_full_path_it_starts_before_the_services_stacks() -> None:
    stacks = ((DeployStacks(("platform",), ()),),)
    services = ((DeployStacks(("service-hello",), (("hello", "t"),)),),)
    made = Schedule(((*IMAGES, (Synthesize(),)), stacks, services), (LAST,))
    assert with_proof(made) == Schedule(
        ((*IMAGES, (Synthesize(),)), stacks, ((StartLoad("hello"),),), services), ((*LAST, EndLoad("hello")),)
    )


def test_every_service_has_its_own_load() -> None:
    other = (Reassert("shop"), Rollout("shop", "s", certain=True), Verify("shop", "s"))
    made = with_proof(Schedule((), ((UpdateTag("hello", "t"), *LAST), other)))
    assert [lane[0] for lane in made.rolling] == [StartLoad("hello"), StartLoad("shop")]
    assert [lane[-1] for lane in made.rolling] == [EndLoad("hello"), EndLoad("shop")]


def test_the_foundation_alone_has_nothing_to_prove() -> None:
    made = Schedule((((Synthesize(),),), ((DeployStacks(("platform",), ()),),)), ())
    assert [step for phase in with_proof(made).before for lane in phase for step in lane] == [
        Synthesize(),
        DeployStacks(("platform",), ()),
    ]


def test_the_stages_are_those_of_what_they_belong_to() -> None:
    assert (StartLoad("hello").stage, EndLoad("hello").stage, Path.FAST) == ("update", "verify", "fast")


def test_a_rollout_that_is_only_watched() -> None:
    assert with_proof(Schedule((), (LAST,))).rolling == ((StartLoad("hello"), *LAST, EndLoad("hello")),)
