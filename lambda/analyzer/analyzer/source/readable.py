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
    "toml", "json", "jsonc", "json5", "yaml", "yml", "xml", "gradle", "kts", "properties", "cfg", "ini", "conf",
    "lock", "mod", "sum", "work", "csproj", "fsproj", "vbproj", "sln", "slnx", "props", "targets", "sbt",
    "cabal", "gemspec", "ru", "exs", "cmake", "txt", "tf", "nix", "pkl", "hcl",
    "config", "in", "locked", "dependencies", "prisma", "build", "erb",
))  # fmt: skip
"""Endings of files that declare something."""
SOURCES = frozenset((
    "py", "pyi", "rb", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "astro", "go",
    "rs", "java", "kt", "scala", "groovy", "clj", "php", "phtml", "cs", "fs", "vb", "razor", "cshtml", "ex",
    "eex", "heex", "erl", "hrl", "gleam", "dart", "c", "cc", "cpp", "cxx", "h", "hh", "hpp", "zig", "nim", "cr",
    "hs", "swift", "lua", "pl", "pm", "r", "jl", "rake", "html", "htm", "sh", "bash", "zsh", "bat", "ps1",
    "liquid", "njk", "hbs", "ejs",
))  # fmt: skip
"""Endings of source files."""
NAMES = re.compile(
    r"""
    (?:.*[.])?(?:Docker|Container|Caddy|Static|Proc|Make|Rake|Gem|Pip|Apt|Brew|Just|Task|Earth|Jenkins|Vagrant|Cap)file
    (?:[.][\w-]+)?
    | Procfile[.\w-]* | Dockerfile[.\w-]* | [Mm]akefile | justfile | CMakeLists[.]txt
    | go[.](?:mod|sum|work) | artisan | gradlew | mvnw | manage | console | nginx[.]conf[.\w]* | crontab | Podfile
    | rust-toolchain | (?:elixir|phoenix_static)_buildpack[.]config
    | build[.]boot | BUILD(?:[.]bazel)? | WORKSPACE | rebar[.]config | project[.]clj | deps[.]edn
    | meson[.]build | build[.]mill | MANIFEST[.]MF
    """,
    re.VERBOSE,
)
"""Files that are known by their whole name."""
DOTFILE = re.compile(r"\.[a-z][\w-]*(?:[._-]version)?")
"""Settings such as .python-version, .nvmrc, .tool-versions, .sdkmanrc, .dockerignore, .buildpacks."""
SAMPLE = re.compile(
    r"(?:.*[._-])?env(?:[._-][\w-]+)?[._-](?:example|sample|template|dist|defaults?|tpl)|(?:example|sample)[._]env"
)
"""Names of variables without their values."""
SECRET = re.compile(
    r"""
    [.]env(?:[.].*|rc)? | .*[.]env | [.]netrc | [.]pypirc | [.]htpasswd | [.]pgpass | [.]git-credentials
    | (?:.*[._-])?secrets?[.](?:toml|json|ya?ml|ini|cfg|properties|txt|py|rb|js|ts|exs)
    | (?:.*[._-])?credentials?(?:[.](?:json|ya?ml|toml|ini|cfg|txt))?
    | id_(?:rsa|dsa|ecdsa|ed25519)(?:[.].*)? | service[-_]account.*[.]json
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Files that are there to hold secrets."""
GENERATED = re.compile(r".*(?:[.]min[.](?:js|css)|[.]d[.]ts|[.]map|[.]bundle[.]js|-min[.]js)|pnp[.][cm]?js|[.]pnp[.].*")
"""Written by tools, and large."""
PROSE = re.compile(
    r"(?i)(?:readme|license|licence|copying|notice|authors|changelog|changes|contributing|codeowners)\b.*"
)
PLAIN = ("bin", "script", "scripts", "docker", ".docker", "deploy", "hooks", ".meteor")
"""Folders whose files without an ending are scripts or settings."""


def readable(path: str) -> bool:
    """Whether a file with that path may be read."""
    return _rank(path) is not None


def chosen(paths: Iterable[str], limits: Limits) -> frozenset[str]:
    """The files of a tree that may be read: manifests before sources, those near the root first."""
    ranked = [(rank, path.count("/"), path) for path in paths if (rank := _rank(path)) is not None]
    if len(ranked) > limits.read_files:
        ranked = sorted(ranked)[: limits.read_files]
    return frozenset(path for _, _, path in ranked)


def _rank(path: str) -> int | None:
    """0 for manifests, 1 for sources, None for what is not read."""
    folder, _, name = path.rpartition("/")
    if SAMPLE.fullmatch(name):
        return 0
    if SECRET.fullmatch(name) or GENERATED.fullmatch(name) or PROSE.fullmatch(name):
        return None
    ending = name.rpartition(".")[2].lower() if "." in name[1:] else ""
    if ending in SOURCES:
        return 1
    if ending in MANIFESTS or NAMES.fullmatch(name) or DOTFILE.fullmatch(name):
        return 0
    is_plain = not ending and folder.rpartition("/")[2] in PLAIN
    return 1 if is_plain or (not ending and not folder) else None
