"""All ways to start the service, and which of them is best: the ordered table of what is looked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from analyzer import confidence
from analyzer.languages.python import declared, servers
from analyzer.languages.python.applications import Application
from analyzer.languages.python.context import Choice, Context
from analyzer.languages.python.entry_points import LIKELIHOOD, Entry, entries, of_file, rank
from analyzer.languages.python.frameworks import ASGI, BARE, by_name
from analyzer.languages.python.runs import runs
from analyzer.languages.python.scripts import SERVING, console_scripts, modules, plain_files
from analyzer.languages.python.servers import Served
from analyzer.languages.python.serving import choices, file_choice
from analyzer.languages.python.tooling import tools


def find(context: Context) -> Iterator[Choice]:
    """Ways to start the service, the best first; those of later rows only as what else there is, or failing others."""
    sure = False
    for look in TABLE:
        found = list(look(context))
        yield from (replace(row, sureness=confidence.HINT) if sure else row for row in found)
        sure = sure or any(row.sureness >= confidence.CHOSEN for row in found)
    for look in () if sure else FALLBACKS:
        found = list(look(context))
        yield from found
        if any(row.sureness >= confidence.CHOSEN for row in found):
            return


def _django(context: Context) -> Iterator[Choice]:
    site = context.site
    if site is None or site.served is None:
        return
    path, module, variable, line, interface = site.served
    server = servers.installed(context.dependencies, interface)
    added = server is None
    server = server or servers.default(interface)
    start = servers.start(server, Served(module, variable, factory=False, root=site.root, port=context.port(8000)))
    brought = f"{server.name} is added because no server is" if added else f"{server.name} is"
    reason = f"{path} names {module}:{variable}, and {brought} among the dependencies"
    evidence = (context.evidence(path, line), *context.dependencies.evidence(server.distribution))
    urls = _urls(context)
    sureness = confidence.DEFAULT if added else confidence.PROVEN
    add = server.install if added else ""
    yield Choice(start, sureness, reason, evidence, "web", framework="django", file=urls, add=add, root=site.root)


def _urls(context: Context) -> str | None:
    """The file of ROOT_URLCONF."""
    for path in context.site.settings if context.site else ():
        source = context.code.source(path)
        value = source.constant("ROOT_URLCONF") if source else None
        name = getattr(value, "value", "")
        place = context.code.locate(name, f"{context.site.root}/manage.py") if name and context.site else None
        if place:
            return place[0]
    return next((path for path in context.code.paths if path.endswith("urls.py")), None)


def _applications(context: Context) -> Iterator[Choice]:
    found = _named(context, [row for row in entries(context.code) if row.application.framework.name != "django"])
    brought = [row for row in found if _is_used(context, row)]
    if not brought:
        return
    best = brought[0]
    if servers.installed(context.dependencies, best.application.interface) is None:
        # A script that listens by itself is how its author starts it; a server need not be added then.
        own = [row for row in console_scripts(context) if row.kind == "web" and row.loopback is None]
        yield from (row for row in own if row.sureness >= confidence.PROVEN)
    context.findings.details.setdefault("entry_points", [row.target for row in brought[:8]])
    tied = [row.target for row in brought if rank(row)[:LIKELIHOOD] == rank(best)[:LIKELIHOOD]]
    if len(tied) > 1:
        context.findings.cannot_tell("start", f"name one of {', '.join(tied[:8])} in .slipway.toml or a Procfile")
    ways = choices(context, best, brought)
    yield from (replace(way, sureness=confidence.HINT) for way in ways) if len(tied) > 1 else ways
    for other in brought[1:4]:
        yield from (
            replace(row, sureness=confidence.HINT, reason=other.application.how)
            for row in choices(context, other, [other])
        )


def _tools(context: Context) -> Iterator[Choice]:
    """An application at the root is the service before a page of a tool further down is."""
    found = list(tools(context))
    below = any("/" in (row.evidence[0].path.removeprefix(context.project.root + "/")) for row in found)
    if below and any("." not in row.module for row in entries(context.code)):
        found = [replace(row, sureness=confidence.HINT) for row in found]
    yield from found


def _is_used(context: Context, entry: Entry) -> bool:
    """A Model Context Protocol server speaks over standard input unless it is served; that is no web application."""
    return entry.application.interface != "own" or bool(runs(context.code, entry.application.path))


def _named(context: Context, found: list[Entry]) -> list[Entry]:
    """The entries with those that a file names in front."""
    for target, reason, _ in declared.targets(context):
        found = _first(context, found, target, reason)
    scripts = context.manifests.scripts()
    for name in (name for name in SERVING if name in scripts):
        # A script is a function as a rule; one that names an application object is meant for a server.
        known = [row.target for row in found if row.target == scripts[name] and not row.application.factory]
        found = _first(context, found, known[0], f"the script {name} names {known[0]}") if known else found
    for path in dict.fromkeys(
        [*(f"{name}.py" for name in ("main", "app", "run", "server", "__main__")), *_all_paths(found)]
    ):
        for run in runs(context.code, path):
            if run.target and (run.started or run.scope in ("main", *SERVING)):
                found = _first(context, found, run.target, f"{path} runs {run.target}", near=run.path)
    return sorted(found, key=rank)


def _all_paths(found: list[Entry]) -> list[str]:
    return [row.application.path for row in found]


def _first(context: Context, found: list[Entry], target: str, reason: str, *, near: str = "") -> list[Entry]:
    """The entries with the named one marked; it is added when it was not among them."""
    module, _, variable = target.removesuffix("()").removesuffix(".py").partition(":")
    module = module.replace("/", ".").lstrip(".")
    known = [row for row in found if row.module == module and variable in ("", row.application.variable)]
    if not known and (place := context.code.locate(module, near)) and not place[1]:
        rows = of_file(context.code, place[0])
        root = place[0].removesuffix(".py").removesuffix("/__init__").removesuffix(module.replace(".", "/")).strip("/")
        known = [row for row in rows if variable in ("", row.application.variable)]
        if not context.code.view.has(f"{place[0].rpartition('/')[0]}/__init__.py"):
            # Beside no package, the name is one of the folder that the file is started in.
            known = [replace(row, module=module, root=root) for row in known]
        if not known and variable:
            known = [Entry(Application(place[0], variable, BARE, ASGI, 1, reason), module, root)]
    if not known:
        return found
    named = replace(min(known, key=rank), declared=reason)
    return [named, *(row for row in found if row.target != named.target)]


def _own_servers(context: Context) -> Iterator[Choice]:
    """Files that open a port without an application object that a server could serve."""
    wanted = re.compile(
        r"HTTPServer|TCPServer|make_server|serve_forever|run_app|quickstart|WSGIServer|start_server|"
        r"\.serve\(|serve\(|\.run\(|\.listen\(|run_simple|uvicorn|launch\("
    )
    found = [run for source in context.code.containing(wanted, 30) for run in runs(context.code, source.path)]
    for run in [run for run in found if run.started][:1]:
        framework = run.framework or (run.library if by_name(run.library) else "")
        health = "/" if run.library in ("http", "socketserver") else ""
        yield file_choice(context, run, framework, health)


TABLE: tuple[Callable[[Context], Iterator[Choice]], ...] = (
    declared.commands,
    _django,
    _tools,
    _applications,
    console_scripts,
)
"""Ways that an application shows by what it is made of."""
FALLBACKS: tuple[Callable[[Context], Iterator[Choice]], ...] = (_own_servers, plain_files, modules)
"""Files that can be started, for want of anything better."""
