"""Processes of a Ruby service beside the one that answers: workers, schedules, what runs before a release."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer.languages.ruby.app import App
from analyzer.model import Evidence, Process, Variable


@dataclass(frozen=True, slots=True)
class Worker:
    """A library of background jobs and the command that works them off."""

    gem: str
    command: str
    rails: bool = False
    """Whether the command finds the application only in Rails."""
    file: str = ""
    """Its own executable, which is used when it is there."""


WORKERS = (
    Worker("sidekiq", "bundle exec sidekiq", rails=True),
    Worker("solid_queue", "bundle exec rake solid_queue:start", rails=True, file="bin/jobs"),
    Worker("good_job", "bundle exec good_job start", rails=True),
    Worker("delayed_job", "bundle exec rake jobs:work"),
    Worker("delayed_job_active_record", "bundle exec rake jobs:work"),
    Worker("resque", "env QUEUE=* bundle exec rake resque:work"),
    Worker("que", "bundle exec que", rails=True),
    Worker("shoryuken", "bundle exec shoryuken -R", rails=True),
    Worker("sneakers", "bundle exec rake sneakers:run"),
    Worker("faktory_worker_ruby", "bundle exec faktory-worker", rails=True),
    Worker("karafka", "bundle exec karafka server"),
)
CLOCKS = ("clock.rb", "config/clock.rb", "lib/clock.rb", "app/clock.rb")
WHENEVER = "config/schedule.rb"
EVERY = re.compile(r"^\s*every[\s(]{1,4}(\S.*?)\)?\s{1,9}do\b")
JOB = re.compile(r"""^\s*(rake|runner|command|script)[\s(]+(["'])(.*?)\2""")
AS_COMMAND = {
    "rake": "bundle exec rake {}",
    "runner": 'bundle exec rails runner "{}"',
    "script": "bundle exec script/{}",
    "command": "{}",
}
MIGRATIONS = (
    ("rails", "db/migrate", "bundle exec rails db:migrate"),
    ("sinatra-activerecord", "db/migrate", "bundle exec rake db:migrate"),
    ("hanami", "config/db/migrate", "bundle exec hanami db migrate"),
    ("hanami", "db/migrations", "bundle exec hanami db migrate"),
    ("standalone_migrations", "db/migrate", "bundle exec rake db:migrate"),
)


def add(app: App) -> None:
    """Add the processes, and the variable without which Rails does not start in production."""
    _workers(app)
    _clock(app)
    _whenever(app)
    _release(app)
    _secret(app)


def _workers(app: App) -> None:
    view = app.project.view
    for worker in WORKERS:
        where = app.gem(worker.gem)
        if where and (app.is_rails or not worker.rails):
            command = worker.file if worker.file and view.has(worker.file) else worker.command
            app.project.findings.process(Process("worker", "worker", command, evidence=(where,)))


def _clock(app: App) -> None:
    clock = app.project.view.first(*CLOCKS)
    if clock and (where := app.gem("clockwork")):
        command = f"bundle exec clockwork {clock}"
        app.project.findings.process(Process("clock", "worker", command, evidence=(where,)))


def _whenever(app: App) -> None:
    if not app.gem("whenever"):
        return
    schedule, count = "", 0
    for number, line in enumerate(app.project.view.lines(WHENEVER), 1):
        if found := EVERY.match(line):
            schedule = found[1].strip()
        elif schedule and (job := JOB.match(line)):
            count += 1
            where = app.project.view.evidence(WHENEVER, number, line)
            app.project.findings.process(_scheduled(f"schedule-{count}", schedule, job, where))


def _scheduled(name: str, schedule: str, job: re.Match[str], where: Evidence) -> Process:
    return Process(name, "scheduled", AS_COMMAND[job[1]].format(job[3]), schedule=schedule, evidence=(where,))


def _release(app: App) -> None:
    view = app.project.view
    for gem, folder, command in MIGRATIONS:
        there = next(view.within(folder), None)
        if there and (app.is_rails if gem == "rails" else app.gem(gem)):
            where = view.evidence(there)
            app.project.findings.process(Process("release", "release", command, evidence=(where,)))


def _secret(app: App) -> None:
    if not app.is_rails:
        return
    view = app.project.view
    encrypted = view.first("config/credentials/production.yml.enc", "config/credentials.yml.enc")
    name = "RAILS_MASTER_KEY" if encrypted else "SECRET_KEY_BASE"
    where = (view.evidence(encrypted),) if encrypted else ()
    app.project.findings.variable(Variable(name, required=True, secret=True, evidence=where))
