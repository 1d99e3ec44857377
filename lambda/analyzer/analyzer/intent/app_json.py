"""app.json (Heroku, Dokku) and heroku.yml: variables, add-ons, checks, schedules, Dockerfiles and their commands."""

from __future__ import annotations

from typing import Any

from analyzer.intent import typed
from analyzer.intent.declaration import File, commands
from analyzer.project import Project


def read(project: Project) -> None:
    """What both files say; the app.json of other tools (Expo) has none of these keys."""
    if found := project.json("app.json"):
        _app_json(File(project, "app.json"), found)
    if found := project.yaml("heroku.yml"):
        _heroku_yml(File(project, "heroku.yml"), found)


def _app_json(file: File, found: dict[str, Any]) -> None:
    for name, row in typed.table(found, "env").items():
        options = typed.table(row)
        if not name.isidentifier():
            continue
        needed = bool(options) and options.get("required") is not False and "value" not in options
        generated = options.get("generator") == "secret"
        file.variable(name, required=needed, secret=True if generated else None)
    for addon in found["addons"] if isinstance(found.get("addons"), list) else []:
        file.backing(typed.text(addon) or typed.text(typed.table(addon).get("plan")), key="addons")
    for check in typed.tables(typed.table(found, "healthchecks").get("web")):
        file.health(check.get("path"))
    for number, job in enumerate(typed.tables(found.get("cron")), 1):
        schedule = typed.text(job.get("schedule"))
        file.process(f"cron-{number}", "scheduled", typed.text(job.get("command")), key="schedule", schedule=schedule)
    release = typed.text(typed.table(found, "scripts", "dokku").get("predeploy"))
    file.process("release", "release", release, key="predeploy")


def _heroku_yml(file: File, found: dict[str, Any]) -> None:
    file.dockerfile(typed.text(typed.table(found, "build", "docker").get("web")))
    file.process("release", "release", commands(_run(typed.table(found).get("release"))), key="release")
    for name, row in typed.table(found, "run").items():
        command = commands(_run(row))
        if name == "web":
            file.start(command, "web")
        else:
            file.process(name, "worker", command)
    for addon in typed.tables(typed.table(found, "setup").get("addons")):
        file.backing(typed.text(addon.get("plan")), key="addons")


def _run(found: Any) -> Any:
    """The command, whether plain or below `command`."""
    return found.get("command") if isinstance(found, dict) else found
