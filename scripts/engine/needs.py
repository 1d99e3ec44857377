"""Backing services that an application needs and that no variable of it leads to: said before it fails at its start."""

from __future__ import annotations

from scripts.engine import analyzer_path
from settings import Service

USUAL = {"mongodb": "MONGODB_URI", "rabbitmq": "AMQP_URL", "redis": "REDIS_URL", "kafka": "KAFKA_BROKERS"}
"""Engine -> the variable that most applications read; for databases it is DATABASE_URL."""
SHARED = ("DATABASE_URL", "DATABASE_URI", "DATABASE_HOST", "DB_URL", "DB_HOST", "SQLALCHEMY_DATABASE_URI", "JDBC_URL")
"""Variables that stand for any relational database."""
WITHIN = ("sqlite", "s3", "sqs", "dynamodb", "sns")
"""A file of the container, and what a role reaches without a variable."""


def unmet(service: Service) -> tuple[str, ...]:
    """A sentence for each engine that nothing leads to."""
    names = [name for name, _ in (*service.environment, *service.secrets)]
    return tuple(
        f"needs {engine}, and no variable leads to it: add to slipway.toml, under [services.{service.name}.secrets], "
        f'{usual(engine)} = "secretsmanager:NAME"'
        for engine in service.needs
        if engine not in WITHIN and not any(leads_to(name, engine) for name in names)
    )


def leads_to(variable: str, engine: str) -> bool:
    """Whether a variable is one by which an engine is usually given."""
    analyzer_path.add()
    from analyzer.needs import engines

    if variable in SHARED or variable.endswith(("_DATABASE_URL", "_DB_URL")):
        return engines.is_sql(engine)
    found = engines.of_variable(variable)
    return found is not None and engines.sort(found) == engines.sort(engine)


def usual(engine: str) -> str:
    """The variable to add for an engine."""
    analyzer_path.add()
    from analyzer.needs import engines

    if engine in USUAL:
        return USUAL[engine]
    return "DATABASE_URL" if engines.is_sql(engine) else f"{engine.upper().replace('-', '_')}_URL"
