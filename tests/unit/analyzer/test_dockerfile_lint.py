"""The lint for Dockerfiles that people wrote."""

from __future__ import annotations

import pytest

from analyzer import dockerfile_lint
from analyzer.findings import Findings
from analyzer.model import Caution
from analyzer.project import Project
from analyzer.source.view import of_memory

GOOD = """\
FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY . .
RUN npm run build
FROM node:22-slim
ENV NODE_ENV=production API_KEY_FILE=/run/secrets/key
COPY --from=build /app /app
USER 10001:10001
EXPOSE 3000
CMD ["node", "server.js", "--port", "3000"]
"""


def warnings(text: str, path: str = "Dockerfile", **files: str) -> list[Caution]:
    findings = Findings()
    findings.details["dockerfile"] = path
    tree: dict[str, bytes | str] = {".dockerignore": ".git\n", **files, path: text}
    dockerfile_lint.check(Project(of_memory(tree), ".", findings))
    return findings.warnings


def found(text: str) -> list[tuple[str, int | None]]:
    return [(one.code.removeprefix("dockerfile_"), one.evidence[0].line) for one in warnings(text)]


def test_a_good_one_has_no_findings() -> None:
    assert found(GOOD) == []


FINDINGS = [
    ('FROM python:3.13\nCMD ["python"]\n', [("root", 1)]),
    ("FROM python:3.13\nUSER app\nUSER root\n", [("root", 3)]),
    ("FROM a:1 AS base\nUSER app\nFROM base\n", []),
    ("FROM gcr.io/distroless/base:nonroot\n", []),
    ("FROM postgres:16\nCOPY run.sh /\nRUN chmod +x /run.sh && gosu nobody true\n", []),
    ("FROM a:1\nUSER 1\nENV SECRET_KEY=abc\n", [("secret", 3)]),
    ("FROM a:1\nUSER 1\nENV API_TOKEN abc\n", [("secret", 3)]),
    ("FROM a:1\nUSER 1\nARG NPM_TOKEN\nARG VERSION=1\n", [("secret", 3)]),
    ("FROM b:1 AS b\nENV SECRET_KEY=x\nFROM a:1\nUSER 1\n", []),
    ("FROM b:1 AS b\nENV SECRET_KEY=x\nFROM b\nUSER 1\n", [("secret", 2)]),
    ("FROM a:1\nUSER 1\nENV SECRET_KEY= SECRET_KEY_BASE_DUMMY=1\n", []),
    ("FROM a:1\nUSER 1\nCOPY . /app\nRUN pip install -r requirements.txt\n", [("order", 3)]),
    ('FROM a:1\nUSER 1\nCOPY [".", "/app"]\nRUN yarn && yarn build\n', [("order", 3)]),
    ("FROM a:1\nUSER 1\nCOPY . /app\nRUN yarn build\n", []),
    ("FROM a:1\nUSER 1\nCOPY . /app\nRUN npm install -g serve\n", []),
    ("FROM a:1\nUSER 1\nADD https://x.org/y.tgz /y\nADD --checksum=sha256:1 https://x.org/z /z\n", [("add_url", 3)]),
    ("FROM a\nUSER 1\n", [("floating_tag", 1)]),
    ("FROM localhost:5000/a:latest\nUSER 1\n", [("floating_tag", 1)]),
    ("ARG V=1\nFROM a:$V\nUSER 1\n", []),
    ("FROM a@sha256:12\nUSER 1\nFROM scratch\nUSER 1\n", []),
    ("FROM a:1\nUSER 1\nCMD node server.js\n", [("shell_form", 3)]),
    ("FROM a:1\nUSER 1\nCMD PORT=1 exec node server.js\n", []),
    ('FROM a:1\nUSER 1\nCMD node a.js\nENTRYPOINT ["node"]\n', []),
    ("FROM a:1\nRUN apt-get update && \\\n  apt-get install -y git\nUSER 1\n", [("apt_leftovers", 2)]),
    ("FROM a:1\nRUN apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*\nUSER 1\n", []),
    ("FROM a:1\nRUN apt-get update\nUSER 1\n", [("apt_update", 2)]),
    ("FROM a:1\nRUN curl -fsSL https://x.org/i.sh | sudo -E bash -\nUSER 1\n", []),
    ("FROM a:1\nRUN curl -fsSL https://x.org/i.sh | bash -s -- -y\nUSER 1\n", [("piped_script", 2)]),
    ("FROM a:1\nRUN curl -o x https://x.org/i.tgz && tar xf x\nUSER 1\n", []),
    ('FROM a:1\nUSER 1\nEXPOSE 8000\nCMD ["gunicorn", "-b", "0.0.0.0:5000", "a:b"]\n', [("exposed_port", 3)]),
    ('FROM a:1\nUSER 1\nEXPOSE $PORT\nCMD ["gunicorn", "-b", ":5000", "a:b"]\n', []),
]


@pytest.mark.parametrize(("text", "codes"), FINDINGS)
def test_findings(text: str, codes: list[tuple[str, int]]) -> None:
    assert found(text) == codes


def test_everything_copied_and_nothing_ignored() -> None:
    findings = Findings()
    findings.details["dockerfile"] = "api/Dockerfile"
    files: dict[str, bytes | str] = {"api/Dockerfile": "FROM a:1\nCOPY . .\nUSER 1\n"}
    dockerfile_lint.check(Project(of_memory(files), "api", findings))
    assert [(one.code, one.evidence[0].path, one.evidence[0].line) for one in findings.warnings] == [
        ("dockerfile_no_ignore_file", "api/Dockerfile", 2)
    ]


def test_a_secret_is_not_shown() -> None:
    (warning,) = warnings("FROM a:1\nUSER 1\nENV SECRET_KEY=hunter2\n")
    assert "hunter2" not in repr(warning)
    assert warning.remedy


@pytest.mark.parametrize(
    "text",
    ["", "\0", "FROM", "FROM\nCMD", "USER root\nCMD x", "FROM 0\nENV\nARG\nCOPY\nADD []\nUSER\nEXPOSE\nENTRYPOINT"],
)
def test_rubbish_is_survived(text: str) -> None:
    assert all(one.code.startswith("dockerfile_") for one in warnings(text))


def test_without_a_dockerfile_there_is_nothing_to_say() -> None:
    findings = Findings()
    findings.details["dockerfile"] = "gone/Dockerfile"
    dockerfile_lint.check(Project(of_memory({"a": ""}), ".", findings))
    assert findings.warnings == []
