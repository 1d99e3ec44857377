"""Debian packages that npm packages need: libraries at run time, a compiler where no binary is published."""

from __future__ import annotations

import re

from analyzer.languages.node.app import App

COMPILER = ("g++", "make", "python3")
"""What node-gyp needs (nodejs/node-gyp, installation)."""
COMPILED = (
    "node-gyp",
    "canvas",
    "bcrypt",
    "better-sqlite3",
    "sqlite3",
    "argon2",
    "node-sass",
    "libxmljs",
    "libxmljs2",
    "zeromq",
    "usb",
    "serialport",
    "re2",
    "isolated-vm",
    "leveldown",
    "bufferutil",
    "utf-8-validate",
    "node-rdkafka",
    "pg-native",
    "cpu-features",
    "sodium-native",
    "farmhash",
    "mediasoup",
    "@discordjs/opus",
    "node-expat",
)
"""Packages that are compiled when no binary fits the version of Node.js."""
LIBRARIES: dict[str, tuple[str, ...]] = {
    "prisma": ("ca-certificates", "openssl"),
    "@prisma/client": ("ca-certificates", "openssl"),
    "pg-native": ("libpq5",),
    "fluent-ffmpeg": ("ffmpeg",),
    "ffmpeg": ("ffmpeg",),
    "gm": ("graphicsmagick",),
    "imagemagick": ("imagemagick",),
    "pdf2pic": ("ghostscript", "graphicsmagick"),
    "node-rdkafka": ("librdkafka1",),
    "simple-git": ("git",),
    "nodegit": ("git",),
}
HEADERS: dict[str, tuple[str, ...]] = {"pg-native": ("libpq-dev",), "node-rdkafka": ("librdkafka-dev", "libssl-dev")}
BROWSERS: dict[str, tuple[str, ...]] = {
    "puppeteer": ("chromium", "fonts-liberation"),
    "puppeteer-core": ("chromium", "fonts-liberation"),
    "playwright": (),
    "playwright-core": (),
}
"""Packages that drive a browser -> Debian's, where they can be told to use it."""


WEBPACK_4: dict[str, int] = {
    "webpack": 5,
    "react-scripts": 5,
    "@vue/cli-service": 5,
    "nuxt": 3,
    "gatsby": 4,
    "next": 11,
    "vuepress": 2,
    "preact-cli": 4,
    "umi": 4,
    "gridsome": 1,
    "@angular-devkit/build-angular": 12,
}
"""Package -> the first major version without webpack 4, which hashes by MD4 (webpack/webpack #14532)."""


def bundler_of_old(app: App) -> str | None:
    """The package that bundles by webpack 4."""
    for package, since in WEBPACK_4.items():
        found = re.match(r"[\^~>=v\s]*(\d+)", app.manifest.version(package))
        if found and int(found[1]) < since:
            return package
    return None


def find(app: App) -> None:
    """Adds Debian packages to the findings, and a warning where they make the image large."""
    findings = app.project.findings
    for package, libraries in LIBRARIES.items():
        if app.depends(package):
            findings.system_packages.update(libraries)
    for package, headers in HEADERS.items():
        if app.manifest.requires(package):
            findings.build_packages.update(headers)
    if app.depends(*COMPILED):
        findings.build_packages.update(COMPILER)
    if browser := app.manifest.requires(*BROWSERS):
        findings.system_packages.update(BROWSERS[browser])
        findings.details["browser"] = browser.removesuffix("-core")
        findings.warn(
            "browser_in_image",
            f"{browser} drives a browser, which adds hundreds of megabytes to the image",
            app.manifest.dependency_evidence(browser),
            remedy="keep the browser in a service of its own, or use a remote one",
        )
