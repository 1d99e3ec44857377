"""What a person reads of an analysis."""

from __future__ import annotations

from analyzer.model import Backing, Candidate, Caution, Evidence, Field, Process, Size, Variable
from scripts.analysis.report import Style, headline, report
from tests.unit.analysis.services import analysis, known, service

PLAIN = Style()


def test_a_service_in_a_screen() -> None:
    one = service(
        processes=(Process("web", "web", "uvicorn main:app"), Process("worker", "worker", "celery worker")),
        backing=(Backing("postgresql", 0.9, ("DATABASE_URL",)), Backing("redis", 0.8)),
        variables=(Variable("SECRET_KEY", required=True, secret=True), Variable("DEBUG", required=False, secret=False)),
        size=Size(512, 1024, ("Python 3.12 with one worker",)),
    )
    assert report(analysis(one), PLAIN).splitlines() == [
        "orders  .  web in python 3.12, fastapi",
        "  kind             web",
        "  language         python",
        "  framework        fastapi",
        "  package manager  uv",
        "  runtime version  3.12",
        "  start            uvicorn main:app --host 0.0.0.0 --port 8000",
        "  port             8000",
        "  processes        worker: celery worker",
        "  needs            postgresql (DATABASE_URL), redis",
        "  variables        SECRET_KEY (secret, no default), DEBUG",
        "  size             0.5 vCPU, 1024 MiB; Python 3.12 with one worker",
    ]


def test_what_cannot_be_told_says_what_to_add_and_what_it_may_be() -> None:
    maybe = Candidate(3000, 0.4, "Express applications often use it")
    one = service(port=Field(others=(maybe,), missing="say `port` in .slipway.toml"))
    lines = report(analysis(one), PLAIN).splitlines()
    at = lines.index("  port             cannot tell: say `port` in .slipway.toml")
    assert lines[at + 1].strip() == "may be 3000: Express applications often use it"


def test_explained_each_answer_has_its_evidence_and_what_lost() -> None:
    other = Candidate("flask", 0.65, "it is a dependency", (Evidence("requirements.txt", 2, "flask"),))
    one = service(
        framework=known(
            "fastapi", Evidence("main.py", 3, "app = FastAPI()"), reason="main.py makes one", others=(other,)
        )
    )
    text = report(analysis(one), Style(explain=True))
    assert "90% sure: main.py makes one" in text
    assert "main.py:3  app = FastAPI()" in text
    assert "not flask (65%): it is a dependency, requirements.txt:2  flask" in text
    assert "sure" not in report(analysis(one), PLAIN)


def test_what_a_language_model_chose_is_marked() -> None:
    one = service(port=Field(8000, 0.5, "", assisted=True))
    assert "8000 (chosen by a language model)" in report(analysis(one), PLAIN)


def test_a_dockerfile_that_is_there_is_named() -> None:
    assert "Dockerfile, used as it is" in report(analysis(service(dockerfile="Dockerfile")), PLAIN)


def test_warnings_have_their_remedy() -> None:
    caution = Caution("binds_loopback", "it listens on 127.0.0.1", "listen on 0.0.0.0", (Evidence("main.py", 9, "x"),))
    lines = report(analysis(service(warnings=(caution,))), PLAIN).splitlines()
    assert lines[-2:] == ["  warning: it listens on 127.0.0.1", "    listen on 0.0.0.0"]
    assert "main.py:9" in report(analysis(service(warnings=(caution,))), Style(explain=True))
    assert report(analysis(warnings=(caution,)), PLAIN).endswith("listen on 0.0.0.0")


def test_several_services_are_apart() -> None:
    text = report(analysis(service("apps/api", name="api"), service("apps/web", name="web")), PLAIN)
    assert [block.split("  ")[:2] for block in text.split("\n\n")] == [["api", "apps/api"], ["web", "apps/web"]]


def test_colour_only_when_wanted() -> None:
    assert "\x1b[" in report(analysis(), Style(colour=True))
    assert "\x1b[" not in report(analysis(), PLAIN)


def test_file_names_cannot_write_on_the_terminal() -> None:
    one = service(language=known("python", Evidence("a\x1b[2J\n.py", 1, "x")))
    text = report(analysis(one), Style(explain=True))
    assert "\x1b" not in text
    assert r"'a\x1b[2J\n.py':1  x" in text


def test_nothing_known() -> None:
    assert headline(service(language=Field())) == "cannot tell what this is"
