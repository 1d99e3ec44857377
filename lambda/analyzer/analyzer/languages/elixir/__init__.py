"""Elixir: Phoenix and other applications of Mix, run as releases; libraries of Hex."""

from __future__ import annotations

import re

from analyzer import confidence, versions
from analyzer.findings import Findings
from analyzer.languages import assets
from analyzer.languages.elixir import mix as manifests
from analyzer.languages.elixir.mix import MIX, Mix
from analyzer.model import Candidate, Evidence, Process, Service, Start, Variable
from analyzer.project import Project
from analyzer.render.recipe import Recipe

NAME = "elixir"
FRAMEWORKS = ("phoenix", "plug", "raxx", "nerves")
SERVERS = ("phoenix", "bandit", "plug_cowboy", "cowboy", "raxx_ace", "ace")
"""Dependencies that listen."""
CONFIGURATIONS = ("config/runtime.exs", "config/releases.exs", "config/prod.exs", "config/config.exs")
PORT = re.compile(r"""["']PORT["']\s*(?:\)\s*\|\||,)\s*["']?(\d{2,5})|\bport:\s*(\d{2,5})\b""")
SERVED = re.compile(r"\b(?:Cowboy|Bandit|cowboy)\b.{0,200}?\bport:\s*(\d{2,5})\b")
LOOPBACK = re.compile(r"\bip:\s*\{\s*127\s*,|\bip:\s*:loopback\b")
HEALTH = re.compile(
    r"""\b(?:get|forward|match|path:)[\s(]*"(/(?:[\w-]+/)*(?:up|_?healthz?|health[-_]?check|livez?|readyz?|ping|status|alive))\""""
)
ROOT = re.compile(r'\b(?:get|live)[\s(]*"/"')
PHOENIX_PORT = 4000
MIGRATE = re.compile(r"^\s*def\s+migrate\b")
MODULE = re.compile(r"^\s*defmodule\s+([\w.]+)")
NODE_ASSETS = "assets/package.json"


def detect(project: Project) -> Candidate | None:
    """mix.exs."""
    view = project.view
    if view.has(MIX):
        return Candidate(NAME, confidence.DECLARED, "mix.exs is there", (view.evidence(MIX, 1),))
    return None


def analyze(project: Project) -> None:
    """Reads mix.exs, the configuration and the router."""
    mix = manifests.read(project.view)
    umbrella = _umbrella(project, mix)
    deps = {name: where for read in (mix, *umbrella) for name, where in read.deps.items()}
    where = project.view.evidence(MIX, 1)
    project.findings.add("package_manager", "mix", confidence.DECLARED, "mix.exs is Mix's", where)
    _version(project, mix)
    framework = next((name for name in FRAMEWORKS if name in deps), None)
    if framework:
        reason = f"mix.exs depends on {framework}"
        project.findings.add("framework", framework, confidence.DECLARED, reason, deps[framework])
    serves = next((name for name in SERVERS if name in deps), None)
    runs = mix.runs or bool(serves) or any(read.runs for read in umbrella) or bool(mix.apps_path and mix.releases)
    _start(project, mix, runs=runs)
    if serves:
        _web(project, deps[serves], phoenix="phoenix" in deps)
    elif runs:
        project.findings.add(
            "kind", "worker", confidence.CONVENTION, "it starts processes and listens on nothing", where
        )
    _release(project, deps)
    project.findings.build_packages.update(("build-essential", "git"))
    project.findings.details |= _details(project, mix, umbrella)


def recipe(service: Service) -> Recipe | None:
    """How the image is built; None without a release to start."""
    from analyzer.languages.elixir import image

    return image.recipe(service)


def _umbrella(project: Project, mix: Mix) -> list[Mix]:
    if not mix.apps_path:
        return []
    return [manifests.read(project.view, path) for path in sorted(project.view.match(f"{mix.apps_path}/*/{MIX}"))[:50]]


def _version(project: Project, mix: Mix) -> None:
    where = (mix.elixir_evidence,) if mix.elixir_evidence else ()
    pins = [versions.Pin(mix.elixir, "gem", "mix.exs requires it", where)] if mix.elixir else []
    versions.decide(project, "elixir", pins)
    apart = Project(project.whole, project.root, Findings())
    otp = versions.decide(apart, "erlang")
    pinned = apart.findings.best("runtime_version")
    if otp and pinned and pinned.confidence >= confidence.DECLARED and (major := re.match(r"\d+", otp)):
        project.findings.details["otp"] = major[0]


