"""Which files of a tree may be read: manifests, settings and source, by their names alone, and a bounded number.

The content key covers exactly these, and the view answers no other: so the same key means the same analysis, and a
commit that touches only other files (images, prose, data) keeps the key. Files that are there to hold secrets are not
among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzer.source.limits import Limits

MANIFESTS = frozenset((
    "toml", "gradle", "kts", "cfg", "lock", "mod", "sum", "work", "csproj", "fsproj", "vbproj", "sln", "slnx", "props",
    "targets", "sbt", "cabal", "gemspec", "ru", "exs", "cmake", "nix", "pkl", "locked", "dependencies",
    "prisma", "build",
))  # fmt: skip
"""Endings of files that declare something, whatever their name is."""
SETTINGS = frozenset((
    "json", "jsonc", "json5", "yaml", "yml", "xml", "properties", "ini", "conf", "config", "txt", "in", "html", "htm",
    "tf", "hcl",
))  # fmt: skip
"""Endings of files that may declare something, and of data."""
SOURCES = frozenset((
    "py", "pyi", "rb", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "astro", "go",
    "rs", "java", "kt", "scala", "groovy", "clj", "php", "phtml", "cs", "fs", "vb", "razor", "cshtml", "ex",
    "eex", "heex", "erl", "hrl", "gleam", "dart", "c", "cc", "cpp", "cxx", "h", "hh", "hpp", "zig", "nim", "cr",
    "hs", "swift", "lua", "pl", "pm", "r", "jl", "rake", "sh", "bash", "zsh", "bat", "ps1",
    "liquid", "njk", "hbs", "ejs", "erb",
))  # fmt: skip
"""Endings of source files."""
NAMES = r"""
    (?:.*[.])?(?:Docker|Container|Caddy|Static|Proc|Make|Rake|Gem|Pip|Apt|Brew|Just|Task|Earth|Jenkins|Vagrant|Cap)file
    (?:[.][\w-]+)?
    | Procfile[.\w-]* | Dockerfile[.\w-]* | [Mm]akefile | justfile | CMakeLists[.]txt
    | go[.](?:mod|sum|work) | artisan | gradlew | mvnw | manage | console | nginx[.]conf[.\w]* | crontab | Podfile
    | rust-toolchain | (?:elixir|phoenix_static)_buildpack[.]config
    | build[.]boot | BUILD(?:[.]bazel)? | WORKSPACE | rebar[.]config | project[.]clj | deps[.]edn
    | meson[.]build | build[.]mill | MANIFEST[.]MF
    """
"""Files that are known by their whole name."""
KNOWN = re.compile(
    r"""
    (?:package|composer|deno|app|railway|vercel|netlify|now|global|angular|nx|turbo|lerna|project|workspace|firebase
      |manifest|bun|tsconfig[\w.-]*|jsconfig|appsettings[\w.]*|launchSettings|nest-cli|package-lock|heroku)[.]jsonc?
    | pom[.]xml | (?:web|app|packages|nuget)[.]config | index[.]html | (?:CMakeLists|runtime|apt|packages)[.]txt
    | [\w.-]*(?:requirements|constraints)[\w.-]*[.](?:txt|in)
    | (?:docker-)?compose[\w.-]*[.]ya?ml
    | (?:pubspec|fly|render|app|application|bootstrap|database|puma|conda|environment|pnpm-workspace|pnpm-lock|shard
      |mkdocs|_config|serverless|template|heroku|stack|cloudbuild|captain|skaffold)[\w-]*[.](?:ya?ml|properties)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Files that declare something although others with their ending are data."""
DOTFILE = r"\.[a-z][\w-]*(?:[._-]version)?"
"""Settings such as .python-version, .nvmrc, .tool-versions, .sdkmanrc, .dockerignore, .buildpacks."""
SAMPLE = re.compile(
    r"(?:.*[._-])?env(?:[._-][\w-]+)?[._-](?:example|sample|template|dist|defaults?|tpl)|(?:example|sample)[._]env"
)
"""Names of variables without their values."""
NEVER = re.compile(
    r"""
    # there to hold secrets
    [.]env(?:[.].*|rc)? | .*[.]env | [.]netrc | [.]pypirc | [.]htpasswd | [.]pgpass | [.]git-credentials
    | (?:.*[._-])?secrets?[.](?:toml|json|ya?ml|ini|cfg|properties|txt|py|rb|js|ts|exs)
    | (?:.*[._-])?credentials?(?:[.](?:json|ya?ml|toml|ini|cfg|txt))?
    | id_(?:rsa|dsa|ecdsa|ed25519)(?:[.].*)? | service[-_]account.*[.]json
    # written by tools, and large
    | .*(?:[.]min[.](?:js|css)|[.]d[.]ts|[.]map|[.]bundle[.]js|-min[.]js) | pnp[.][cm]?js | [.]pnp[.].*
    # prose
    | (?:readme|license|licence|copying|notice|authors|changelog|changes|contributing|codeowners)\b.*
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Files that are not read whatever their ending is."""
PLAIN = ("bin", "script", "scripts", "docker", ".docker", "deploy", "hooks", ".meteor")
"""Folders whose files without an ending are scripts or settings."""
READ = MANIFESTS | SETTINGS | SOURCES
SPECIAL = re.compile(f"(?:{NAMES})|(?:{DOTFILE})", re.VERBOSE)
DATA = 3
"""Folders by which what may be data comes later than source."""


def chosen(paths: Iterable[str], limits: Limits) -> frozenset[str]:
    """The files of a tree that may be read; when there are too many, manifests and what is near the root first."""
    found = [path for path in paths if readable(path)]
    if len(found) > limits.read_files:
        found = sorted(found, key=_order)[: limits.read_files]
    return frozenset(found)


def readable(path: str) -> bool:
    """Whether a file with that path may be read."""
    folder, _, name = path.rpartition("/")
    if NEVER.fullmatch(name):
        return bool(SAMPLE.fullmatch(name))
    ending = _ending(name)
    if ending in READ:
        return True
    if not ending and (not folder or folder.rpartition("/")[2] in PLAIN):
        return True
    return bool(SPECIAL.fullmatch(name) or SAMPLE.fullmatch(name))


def _order(path: str) -> tuple[bool, int, str]:
    """Manifests first; of the rest a source file comes as early as data that is less deep by DATA folders."""
    name = path.rpartition("/")[2]
    ending = _ending(name)
    is_manifest = ending in MANIFESTS or bool(KNOWN.fullmatch(name) or SPECIAL.fullmatch(name))
    depth = path.count("/")
    return not is_manifest, depth if is_manifest or ending in SOURCES else depth + DATA, path


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name[1:] else ""
