"""The last stage of a Node.js image: what runs, as whom the renderer says, with a check of its health."""

from __future__ import annotations

from analyzer.languages.compiled.image import apt
from analyzer.languages.node import commands
from analyzer.languages.node.plan import Plan
from analyzer.model import Service
from analyzer.render.recipe import UID, Command, Comment, Copy, Env, Expose, Health, Run, Stage, Step, Workdir

TOOLS = "/opt/tools"
"""npm packages beside the application's own: apart from what the base image has, and easy to copy."""
BROWSERS = "/opt/browsers"
SIGNALS = "/opt/signals.cjs"
HANDLER = (
    'for (const [name, code] of [["SIGTERM", 143], ["SIGINT", 130]]) '
    "if (process.pid === 1) process.on(name, () => process.listenerCount(name) === 1 && process.exit(code))"
)
"""The kernel keeps signals without a handler from the first process of a container (pid_namespaces(7)): without this
it is killed at the end of the stop timeout. It does nothing where the application handles the signal itself."""


def stage(service: Service, found: Plan, base: str) -> Stage:
    """What runs, on the same image as the build."""
    start, port = service.value("start"), service.value("port")
    steps: list[Step] = [*apt(service.system_packages), *_signals(start.argv)]
    steps += [Env(_variables(found, port)), Workdir("/app")]
    if found.runs_tools:
        steps.append(Copy((TOOLS,), TOOLS, stage="packages"))
    if found.browser == "playwright":
        install = "npx --yes playwright install --with-deps chromium"
        steps.append(Run((install,), (commands.CACHES["npm"],), downloads=True))
    steps += _files(found)
    if found.next and found.result in ("application", "standalone"):
        steps.append(Run((f"install -d -o {UID} -g {UID} {found.below('.next/cache')}",)))
    if found.folder != "." and found.result != "bundle":
        steps.append(Workdir(found.below(".")))
    steps += [Expose(port), health(port, service.value("health_path"))] if port else []
    return Stage(base, (*steps, Command(start.argv)))


def _signals(argv: tuple[str, ...]) -> list[Step]:
    variable, option = ("BUN_OPTIONS", "--preload") if argv[:1] == ("bun",) else ("NODE_OPTIONS", "--require")
    written = f"printf '%s\\n' '{HANDLER}' > {SIGNALS}"
    return [
        Comment("The first process of a container ignores signals that the application does not handle."),
        Run((written, f"touch --date=@0 {SIGNALS}")),
        Env(((variable, f"{option}={SIGNALS}"),)),
    ]


def path(found: Plan) -> str:
    """Programs of packages and tools are found by their names."""
    return _path(found, tools=bool(found.tools))


def _path(found: Plan, *, tools: bool) -> str:
    folders = [found.below("node_modules/.bin"), "/app/node_modules/.bin", *([f"{TOOLS}/bin"] if tools else [])]
    return ":".join((*dict.fromkeys(folders), "$PATH"))


def _variables(found: Plan, port: int | None) -> tuple[tuple[str, str], ...]:
    found_path = _path(found, tools=found.runs_tools)
    rows = [("NODE_ENV", "production"), ("PATH", found_path), ("HOST", "0.0.0.0")]  # noqa: S104 - within the container
    if found.next:
        rows.append(("HOSTNAME", "0.0.0.0"))  # noqa: S104 - Docker sets it to the container's name
    if found.browser == "puppeteer":
        rows.append(("PUPPETEER_EXECUTABLE_PATH", "/usr/bin/chromium"))
    if found.browser == "playwright":
        rows.append(("PLAYWRIGHT_BROWSERS_PATH", BROWSERS))
    return (*rows, ("PORT", str(port))) if port else tuple(rows)


def _files(found: Plan) -> list[Step]:
    """The application, what changes most last."""
    if found.result == "standalone":
        return _standalone(found)
    if found.result == "bundle":
        return [Copy((found.below(found.output),), f"./{found.output}", stage="build")]
    steps: list[Step] = []
    if found.apart:
        holder = "production" if _prunes(found) else "packages"
        steps.append(Copy(("/app/node_modules",), "./node_modules", stage=holder))
    if found.built:
        return [*steps, Copy(("/app",), "./", stage="build")]
    if found.source_first and found.packages:
        return [*steps, Copy(("/app",), "./", stage="packages")]
    return [*steps, Copy((".",), "./")]


def _prunes(found: Plan) -> bool:
    return found.built and found.extra and bool(commands.prune(found))


def _standalone(found: Plan) -> list[Step]:
    """Next.js leaves pages that do not change and public files for others to copy (nextjs.org, output)."""
    distribution = found.output.rpartition("/")[0]
    inner = "./" if found.folder == "." else f"./{found.folder}/"
    steps: list[Step] = [
        Copy((found.below(found.output),), "./", stage="build"),
        Copy((found.below(f"{distribution}/static"),), f"{inner}{distribution}/static", stage="build"),
    ]
    return [*steps, Copy((found.below("public"),), f"{inner}public", stage="build")] if found.public else steps


def health(port: int, where: str | None) -> Health:
    """A request by Node.js itself. Where no path is known to answer well, an answer is enough."""
    limit = 400 if where and where != "/" else 500
    judged = f"r => process.exit(r.statusCode < {limit} ? 0 : 1)"
    request = f"require('http').get('http://127.0.0.1:{port}{where or '/'}', {judged})"
    return Health(("node", "-e", f"{request}.on('error', () => process.exit(1))"))
