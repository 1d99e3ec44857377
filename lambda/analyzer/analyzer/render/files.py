"""The files that an analyzed service gets: Dockerfile, .dockerignore, and .slipway.toml with what is known."""

from __future__ import annotations

from analyzer import languages
from analyzer.model import Service
from analyzer.render.dockerfile import dockerfile
from analyzer.render.dockerignore import dockerignore
from analyzer.render.settings_file import settings_file


def generated(service: Service) -> dict[str, str]:
    """File name -> text; without Dockerfile and .dockerignore when there is a Dockerfile or none can be written."""
    return {**image_files(service), ".slipway.toml": settings_file(service)}


def image_files(service: Service) -> dict[str, str]:
    """Dockerfile and .dockerignore; empty when the service has its own or its language cannot say how to build it."""
    language = service.value("language")
    if service.dockerfile or language is None:
        return {}
    recipe = languages.load(languages.module_of(language)).recipe(service)
    if recipe is None:
        return {}
    return {"Dockerfile": dockerfile(recipe, title=service.name), ".dockerignore": dockerignore(recipe)}


def why_no_dockerfile(service: Service) -> tuple[str, str]:
    """Why there is none, and the next step."""
    if service.dockerfile:
        return f"{service.dockerfile} is there and is used as it is", "read it, or remove it to get a generated one"
    for name in ("language", "start", "runtime_version"):
        found = service.fields[name]
        if found.value is None:
            label = name.replace("_", " ")
            return f"the {label} cannot be told", found.missing or "write a Dockerfile, or say it in .slipway.toml"
    return f"a {service.value('kind') or 'tree like this'} is not something to serve", "write a Dockerfile if it is"
