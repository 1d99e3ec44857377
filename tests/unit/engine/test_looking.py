"""What is to be deployed: chosen services, their tags, and how many files changed since."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.engine.content import Context
from scripts.engine.errors import BadInput
from scripts.engine.looking import (
    KEPT_TAGS,
    Source,
    changed_files,
    chosen_services,
    make_plan,
    read_contexts,
    read_source,
    remember,
)
from scripts.engine.model import Path as DeployPath
from settings import Settings
from settings.fingerprint import fingerprints
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.dockers import docker
from tests.unit.engine.projects import live, project, wanted
from tests.unit.engine.shells import FakeShell, said
from tests.unit.engine.trees import plant

ROWS = (("Dockerfile", "100644 a"), ("main.py", "100644 b"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("gateway", "hello"):
        plant(tmp_path / "apps" / name, {"Dockerfile": f"FROM {name}-base\n", "main.py": "print()\n"})
    return replace(project(), root=tmp_path)


def context(rows: tuple[tuple[str, str], ...] = ROWS) -> Context:
    return Context("hello", Path(), Path(), "d", len(rows), 1, (), rows=rows)


def test_all_services_or_the_named_ones_in_the_files_order() -> None:
    settings = project("gateway", "hello", "shop")
    assert chosen_services(settings, []) == ("gateway", "hello", "shop")
    assert chosen_services(settings, ["shop", "gateway"]) == ("gateway", "shop")
    assert chosen_services(settings, ["hello", "hello"]) == ("hello",)


@pytest.mark.parametrize("name", ["nope", "", "Hello", "hello;rm -rf /", "../x", "größe"])
def test_an_unknown_service(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        chosen_services(project(), ["hello", name])
    assert (caught.value.where, caught.value.what, caught.value.remedy, caught.value.exit_code) == (
        "SERVICE",
        f"there is no service {name!r}",
        "services: gateway, hello",
        2,
    )


def test_a_tag_is_unknown_while_a_base_image_is(settings: Settings, cloud: Cloud) -> None:
    row = '[{"Id": "sha256:1", "RepoTags": ["hello-base:latest"], "RepoDigests": []}]'
    images = docker(FakeShell(("inspect", said(row, code=1))), cloud)
    contexts = read_contexts(settings, ["gateway", "hello"])
    source = read_source(settings, images, ["gateway", "hello"], contexts)
    assert source.tags == {
        "gateway": None,
        "hello": contexts["hello"].tag({"hello-base": "sha256:1"}),
    }
    assert source.fingerprints == fingerprints(settings)


def test_an_image_tag_from_outside_needs_no_sources(settings: Settings, cloud: Cloud) -> None:
    settings = replace(settings, image_tag="v1", root=Path("/nowhere"))
    shell = FakeShell()
    contexts = read_contexts(settings, ["hello"])
    assert contexts == {}
    assert read_source(settings, docker(shell, cloud), ["hello"], contexts).tags == {"hello": "v1"}
    assert shell.commands == []


def source_of(settings: Settings, tag: str, contexts: dict[str, Context] | None = None) -> Source:
    return Source(contexts or {}, {"hello": tag}, dict(wanted(settings).fingerprints))


def test_an_image_tag_that_was_never_pushed_is_refused(settings: Settings) -> None:
    settings = replace(settings, image_tag="v1")
    with pytest.raises(BadInput) as caught:
        make_plan(settings, source_of(settings, "v1"), replace(live(settings), digests={}))
    assert (caught.value.where, caught.value.what, caught.value.remedy) == (
        "IMAGE_TAG",
        "the registry holds no 'v1' of hello",
        "unset IMAGE_TAG to build from source, or name a tag that was pushed",
    )
    assert make_plan(settings, source_of(settings, "v1"), live(settings)).path is DeployPath.FAST


def test_the_number_of_changed_files_since_the_deployed_tag(settings: Settings) -> None:
    assert changed_files(settings, context(), "src-hello") is None
    remember(settings, context(), "src-hello")
    assert changed_files(settings, context(), "src-hello") == 0
    edited = context((("Dockerfile", "100755 a"), ("next.py", "100644 b")))
    assert changed_files(settings, edited, "src-hello") == 3
    plan = make_plan(settings, source_of(settings, "src-new", {"hello": edited}), live(settings))
    assert plan.reason == "hello: 3 files changed: src-hello to src-new"


def test_the_latest_tags_are_remembered(settings: Settings) -> None:
    for number in range(KEPT_TAGS + 5):
        remember(settings, context(), f"src-{number}")
    remember(settings, context(), "src-6")
    remember(settings, context(), "src-new")
    known = [n for n in range(KEPT_TAGS + 5) if changed_files(settings, context(), f"src-{n}") is not None]
    assert known == [6, *range(7, KEPT_TAGS + 5)]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"src-hello": 7}', '{"src-hello": ["a"]}', "\udcff"])
def test_a_memory_that_cannot_be_read_does_not_matter(settings: Settings, text: str) -> None:
    settings.state_dir.mkdir(parents=True)
    (settings.state_dir / "files-hello.json").write_text(text, "utf-8", errors="surrogateescape")
    assert changed_files(settings, context(), "src-hello") is None


def test_a_memory_that_cannot_be_written_does_not_matter(settings: Settings) -> None:
    settings.state_dir.parent.mkdir()
    settings.state_dir.write_text("in the way")
    remember(settings, context(), "src-hello")
    assert changed_files(settings, context(), "src-hello") is None
