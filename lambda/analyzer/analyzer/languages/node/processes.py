"""Processes beside the main one: workers and schedules by their scripts, release commands by the tool that migrates."""

from __future__ import annotations

import re

from analyzer.languages.node.app import App
from analyzer.languages.node.building import schema
from analyzer.languages.node.managers import Manager
from analyzer.model import Evidence, Process

WORKER = re.compile(
    r"(?:start[:-])?(workers?|queues?|consumer|jobs?|celery|sidekiq|bullmq)(?:[:-](?:start|prod|production))?"
)
SCHEDULED = re.compile(r"(?:start[:-])?(cron|scheduler?|cronjobs?)(?:[:-](?:start|prod|production))?")
MIGRATION = re.compile(
    r"release|(?:db[:-])?migrate(?:[:-](?:deploy|prod|production|latest|up|run))?|migrations?:(?:run|up)|heroku-release"
)
AT_HAND = re.compile(r"\b(?:dev|create|make|generate|reset)\b")
"""Words of migrations that a developer runs, not a release."""


def find(app: App, manager: Manager | None) -> None:
    """Adds the processes to the findings."""
    for name in sorted(app.manifest.scripts):
        for pattern, kind in ((WORKER, "worker"), (SCHEDULED, "scheduled")):
            if pattern.fullmatch(name) and not re.search(r"\b(?:nodemon|watch)\b", app.manifest.scripts[name]):
                command = manager.run(name) if manager else app.manifest.scripts[name]
                evidence = (app.manifest.evidence("scripts", name),)
                app.project.findings.process(Process(name, kind, command, evidence=evidence))
    if release := _release(app, manager):
        app.project.findings.process(release)


def _release(app: App, manager: Manager | None) -> Process | None:
    for name in sorted(app.manifest.scripts):
        if MIGRATION.fullmatch(name) and manager and not AT_HAND.search(app.manifest.scripts[name]):
            return _process(manager.run(name), app.manifest.evidence("scripts", name))
    return _by_tool(app)


def _by_tool(app: App) -> Process | None:
    path = schema(app)
    if path and app.depends("prisma") and app.view.has_folder(path.rpartition("/")[0] + "/migrations"):
        return _process("npx prisma migrate deploy", app.view.evidence(path))
    knexfile = app.view.first("knexfile.js", "knexfile.ts", "knexfile.cjs", "knexfile.mjs")
    if knexfile and app.depends("knex") and app.view.has_folder("migrations"):
        return _process("npx knex migrate:latest", app.view.evidence(knexfile))
    if app.depends("sequelize-cli") and app.view.first(".sequelizerc", "config/config.json", "config/config.js"):
        return _process("npx sequelize-cli db:migrate", app.manifest.dependency_evidence("sequelize-cli"))
    return None


def _process(command: str, evidence: Evidence) -> Process:
    return Process("release", "release", command, evidence=(evidence,))
