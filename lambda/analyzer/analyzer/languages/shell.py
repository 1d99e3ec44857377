"""Shell: a script that is all there is, or that starts what no other module knows."""

from __future__ import annotations

import re

from analyzer import confidence
from analyzer.languages.compiled.image import DEBIAN, apt
from analyzer.model import Candidate, Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Command, Copy, Env, Expose, Recipe, Stage, Step, Workdir

NAME = "shell"
SCRIPTS = ("start.sh", "main.sh", "run.sh", "entrypoint.sh", "app.sh", "server.sh", "index.sh")
SHEBANG = re.compile(r"^#!\s*(?:/usr)?(?:/local)?/bin/(?:env\s+(?:-S\s+)?)?(\w+)")
SHELLS = {"bash": "bash", "zsh": "zsh", "ksh": "ksh", "dash": "sh", "ash": "sh", "sh": "sh"}
PORT = re.compile(r"\$\{?PORT\b(?::-(\d{2,5}))?|(?:--port|-p|\bnc\s+-\w*l\w*)[= ]+(\d{4,5})\b")
TOOLS = {
    "awk": "gawk",
    "aws": "awscli",
    "bc": "bc",
    "curl": "curl",
    "dig": "dnsutils",
    "envsubst": "gettext-base",
    "ffmpeg": "ffmpeg",
    "git": "git",
    "jq": "jq",
    "make": "make",
    "mysql": "default-mysql-client",
    "mysqldump": "default-mysql-client",
    "nc": "netcat-openbsd",
    "node": "nodejs",
    "openssl": "openssl",
    "perl": "perl",
    "pg_dump": "postgresql-client",
    "php": "php-cli",
    "psql": "postgresql-client",
    "python3": "python3",
    "redis-cli": "redis-tools",
    "rsync": "rsync",
    "ruby": "ruby",
    "socat": "socat",
    "sqlite3": "sqlite3",
    "ssh": "openssh-client",
    "unzip": "unzip",
    "wget": "wget",
    "xmllint": "libxml2-utils",
    "zip": "zip",
}
"""Programs that a script may call and Debian's slim image has not, with the package that has them."""
CALLED = re.compile(
    r"(?:^|[|;&(`!])\s*(?:(?:then|do|else|elif|exec|if|while|until|sudo|xargs|time|!)\s+)*(?:\w+=\S*\s+)*([\w-]+)(?=\s|$)"
)
ENDLESS = re.compile(r"\bwhile\s+(?:true|:|\[\s*1\s*\])|\bsleep\s+infinity\b|\btail\s+-[fF]\b")
READ_SCRIPTS = 20


def detect(project: Project) -> Candidate | None:
    """A script with a usual name; every other language is surer of itself where it is there too."""
    script = _script(project)
    if script is None:
        return None
    return Candidate(NAME, confidence.CONVENTION, f"{script} is there", (project.view.evidence(script, 1),))


def _script(project: Project) -> str | None:
    """The usual name, or the only script of the root."""
    scripts = [path for path in project.view.top() if path.endswith((".sh", ".bash", ".zsh"))]
    return project.view.first(*SCRIPTS) or (scripts[0] if len(scripts) == 1 else None)


def analyze(project: Project) -> None:
    """Reads the script's first line for its shell, the others for what they call."""
    findings, view = project.findings, project.view
    script = _script(project)
    if script is None:
        findings.cannot_tell("start", "a start.sh that starts it")
        return
    shell, said = _shell(project, script)
    where = view.evidence(script, 1)
    start = Start("shell-script", script, f"{shell} {script}", (shell, script))
    usual = confidence.DEFAULT if script in SCRIPTS else confidence.CONVENTION
    findings.add("start", start, usual, f"{script} is the script to run, {said}", where)
    findings.details["shell"] = shell
    _kind(project, script)
    _packages(project, shell)


def _shell(project: Project, script: str) -> tuple[str, str]:
    first = SHEBANG.match(project.view.lines(script)[0])
    if first and (shell := SHELLS.get(first[1])):
        return shell, f"written for {first[1]}"
    ending = script.rpartition(".")[2]
    return (ending, f"named for {ending}") if ending in ("bash", "zsh") else ("sh", "with no other shell named")


def _kind(project: Project, script: str) -> None:
    findings, view = project.findings, project.view
    where = view.evidence(script, 1)
    if findings.value("port"):
        findings.add("kind", "web", confidence.CONVENTION, "a port is named for it", where)
    elif found := view.find(script, PORT):
        findings.add("kind", "web", confidence.CONVENTION, f"{script} names a port", found[1])
        if number := found[0][1] or found[0][2]:
            findings.add("port", int(number), confidence.PROVEN, f"{script} names the port", found[1])
        else:
            findings.cannot_tell("port", "a default for it in the script, such as ${PORT:-8080}")
    elif found := view.find(script, ENDLESS):
        findings.add("kind", "worker", confidence.CONVENTION, f"{script} runs without an end", found[1])
    else:
        findings.add("kind", "command", confidence.CONVENTION, f"{script} runs and ends", where)


def _packages(project: Project, shell: str) -> None:
    packages = project.findings.system_packages
    if shell in ("zsh", "ksh"):
        packages.add(shell)
    for path in list(project.view.match("**/*.sh", "*.bash", "*.zsh"))[:READ_SCRIPTS]:
        for line in project.view.lines(path):
            if not line.lstrip().startswith("#"):
                packages.update(TOOLS[name] for name in CALLED.findall(line) if name in TOOLS)


def recipe(service: Service) -> Recipe | None:
    """Debian with what the script calls."""
    start, port = service.value("start"), service.value("port")
    if not isinstance(start, Start):
        return None
    listening: tuple[Step, ...] = (Env((("PORT", str(port)),)), Expose(int(port))) if port else ()
    steps = (
        *apt(service.system_packages),
        Workdir("/app"),
        Copy((".",), "."),
        *listening,
        Command(start.argv),
    )
    return Recipe((Stage(DEBIAN, steps),))
