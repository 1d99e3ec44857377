"""What a package script really starts: a server, a development server, a server of files, or another script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.start_command import shell, wrappers

MANAGERS = ("npm", "pnpm", "yarn", "bun")
ANY = None
DEVELOPMENT: Mapping[str, frozenset[str] | None] = {
    "react-scripts": frozenset({"start"}),
    "react-app-rewired": frozenset({"start"}),
    "craco": frozenset({"start"}),
    "vite": frozenset({"", "dev", "serve", "preview"}),
    "vite-plus": frozenset({"", "dev", "preview"}),
    "ng": frozenset({"serve", "s", "dev"}),
    "next": frozenset({"", "dev"}),
    "nuxt": frozenset({"", "dev"}),
    "nuxi": frozenset({"dev"}),
    "nuxt-ts": frozenset({"", "dev"}),
    "astro": frozenset({"dev", "start"}),
    "gatsby": frozenset({"develop", "serve"}),
    "vue-cli-service": frozenset({"serve"}),
    "webpack": frozenset({"serve", "s", "server", "watch"}),
    "webpack-cli": frozenset({"serve"}),
    "webpack-dev-server": ANY,
    "parcel": frozenset({"", "serve", "watch"}),
    "docusaurus": frozenset({"start", "serve"}),
    "docusaurus-start": ANY,
    "vuepress": frozenset({"dev"}),
    "vitepress": frozenset({"dev", "serve", "preview"}),
    "remix": frozenset({"dev", "vite:dev", "watch"}),
    "react-router": frozenset({"dev"}),
    "expo": frozenset({"start"}),
    "expo-cli": frozenset({"start"}),
    "eleventy": frozenset({""}),
    "hexo": frozenset({"server", "s"}),
    "ember": frozenset({"serve", "server", "s"}),
    "gridsome": frozenset({"develop"}),
    "ionic": frozenset({"serve"}),
    "ionic-app-scripts": frozenset({"serve"}),
    "stencil": frozenset({"build"}),
    "polymer": frozenset({"serve"}),
    "storybook": frozenset({"dev"}),
    "start-storybook": ANY,
    "sanity": frozenset({"dev", "start", "preview"}),
    "umi": frozenset({"dev"}),
    "max": frozenset({"dev"}),
    "saber": frozenset({""}),
    "preact": frozenset({"watch", "serve"}),
    "brunch": frozenset({"watch", "w"}),
    "dojo": frozenset({"build", "serve"}),
    "svelte-kit": frozenset({"dev", "preview"}),
    "sapper": frozenset({"dev"}),
    "rollup": frozenset({""}),
    "rsbuild": frozenset({"", "dev", "preview"}),
    "rspack": frozenset({"serve", "dev"}),
    "rspress": frozenset({"dev", "preview"}),
    "slidev": frozenset({""}),
    "farm": frozenset({"", "start", "dev", "preview"}),
    "snowpack": frozenset({"", "dev"}),
    "vinxi": frozenset({"dev"}),
    "qwik": frozenset({"dev"}),
    "wrangler": frozenset({"dev"}),
    "vc": frozenset({"dev"}),
    "vercel": frozenset({"dev"}),
    "netlify": frozenset({"dev"}),
    "elm-live": ANY,
    "vocs": frozenset({"dev", "preview"}),
    "ice": frozenset({"start"}),
    "modern": frozenset({"dev"}),
    "strapi": frozenset({"develop", "dev"}),
    "medusa": frozenset({"develop"}),
    "keystone": frozenset({"dev"}),
    "blitz": frozenset({"dev"}),
    "rw": frozenset({"dev"}),
    "redwood": frozenset({"dev"}),
    "meteor": frozenset({"", "run", "npm"}),
}
"""Programs that serve a developer only: with these first words, "" being none; any when ANY. From their manuals."""

WATCHERS = frozenset(("nodemon", "ts-node-dev", "tsnd", "node-dev", "supervisor"))
"""Programs that restart what they run when a file changes."""
FILE_SERVERS = frozenset(
    (
        "serve",
        "http-server",
        "sirv",
        "live-server",
        "lite-server",
        "static-server",
        "superstatic",
        "browser-sync",
        "servor",
        "local-web-server",
        "angular-http-server",
        "nginx",
        "firebase",
    )
)
"""Programs that serve files and nothing else."""
FOLLOWED = 4
"""Scripts that refer to scripts, as deep as is looked."""


@dataclass(frozen=True, slots=True)
class Command:
    """The command that a script stays with, without what wraps it."""

    text: str
    """The whole script it is in."""
    words: tuple[str, ...]
    alone: bool
    """Whether the script is this one command, which needs no package manager around it."""

    @property
    def program(self) -> str:
        """The program's name, without folders."""
        return wrappers.program(self.words[0]) if self.words else ""

    @property
    def verb(self) -> str:
        """The first word that is no option."""
        return next((word for word in self.words[1:] if not word.startswith("-")), "")

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows the program."""
        return self.words[1:]


def command(scripts: Mapping[str, str], name: str) -> Command:
    """What a script starts, through the scripts that it refers to."""
    text, alone = scripts.get(name, ""), True
    for _ in range(FOLLOWED):
        line = shell.line(text)
        words = wrappers.unwrapped(_variables_dropped(line.main.words))
        alone = alone and len(line.parts) == 1 and not _hooked(scripts, name) and not _of_manager(text)
        referred = _referred(words)
        if referred not in scripts or referred == name:
            return Command(text, tuple(words), alone)
        alone, name, text = False, referred, scripts[referred]
    return Command(text, (), alone=False)


def develops(found: Command) -> bool:
    """Whether it is a development server."""
    wanted = DEVELOPMENT.get(found.program, frozenset())
    if found.program == "rollup":
        return bool({"-w", "--watch", "-cw", "-wc"} & set(found.words))
    if found.program in ("eleventy", "stencil"):
        return bool({"--serve", "--watch", "--dev"} & set(found.words))
    if found.program == "parcel":
        return found.verb != "build"
    if found.program == "dojo":
        return "--serve" in found.words or "-s" in found.words or "serve" in found.words
    if wanted is None or found.verb in wanted:
        return True
    return found.program in DEVELOPMENT and "" in wanted and _is_operand(found.verb)


def watches(found: Command) -> bool:
    """Whether it restarts its program when a file changes."""
    if found.program in WATCHERS:
        return True
    runs = found.program in ("node", "tsx", "bun", "deno", "nest")
    return runs and bool({"--watch", "--hot", "watch"} & set(found.words[1:3]))


def serves_files(found: Command) -> bool:
    """Whether it serves files and nothing else."""
    if found.program == "firebase":
        return found.verb in ("serve", "emulators:start")
    return found.program in FILE_SERVERS


def without_watching(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command that a watcher runs, as far as it can be told; () when it cannot."""
    rest = [word for word in words[1:] if word not in ("--watch", "--hot", "watch")]
    program = wrappers.program(words[0]) if words else ""
    if program not in WATCHERS:
        return (words[0], *rest)
    files = [word for word in rest if re.search(r"\.[cm]?[jt]s$", word)]
    if len(files) == 1 and not any(word in ("-x", "--exec") for word in rest):
        return ("node" if files[0].endswith("js") else "tsx", files[0])
    return ()


def _is_operand(verb: str) -> bool:
    """A folder or file where a verb might be: `next .`, `vite ./app`."""
    return verb.startswith((".", "/")) or "/" in verb


def _referred(words: list[str]) -> str:
    """The script that `npm run x`, `yarn x` and the like start; "" when it is none."""
    if not words or wrappers.program(words[0]) not in MANAGERS:
        return ""
    rest = [word for word in words[1:] if not word.startswith("-")]
    rest = rest[1:] if rest[:1] in (["run"], ["run-script"]) else rest
    return rest[0] if rest else ""


def _hooked(scripts: Mapping[str, str], name: str) -> bool:
    """Whether package managers run something before or after it."""
    return f"pre{name}" in scripts or f"post{name}" in scripts


def _of_manager(text: str) -> bool:
    """Whether it reads variables that only a package manager sets."""
    return "npm_" in text or "INIT_CWD" in text


def _variables_dropped(words: list[str]) -> list[str]:
    """Wrappers such as cross-env are followed by assignments."""
    if words and wrappers.program(words[0]) in ("cross-env", "cross-env-shell", "env-cmd"):
        return shell.unassigned(words[1:])
    return words
