"""Generators of sites and bundlers of pages whose output folder takes more than a key of a configuration to know."""

from __future__ import annotations

import re

from analyzer.languages.node import source
from analyzer.languages.node.app import App
from analyzer.languages.node.frameworks.row import ROUTERS, Serving, option, written
from analyzer.start_command import shell


def vite(app: App) -> Serving:
    """`build.outDir`, relative to `root`."""
    path = source.config(app.view, "vite.config")
    found = written(app, "dist", config=("vite.config",), key="outDir", flags=("--outDir",))
    root = source.find(app.view, path, rf"(?m)^\s{{0,4}}root\s*:\s*{source.LITERAL}")
    inside = source.folder(root[0]) if root else None
    outside = source.find(app.view, path, r"""outDir\s*:\s*["'`]\.\./([\w./-]+)["'`]""")
    if inside and outside and "/" not in inside:
        return Serving(f"{path} sets outDir", output=outside[0], evidence=(outside[1],), fallback=found.fallback)
    if inside and root:
        output = f"{inside}/{found.output}"
        return Serving(f"{path} sets root", output=output, evidence=(root[1],), fallback=found.fallback)
    return found


def create_react_app(app: App) -> Serving:
    """build/, or BUILD_PATH."""
    moved = re.search(r"\bBUILD_PATH=([\w./-]+)", app.manifest.scripts.get("build", ""))
    output = (moved and source.folder(moved[1])) or "build"
    return Serving(f"the build writes to {output}", output=output, fallback=_fallback(app))


def ionic_react(app: App) -> Serving:
    """On Create React App once, on Vite now."""
    return create_react_app(app) if app.depends("react-scripts") else vite(app)


def vitepress(app: App) -> Serving:
    """.vitepress/dist in the folder that the build names."""
    return _press(app, "vitepress", "outDir")


def vuepress(app: App) -> Serving:
    """.vuepress/dist in the folder that the build names."""
    return _press(app, "vuepress", "dest")


def _press(app: App, tool: str, key: str) -> Serving:
    folder = next((path.partition(f".{tool}/")[0] for path in app.view.paths if f".{tool}/config" in path), "")
    named = next((text for text in app.manifest.scripts.values() if f"{tool} build" in text), "")
    operand = re.search(rf"{tool} build\s+([\w./-]+)", named)
    if operand and not operand[1].startswith("-"):
        folder = f"{source.folder(operand[1])}/" if source.folder(operand[1]) else ""
    path = source.config(app.view, f"{folder}.{tool}/config")
    if set_by := source.setting(app.view, path, key):
        output = _below(folder if key == "outDir" else "", set_by[0])
        if output:
            return Serving(f"{path} sets {key}", output=output, evidence=(set_by[1],))
    return Serving(f"{tool} build writes there", output=f"{folder}.{tool}/dist")


def _below(folder: str, path: str) -> str | None:
    """A path as seen from a folder of the service, cleaned of `..`."""
    parts: list[str] = []
    for part in f"{folder}{path}".split("/"):
        if part == ".." and not parts:
            return None
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or None


def eleventy(app: App) -> Serving:
    """_site, `--output`, or dir.output of its configuration."""
    names = (".eleventy", "eleventy.config")
    return written(app, "_site", config=names, key="output", flags=("--output",))


def hexo(app: App) -> Serving:
    """public, or public_dir of _config.yml."""
    folder = (app.project.yaml("_config.yml") or {}).get("public_dir")
    output = source.folder(folder) if isinstance(folder, str) else None
    return Serving("hexo generate writes files", output=output or "public")


def parcel(app: App) -> Serving:
    """dist, `--dist-dir` (Parcel 2) or `-d` (Parcel 1), or the target's distDir."""
    targets = app.manifest.table("targets")
    for row in targets.values():
        if isinstance(row, dict) and isinstance(row.get("distDir"), str) and source.folder(row["distDir"]):
            return Serving("the target sets distDir", output=source.folder(row["distDir"]), fallback=_fallback(app))
    return written(app, "dist", flags=("--dist-dir", "-d", "--out-dir"))


def bundled(app: App) -> Serving:
    """webpack, Rollup, esbuild and plain scripts: the folder that they name, beside an index.html of the source."""
    path = source.config(
        app.view, "webpack.config", "webpack.prod", "config/webpack.config", "rollup.config", "rspack.config"
    )
    found = source.find(
        app.view, path, r"""path\s*:\s*(?:path\.)?(?:resolve|join)\([^)]*["'`]\.?/?([\w./-]+)["'`]\s*\)"""
    )
    output = source.folder(found[0]) if found else None
    named = option(app.manifest.scripts.get("build", ""), "--output-path", "-o", "--outdir", "--dist-dir", "--out-dir")
    evidence = (found[1],) if found else ()
    return Serving(
        "the bundler writes there", output=named or output or "dist", evidence=evidence, fallback=_fallback(app)
    )


def svelte(app: App) -> Serving:
    """The template with Rollup: the bundle goes beside public/index.html."""
    if app.view.has("public/index.html"):
        return Serving("the bundle goes beside public/index.html", output="public", fallback=_fallback(app))
    return bundled(app)


def docusaurus_1(app: App) -> Serving:
    """build/<projectName> of siteConfig.js."""
    name = source.setting(app.view, "siteConfig.js", "projectName")
    return Serving("docusaurus-build writes files", output=f"build/{name[0]}" if name else "build")


def scully(app: App) -> Serving:
    """The folder that it renders Angular's pages into."""
    path = next((path for path in app.view.top() if re.fullmatch(r"scully\..+\.config\.[tj]s", path)), None)
    found = source.setting(app.view, path, "outDir")
    return Serving("scully writes files", output=(found and source.folder(found[0])) or "dist/static")


def slidev(app: App) -> Serving:
    """dist, or `--out`."""
    return written(app, "dist", flags=("--out", "-o"))


def umi(app: App) -> Serving:
    """dist, or outputPath."""
    found = written(app, "dist", config=(".umirc", "config/config"), key="outputPath")
    return Serving(found.reason, output=found.output, evidence=found.evidence, fallback="index.html")


def build_verb(script: str, program: str) -> bool:
    """Whether a script has a part that is this program."""
    return any(program in part.words[:2] for part in shell.line(script).parts)


def _fallback(app: App) -> str:
    return "index.html" if app.depends(*ROUTERS) else ""