def _start(project: Project, mix: Mix, *, runs: bool) -> None:
    findings = project.findings
    name = None if mix.inside else mix.name
    where = mix.app_evidence or project.view.evidence(MIX, 1)
    if name is None:
        missing = "`releases:` in the umbrella's mix.exs, which names what is deployed"
        findings.cannot_tell("start", missing)
        findings.cannot_tell("build_command", missing)
        return
    if not runs:
        findings.add("kind", "library", confidence.DEFAULT, "mix.exs starts no application (`mod:`)", where)
        return
    argv = (f"/app/bin/{name}", "start")
    command = f"_build/prod/rel/{name}/bin/{name} start"
    reason = f"mix release makes a release of {name}"
    findings.add("start", Start("beam-release", name, command, argv), confidence.DEFAULT, reason, where)
    findings.add("build_command", "MIX_ENV=prod mix release", confidence.DEFAULT, reason, where)
    findings.add("output_dir", f"_build/prod/rel/{name}", confidence.DEFAULT, reason, where)


def _web(project: Project, where: Evidence, *, phoenix: bool) -> None:
    findings, view = project.findings, project.view
    findings.add("kind", "web", confidence.DEFAULT, "a dependency of it is a web server", where)
    sources = [path for path in view.match("lib/**/*.ex", "apps/*/lib/**/*.ex") if "/test/" not in path][:200]
    configured = [path for path in (*CONFIGURATIONS, *view.match("apps/*/config/runtime.exs")) if view.has(path)]
    _port(project, configured, sources)
    if phoenix:
        findings.add("port", PHOENIX_PORT, confidence.DEFAULT, "Phoenix listens on 4000")
        findings.variable(Variable("SECRET_KEY_BASE", required=True, secret=True))
    elif findings.value("port") is None:
        findings.cannot_tell("port", "the port that it listens on: set `port` in .slipway.toml")
    _health(project, [path for path in sources if not phoenix or path.endswith(("router.ex", "endpoint.ex"))])
    for path in (path for path in configured if path != "config/config.exs"):
        if found := view.find(path, LOOPBACK):
            findings.warn(
                "binds_loopback",
                f"{path} listens on the loopback address, where nothing outside the container reaches it",
                found[1],
                remedy="listen on {0, 0, 0, 0}",
            )


def _port(project: Project, configured: list[str], sources: list[str]) -> None:
    """The configuration and the supervisor name it for the server; elsewhere only a line that names the server does."""
    supervisors = [path for path in sources if path.endswith(("application.ex", "endpoint.ex"))]
    looked = [*((path, PORT) for path in (*configured, *supervisors)), *((path, SERVED) for path in sources)]
    for path, pattern in looked:
        if found := project.view.find(path, pattern):
            port = next(int(group) for group in found[0].groups() if group)
            project.findings.add("port", port, confidence.PROVEN, f"{path} sets the port", found[1])
            return


def _health(project: Project, sources: list[str]) -> None:
    for pattern, sure in ((HEALTH, confidence.PROVEN), (ROOT, confidence.CONVENTION)):
        for path in sources:
            if found := project.view.find(path, pattern):
                route = found[0][1] if pattern is HEALTH else "/"
                project.findings.add("health_path", route, sure, f"{path} routes {route}", found[1])
                return


def _release(project: Project, deps: dict[str, Evidence]) -> None:
    """Migrations, which a release has no Mix for: the module that `mix phx.gen.release` writes runs them."""
    if "ecto_sql" not in deps or not project.view.has_folder("priv/repo/migrations"):
        return
    for path in project.view.match("lib/**/release.ex", "lib/**/release_tasks.ex"):
        module, start = project.view.find(path, MODULE), project.findings.value("start")
        migrates = project.view.find(path, MIGRATE)
        if module and migrates and isinstance(start, Start) and start.target:
            command = f'/app/bin/{start.target} eval "{module[0][1]}.migrate"'
            project.findings.process(Process("release", "release", command, evidence=(migrates[1],)))
            return
    project.findings.warn(
        "no_migration_command",
        "it has migrations, and nothing in the release that applies them",
        deps["ecto_sql"],
        remedy="add a module that does, as `mix phx.gen.release` writes it",
    )


def _details(project: Project, mix: Mix, umbrella: list[Mix]) -> dict[str, object]:
    view = project.view
    node = assets.read(project, "assets") if view.has(NODE_ASSETS) else None
    manifests_of_apps = sorted(view.match(f"{mix.apps_path}/*/{MIX}")) if mix.apps_path else []
    return {
        "release": mix.name,
        "lock": "mix.lock" if view.has("mix.lock") else None,
        "manifests": [MIX, *manifests_of_apps],
        "configured": view.has_folder("config"),
        "deploy_assets": "assets.deploy" in mix.aliases or any("assets.deploy" in read.aliases for read in umbrella),
        "digest": "phoenix" in mix.deps and view.has_folder("assets"),
        "assets": node,
    }
