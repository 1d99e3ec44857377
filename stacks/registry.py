"""One image repository a service."""

from __future__ import annotations

from constructs import Construct

from settings import Settings
from stacks.constructs.repository import ServiceRepository
from stacks.project_stack import ProjectStack


class RegistryStack(ProjectStack):
    """The image repositories; deployed first, since every service's image goes there before its stack exists."""

    def __init__(self, scope: Construct, *, settings: Settings, fingerprint: str) -> None:
        super().__init__(scope, settings=settings, key="registry", fingerprint=fingerprint)
        for service in settings.services:
            ServiceRepository(self, f"Repository-{service.name}", name=settings.repository(service.name))
