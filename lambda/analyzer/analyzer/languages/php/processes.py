"""Processes of a PHP service beside the site: queue workers, the scheduler, migrations before a release."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer.languages.php.composer import Composer, mapping
from analyzer.languages.php.frameworks import Framework
from analyzer.model import Evidence, Process, Variable
from analyzer.project import Project

SCHEDULES = (
    ("routes/console.php", re.compile(r"\bSchedule::|->(?:daily|hourly|everyMinute|cron)\w*\(")),
    ("app/Console/Kernel.php", re.compile(r"^\s*\$schedule\s*->")),
    ("bootstrap/app.php", re.compile(r"->withSchedule\(")),
)
LARAVEL = frozenset({"laravel", "lumen"})
SECRETS = {"laravel": "APP_KEY", "lumen": "APP_KEY", "symfony": "APP_SECRET"}


@dataclass(frozen=True, slots=True)
class Migration:
    """Where a framework keeps its migrations, and the command that applies them."""

    framework: str
    folder: str
    command: str
    package: str = ""


MIGRATIONS = (
    Migration("laravel", "database/migrations", "php artisan migrate --force"),
    Migration("lumen", "database/migrations", "php artisan migrate --force"),
    Migration(
        "symfony",
        "migrations",
        "php bin/console doctrine:migrations:migrate --no-interaction --allow-no-migration",
        "doctrine/doctrine-migrations-bundle",
    ),
    Migration("cakephp", "config/Migrations", "bin/cake migrations migrate", "cakephp/migrations"),
    Migration("codeigniter", "app/Database/Migrations", "php spark migrate"),
    Migration("yii", "migrations", "php yii migrate --interactive=0"),
    Migration("drupal", "config/sync", "vendor/bin/drush deploy", "drush/drush"),
)


def add(project: Project, composer: Composer, framework: Framework | None) -> None:
    """Adds the processes and the secret without which the framework does not start."""
    if framework is None:
        return
    if framework.name in LARAVEL:
        _laravel(project, composer)
    if framework.name == "symfony":
        _messenger(project)
    _release(project, composer, framework)
    if name := SECRETS.get(framework.name):
        example = project.view.find(".env.example", re.compile(rf"^{name}=")) or project.view.find(
            ".env", re.compile(rf"^{name}=")
        )
        where = (example[1],) if example else ()
        project.findings.variable(Variable(name, required=True, secret=True, evidence=where))


def _laravel(project: Project, composer: Composer) -> None:
    job = next(project.view.match("app/Jobs/**/*.php"), None)
    if composer.requires("laravel/horizon"):
        _process(project, "worker", "php artisan horizon", composer.evidence("laravel/horizon"))
    elif job:
        _process(project, "worker", "php artisan queue:work --tries=3", project.view.evidence(job, 1))
    if composer.requires("laravel/reverb"):
        _process(project, "reverb", "php artisan reverb:start", composer.evidence("laravel/reverb"))
    for path, pattern in SCHEDULES:
        if found := project.view.find(path, pattern):
            _process(project, "scheduler", "php artisan schedule:work", found[1])


def _messenger(project: Project) -> None:
    path = "config/packages/messenger.yaml"
    document = project.yaml(path) if project.view.has(path) else None
    messenger = mapping(mapping((document or {}).get("framework")).get("messenger"))
    failure = messenger.get("failure_transport")
    names = [name for name in mapping(messenger.get("transports")) if name not in (failure, "sync", "failed")]
    if names:
        command = f"php bin/console messenger:consume {' '.join(str(name) for name in names)}"
        _process(project, "worker", command, project.view.evidence(path, 1))


def _process(project: Project, name: str, command: str, where: Evidence) -> None:
    project.findings.process(Process(name, "worker", command, evidence=(where,)))


def _release(project: Project, composer: Composer, framework: Framework) -> None:
    for row in MIGRATIONS:
        there = next(project.view.within(row.folder), None) if row.framework == framework.name else None
        if there and (not row.package or composer.requires(row.package)):
            where = project.view.evidence(there)
            project.findings.process(Process("release", "release", row.command, evidence=(where,)))
