"""Deno: scripts with a deno.json, its lock file, or imports by address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from analyzer import confidence, versions
from analyzer.languages.compiled.image import apt
from analyzer.languages.node import listening, ports
from analyzer.languages.node.recipe import image
from analyzer.languages.node.starting import Outcome
from analyzer.model import Candidate, Evidence, Service, Start
from analyzer.project import Project
from analyzer.render.recipe import Command, Copy, Env, Expose, Health, Recipe, Run, Stage, Step, Workdir
from analyzer.start_command import shell

CONFIGS = ("deno.json", "deno.jsonc")
NAMES = ("main", "server", "mod", "index", "app")
FOLDERS = ("", "src/")
SUFFIXES = ("ts", "tsx", "js", "jsx", "mjs")
TASKS = ("start", "serve", "prod")
PORT = 8000
"""Where Deno.serve listens by default (docs.deno.com, Deno.serve)."""
BASE = "debian:bookworm-slim"
IMPORTS = re.compile(r"""(?:from|import)\s*\(?["'](?:https://deno\.land/|jsr:|npm:)|\bDeno\.(?:serve|env|listen)\b""")
HOME = "/deno"
FRAMEWORKS = (
    ("fresh", ("$fresh/", "fresh", "jsr:@fresh/core", "@fresh/core")),
    ("lume", ("lume/",)),
    ("hono", ("hono", "jsr:@hono/hono", "npm:hono")),
    ("oak", ("oak", "@oak/oak", "jsr:@oak/oak")),
    ("express", ("express", "npm:express")),
)
"""Framework -> how its imports begin."""


def detect(project: Project) -> Candidate | None:
    """A configuration or a lock file of Deno; without a package.json also a source that only Deno runs."""
    if path := project.view.first(*CONFIGS):
        sureness = confidence.CONVENTION if project.view.has("package.json") else confidence.DECLARED
        return Candidate("deno", sureness, f"there is a {path}", (project.view.evidence(path),))
    if project.view.has("package.json"):
        return None
    if project.view.has("deno.lock"):
        return Candidate("deno", confidence.DECLARED, "there is a deno.lock", (project.view.evidence("deno.lock"),))
    for path in _sources(project):
        if found := project.view.find(path, IMPORTS):
            return Candidate("deno", confidence.PROVEN, f"{path} is for Deno only", (found[1],))
    return None


def analyze(project: Project) -> None:
    """Adds what is known of a Deno service to `project.findings`."""
    findings = project.findings
    versions.decide(project, "deno")
    starts = list(_starts(project))
    for candidate in starts:
        findings.add("start", candidate.value, candidate.confidence, candidate.reason, *candidate.evidence)
    if not starts:
        findings.cannot_tell("start", "add a task named start to deno.json")
    _framework(project)
    if build := _tasks(project).get("build"):
        where = _task_evidence(project, "build")
        findings.add("build_command", "deno task build", confidence.DECLARED, f"the task build runs {build}", where)
    best = findings.best("start")
    file = next((word for word in best.value.argv if word.endswith(SUFFIXES)), None) if best else None
    heard = listening.listen(project.view, file)
    ports.add(findings, Outcome(start=best, entry=file), heard)
    if heard.listens or findings.value("framework"):
        findings.add("kind", "web", confidence.PROVEN, "it listens", *([heard.listens] if heard.listens else []))
        findings.add("port", PORT, confidence.DEFAULT, f"Deno.serve listens on {PORT} by default")
    _describe(project, file, build)


def recipe(service: Service) -> Recipe | None:
    """Deno, which is on npm too, its dependencies by the lock file, the source; None when it is open how it starts."""
    start, details = service.value("start"), service.details.get("deno")
    if start is None or not isinstance(details, dict):
        return None
    version = str(service.value("runtime_version") or "2")
    line = f"npm install -g --no-audit --no-fund --prefix /opt/tools deno@{version}"
    found = "install -D $(find /opt/tools -path '*@deno/*' -name deno -type f) /image/usr/local/bin/deno"
    steps: list[Step] = [Run((line, found), ("/root/.npm",), downloads=True)]
    steps += [Env((("DENO_DIR", HOME), ("PATH", "/image/usr/local/bin:$PATH"))), Workdir("/app"), Copy((".",), "./")]
    lines = [*details["cache"], *details["build"], f"install -d {HOME} /image"]
    steps.append(Run((*(f"export DENO_CERT=$SSL_CERT_FILE; {line}" for line in lines),), downloads=True))
    return Recipe((Stage(image(None), tuple(steps), "build"), _final(service, start)))


def _final(service: Service, start: Start) -> Stage:
    port = service.value("port")
    variables = [("DENO_DIR", HOME), ("DENO_NO_UPDATE_CHECK", "1"), *([("PORT", str(port))] if port else [])]
    steps: list[Step] = [*apt(service.system_packages), Env(tuple(variables)), Workdir("/app")]
    steps += [Copy(("/image",), "/", stage="build"), Copy((HOME,), HOME, stage="build", owned=True)]
    steps.append(Copy(("/app",), "./", stage="build"))
    if port:
        steps += [Expose(port), _health(port, service.value("health_path"))]
    return Stage(BASE, (*steps, Command(start.argv)))


def _health(port: int, path: str | None) -> Health:
    judged = f"(await fetch('http://127.0.0.1:{port}{path or '/'}')).status < {400 if path else 500} ? 0 : 1"
    return Health(("deno", "eval", f"Deno.exit({judged})"))


def _describe(project: Project, file: str | None, build: str | None) -> None:
    """What the recipe needs: what fetches dependencies, what builds."""
    locked = project.view.has("deno.lock")
    frozen = " --frozen" if locked else ""
    lock = project.view.absolute("deno.lock") if locked else None
    project.findings.details["deno"] = {
        "cache": [f"deno cache{frozen} {file}"] if file else [],
        "build": ["deno task build"] if build else [],
    }
    if lock:
        project.findings.details["lock"] = lock


def _starts(project: Project) -> Iterator[Candidate]:
    tasks = _tasks(project)
    for name in TASKS:
        words = shell.line(tasks.get(name, "")).main.words
        if words != [""] and not any(word.startswith("--watch") for word in words):
            argv = tuple(words) if words[0] == "deno" and shell.line(tasks[name]).plain else ("deno", "task", name)
            start = Start("other", None, f"deno task {name}", argv)
            where = _task_evidence(project, name)
            yield Candidate(start, confidence.DECLARED, f"the task {name} starts it", (where,))
    names = (f"{folder}{name}.{suffix}" for folder in FOLDERS for name in NAMES for suffix in SUFFIXES)
    if file := project.view.first(*names):
        argv = ("deno", "run", "--allow-all", file)
        start = Start("deno-file", file, " ".join(argv), argv)
        reason = f"{file} is the usual name of what starts"
        yield Candidate(start, confidence.CONVENTION, reason, (project.view.evidence(file),))


def _framework(project: Project) -> None:
    config = _config(project)
    declared = config.get("imports")
    imports: dict[str, Any] = declared if isinstance(declared, dict) else {}
    for name, prefixes in FRAMEWORKS:
        if any(key.startswith(prefixes) or str(imports[key]).startswith(prefixes) for key in sorted(imports)):
            where = project.view.evidence(project.view.first(*CONFIGS) or CONFIGS[0])
            project.findings.add("framework", name, confidence.PROVEN, f"{name} is imported", where)
            return


def _config(project: Project) -> dict[str, Any]:
    path = project.view.first(*CONFIGS)
    return (project.json(path) if path else None) or {}


def _tasks(project: Project) -> dict[str, str]:
    """Tasks by name; a task may be a text or an object with a command."""
    tasks = _config(project).get("tasks")
    rows = tasks.items() if isinstance(tasks, dict) else ()
    found = ((name, row.get("command") if isinstance(row, dict) else row) for name, row in rows)
    return {name: text for name, text in found if isinstance(text, str)}


def _task_evidence(project: Project, name: str) -> Evidence:
    path = project.view.first(*CONFIGS) or CONFIGS[0]
    found = project.view.find(path, re.compile(rf'"{re.escape(name)}"\s*:'))
    return found[1] if found else project.view.evidence(path)


def _sources(project: Project) -> list[str]:
    """Sources at the root and one folder below, few of them."""
    names = (f"{folder}{name}.{suffix}" for folder in FOLDERS for name in NAMES for suffix in SUFFIXES)
    return [path for path in names if project.view.has(path)][:10]
