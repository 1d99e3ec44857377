"""Which file wins when several say which version to use: one table, strongest first.

Each place only narrows what the stronger ones leave open, so `requires-python = ">=3.9"` and a `.python-version` of
3.11 give 3.11, whichever is stronger. The order matters where two contradict each other; then the reason counts:

* mise and asdf files are the newest habit, name exact versions, and drive the person's own shell, so they win.
* A platform's file (runtime.txt, system.properties, .sdkmanrc) was written for machines that deploy.
* Node: `engines` is what deployment platforms read, .nvmrc what a person's shell reads.
* Ruby and PHP: Bundler and Composer refuse to run under a version that the manifest excludes.
* Go, Java, Rust, .NET manifests state the least (or the target), so that a pin above them does not contradict.

Files of the service's folder are stronger than those at the root of the tree around it.
"""

from __future__ import annotations

from analyzer.versions.pinfiles import MISE

MANIFEST = "manifest"
"""The pins that the language's module read from its own manifests, in its order."""

MANAGERS = (*MISE, ".tool-versions")

ORDER: dict[str, tuple[str, ...]] = {
    "python": (*MANAGERS, "runtime.txt", ".python-version", MANIFEST),
    "node": (*MANAGERS, MANIFEST, ".nvmrc", ".node-version"),
    "ruby": (MANIFEST, *MANAGERS, ".ruby-version"),
    "php": (MANIFEST, *MANAGERS, ".php-version"),
    "go": (*MANAGERS, ".go-version", MANIFEST),
    "java": (*MANAGERS, "system.properties", ".sdkmanrc", ".java-version", MANIFEST),
    "rust": (*MANAGERS, "rust-toolchain.toml", "rust-toolchain", MANIFEST),
    "dotnet": (*MANAGERS, "global.json", MANIFEST),
    "elixir": (*MANAGERS, "elixir_buildpack.config", ".elixir-version", MANIFEST),
    "deno": (*MANAGERS, ".deno-version", ".dvmrc", MANIFEST),
    "bun": (*MANAGERS, ".bun-version", MANIFEST),
}


def order(product: str) -> tuple[str, ...]:
    """The places that are asked about a product, strongest first."""
    return ORDER.get(product, (*MANAGERS, f".{product}-version", MANIFEST))
