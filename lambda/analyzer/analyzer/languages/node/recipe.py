"""The image of a Node.js service: packages before the source, then the build, then only what runs."""

from __future__ import annotations

import re

from analyzer import versions
from analyzer.languages.compiled.image import apt
from analyzer.languages.node import commands, plan, running
from analyzer.languages.node.plan import Plan
from analyzer.languages.static import site
from analyzer.model import Service
from analyzer.render.recipe import Comment, Copy, Env, Recipe, Run, Stage, Step, Workdir

IGNORED = ("**/.next", "**/.nuxt", "**/.output", "**/.svelte-kit", "**/.turbo", "**/.cache", "**/coverage", ".pnp.*")
"""What tools of Node.js leave behind."""
BOOKWORM_SINCE = 18
OPENSSL_3_SINCE = 17
WITHOUT_TIMES = "find node_modules -exec touch --no-dereference --date=@0 {} +"
"""Without the time of the build, whoever builds it gets the same layer, which then is pushed and pulled once."""


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None when it is open how the service starts."""
    found = plan.of(service.details)
    if service.value("start") is None or found is None:
        return None
    if found.result == "static":
        return Recipe(_pages(service, found), IGNORED)
    base = image(service.value("runtime_version"))
    stages = [_packages(service, found, base)] if found.packages or found.tools or found.built else []
    if found.built:
        stages.append(_build(found))
        stages += _production(found)
    return Recipe((*stages, running.stage(service, found, base)), IGNORED)


def image(version: str | None) -> str:
    """The official image of a version: on Debian 12 where there is one."""
    found = version or versions.default("node") or "22"
    major = found.partition(".")[0]
    old = major.isdigit() and int(major) < BOOKWORM_SINCE
    return f"node:{found}-slim" if old else f"node:{found}-bookworm-slim"


def _pages(service: Service, found: Plan) -> tuple[Stage, ...]:
    """Files that are built, or that are there."""
    port = int(service.value("port") or site.PORT)
    if not found.build:
        folder = found.output if found.output == "." else f"{found.output}/"
        return (site.stage(source=None, folder=folder, fallback=found.fallback, port=port),)
    base = image(service.value("runtime_version"))
    served = site.stage(source="build", folder=found.below(found.output), fallback=found.fallback, port=port)
    return (_packages(service, found, base), _build(found), served)


def _packages(service: Service, found: Plan, base: str) -> Stage:
    """All packages, from manifests and lock file alone where that is possible."""
    steps: list[Step] = [*apt(service.build_packages), Env(_variables(found, base)), Workdir("/app")]
    if found.tools:
        line = commands.add_tools(found, running.TOOLS)
        steps.append(Run((line,), (commands.CACHES["npm"],), downloads=True))
    if not found.packages:
        return Stage(base, tuple(steps), "packages")
    if found.source_first:
        steps += [Comment(f"All of the source at once: {found.source_first}."), Copy((".",), "./")]
    else:
        steps += copies(found.first)
    production = not found.built and found.extra
    lines = (commands.install(found, production=production), "install -d node_modules", WITHOUT_TIMES)
    steps.append(Run(lines, commands.caches(found), downloads=True))
    return Stage(base, tuple(steps), "packages")


def _variables(found: Plan, base: str) -> tuple[tuple[str, str], ...]:
    """For packages and build; NODE_ENV is not set, which would leave out what builds."""
    rows = [("PATH", running.path(found))]
    if found.berry:
        rows += [("YARN_NODE_LINKER", "node-modules"), ("YARN_ENABLE_TELEMETRY", "0")]
    if found.browser == "puppeteer":
        rows.append(("PUPPETEER_SKIP_DOWNLOAD", "true"))
    if found.legacy and int((re.findall(r"\d+", base) or ["0"])[0]) >= OPENSSL_3_SINCE:
        rows.append(("NODE_OPTIONS", "--openssl-legacy-provider"))
    if found.next:
        rows.append(("NEXT_TELEMETRY_DISABLED", "1"))
    return tuple(rows)


def copies(paths: tuple[str, ...]) -> list[Step]:
    """Files of a folder by one instruction, folders each by one of their own."""
    files: dict[str, list[str]] = {}
    for path in paths:
        if not path.endswith("/"):
            files.setdefault(path.rpartition("/")[0], []).append(path)
    steps: list[Step] = [Copy(tuple(rows), f"./{folder}/" if folder else "./") for folder, rows in files.items()]
    return [*steps, *(Copy((path,), f"./{path}") for path in paths if path.endswith("/"))]


def _build(found: Plan) -> Stage:
    steps: list[Step] = [] if found.source_first and found.packages else [Copy((".",), "./")]
    lines = [*found.build, *_finished(found)]
    if lines:
        steps.append(Run(tuple(lines), commands.caches(found), downloads=True))
    return Stage("packages", tuple(steps), "build")


def _finished(found: Plan) -> list[str]:
    """What is left of the build for the image."""
    if found.result == "static":
        return [f"find {found.below(found.output)} -exec touch --no-dereference --date=@0 {{}} +"]
    if found.result != "application" or not found.packages:
        return []
    if found.apart:
        return ["rm -rf node_modules"]
    line = commands.prune(found) if found.extra else ""
    return [line] if line else []


def _production(found: Plan) -> list[Stage]:
    """The packages that the image takes, where they are not those of the build."""
    line = commands.prune(found) if found.extra else ""
    if not (found.apart and found.result == "application" and line):
        return []
    lines = (line, "install -d node_modules", WITHOUT_TIMES)
    return [Stage("packages", (Run(lines, commands.caches(found), downloads=True),), "production")]
