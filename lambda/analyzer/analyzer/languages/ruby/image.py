"""The image of a Ruby service: gems compiled apart from what runs, assets compiled with the bundle."""

from __future__ import annotations

import re

from analyzer.languages import assets
from analyzer.languages.compiled.image import apt
from analyzer.languages.debian import Release, release
from analyzer.model import Service, Start
from analyzer.render.recipe import Command, Comment, Copy, Env, Expose, Health, Recipe, Run, Stage, Step, Workdir

DEBIAN = (
    Release("bookworm", (3, 3), {(3, 0): 6, (3, 1): 4, (3, 2): 2}),
    Release("bullseye", (3, 1), {(2, 6): 8, (2, 7): 4, (3, 0): 2}),
    Release("buster", (2, 7), {(2, 3): 8, (2, 4): 6, (2, 5): 5, (2, 6): 3}),
)
OTHERWISE = {"libicu72": "libicu-dev", "libproj25": "libproj-dev", "libidn12": "libidn-dev"}
"""Packages whose name holds a version of bookworm, and what to install on an older Debian."""
BUNDLE = "/usr/local/bundle"
CLEAN = (
    f"rm -rf /root/.bundle {BUNDLE}/ruby/*/cache {BUNDLE}/ruby/*/bundler/gems/*/.git {BUNDLE}/cache",
    f"find {BUNDLE} -name '*.o' -delete",
    f"find {BUNDLE} -exec touch --no-dereference --date=@0 {{}} +",
)
"""Leaves what runs, without the time of the build, so that whoever builds it gets the same layer."""
IGNORE = (
    "**/.bundle",
    "vendor/bundle",
    "log/*",
    "tmp/*",
    "spec",
    "test",
    "coverage",
    "config/master.key",
    "config/credentials/*.key",
)


def recipe(service: Service) -> Recipe | None:
    """The stages; None when nothing starts, for JRuby and the like, and for a Rack application without a bundle."""
    start = service.value("start")
    base = _base(service)
    if base is None or service.details.get("engine"):
        return None
    if not isinstance(start, Start):
        return None
    if not service.details.get("manifest"):
        return _without_bundle(service, start, base) if start.kind == "ruby-file" else None
    node = service.details.get("assets")
    first = Stage(base, (*apt(_packages(service, base)), Workdir("/app"), _env(service)), "base")
    last = _site(service) if start.kind == "static" else _final(service, start)
    stages = [first, Stage("base", tuple(_build(service)), "build"), last]
    return Recipe(tuple([assets.stage(node), *stages] if node else stages), IGNORE)


def _base(service: Service) -> str | None:
    """The official image: of the newest Debian that this release of Ruby was published on."""
    version = str(service.value("runtime_version") or "")
    parts = [int(part) for part in re.findall(r"\d+", version)]
    if not parts:
        return None
    return f"ruby:{version}-slim-{release(tuple(parts), DEBIAN)}"


def _packages(service: Service, base: str) -> list[str]:
    there = (OTHERWISE.get(name, name) if "bookworm" not in base else name for name in service.system_packages)
    return sorted(there)


def _env(service: Service) -> Env:
    variables = [("RACK_ENV", "production"), ("APP_ENV", "production")]
    if service.details.get("rails"):
        variables = [("RAILS_ENV", "production"), ("RAILS_LOG_TO_STDOUT", "1"), ("RAILS_SERVE_STATIC_FILES", "1")]
    variables += [("BUNDLE_PATH", BUNDLE), ("BUNDLE_WITHOUT", "development:test"), ("LANG", "C.UTF-8")]
    if service.details.get("lock"):
        variables.append(("BUNDLE_DEPLOYMENT", "1"))
    if service.details.get("manifest") == "gems.rb":
        variables.append(("BUNDLE_GEMFILE", "/app/gems.rb"))
    return Env(tuple(variables))


def _build(service: Service) -> list[Step]:
    details = service.details
    node = details.get("assets")
    steps: list[Step] = [*apt(service.build_packages)]
    steps += [Copy((path,), _folder(path)) for path in details["bundle_files"] if "/" in path]
    steps.append(Copy(tuple(path for path in details["bundle_files"] if "/" not in path), "./"))
    steps += [Copy((folder,), folder) for folder in details["bundle_folders"]]
    if details.get("gemspec"):
        steps += [Comment("The gemspec asks the source for its version, so that all of it is needed here."), _all()]
    install = ["bundle install --jobs 4", *CLEAN]
    if details.get("bootsnap"):
        install.append("bundle exec bootsnap precompile --gemfile")
    steps.append(Run(tuple(install), downloads=True))
    steps += assets.steps(node) if node else ()
    steps.append(_all())
    if commands := _compile(service):
        steps.append(Run(tuple(commands), downloads=bool(node)))
    folders = " ".join(_writable(service))
    return [*steps, Run((f"mkdir -p {folders}",))] if folders else steps


def _all() -> Copy:
    return Copy((".",), ".")


def _folder(path: str) -> str:
    return path.rpartition("/")[0] + "/"


def _compile(service: Service) -> list[str]:
    """What is computed from the source; a placeholder stands in for the secret, which no build has."""
    details = service.details
    folders = " ".join(details.get("bootsnap") or ())
    commands = [f"bundle exec bootsnap precompile {folders}"] if folders else []
    if details.get("precompile"):
        secret = "SECRET_KEY_BASE_DUMMY=1" if details.get("dummy_secret") else "SECRET_KEY_BASE=only-for-this-command"
        commands.append(f"{secret} bundle exec rails assets:precompile")
        commands.append("rm -rf node_modules tmp/cache/assets")
    elif service.value("kind") == "static":
        commands.append(str(service.value("build_command")))
    elif build := (details.get("assets") or {}).get("build"):
        commands += [str(build), "rm -rf node_modules"]
    return commands


def _writable(service: Service) -> list[str]:
    return [str(folder) for folder in service.details.get("writable") or ()]


def _final(service: Service, start: Start) -> Stage:
    steps: list[Step] = [Copy((BUNDLE,), BUNDLE, stage="build"), Copy(("/app",), "/app", stage="build")]
    steps += [Copy((f"/app/{folder}",), f"/app/{folder}", stage="build", owned=True) for folder in _writable(service)]
    return Stage("base", (*steps, *_served(service), Command(start.argv)))


def _site(service: Service) -> Stage:
    from analyzer.languages.static import site

    port = int(service.value("port") or site.PORT)
    return site.stage(source="build", folder=f"/app/{service.value('output_dir')}", port=port)


def _without_bundle(service: Service, start: Start, base: str) -> Recipe:
    steps: tuple[Step, ...] = (
        *apt(_packages(service, base)),
        Workdir("/app"),
        Env((("APP_ENV", "production"), ("LANG", "C.UTF-8"))),
        _all(),
        *_served(service),
        Command(start.argv),
    )
    return Recipe((Stage(base, steps),), IGNORE)


def _served(service: Service) -> tuple[Step, ...]:
    """The port and a check that asks it with Ruby's own HTTP client; Bundler wants a home that it can write to."""
    port, home = service.value("port"), ("HOME", "/tmp")  # noqa: S108
    if not port:
        return (Env((home,)),)
    path = service.value("health_path")
    ported = (Env((home, ("PORT", str(port)))), Expose(int(port)))
    if not path:
        return ported
    asks = f'exit Net::HTTP.get_response(URI("http://127.0.0.1:#{{ENV[%q(PORT)]}}{path}")).code.to_i < 400'
    return (*ported, Health(("ruby", "-rnet/http", "-e", asks)))
