"""The .dockerignore of a generated image: what must never reach a build, then what this language leaves behind."""

from __future__ import annotations

from analyzer.render.recipe import Recipe

ALWAYS = (
    ".git",
    ".gitignore",
    ".github",
    ".dockerignore",
    "Dockerfile",
    ".slipway",
    ".slipway.toml",
    "**/.env",
    "**/.env.*",
    "!**/.env.example",
    "**/*.pem",
    "**/*.key",
    "**/.DS_Store",
    "**/.idea",
    "**/.vscode",
    "**/.venv",
    "**/node_modules",
)


def dockerignore(recipe: Recipe) -> str:
    """The file's text."""
    lines = dict.fromkeys((*ALWAYS, *recipe.ignore))
    return "".join(f"{line}\n" for line in lines)
