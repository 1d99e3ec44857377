"""Sends letters."""

import os

from celery import Celery

celery = Celery("mailer", broker=os.environ.get("REDIS_URL", "redis://localhost:6379/0"))


@celery.task
def send(name: str) -> str:
    return f"sent to {name}"
