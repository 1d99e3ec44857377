"""Debian packages of gems with native parts: what compiling them needs, and what they load when they run."""

from __future__ import annotations

from analyzer.languages.ruby.app import App

COMPILER = ("build-essential", "git", "libyaml-dev", "pkg-config")
"""Of every bundle: gems compile, some come from git, and psych, which most draw in, reads YAML with libyaml."""

NATIVE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pg": (("libpq-dev",), ("libpq5",)),
    "mysql2": (("default-libmysqlclient-dev",), ("libmariadb3",)),
    "trilogy": (("libssl-dev",), ()),
    "sqlite3": (("libsqlite3-dev",), ("libsqlite3-0",)),
    "tiny_tds": (("freetds-dev",), ("libsybdb5",)),
    "nokogiri": (("libxml2-dev", "libxslt1-dev", "zlib1g-dev"), ()),
    "psych": (("libyaml-dev",), ()),
    "ffi": (("libffi-dev",), ()),
    "openssl": (("libssl-dev",), ()),
    "ruby-vips": ((), ("libvips42",)),
    "mini_magick": ((), ("imagemagick",)),
    "kt-paperclip": ((), ("imagemagick",)),
    "paperclip": ((), ("imagemagick",)),
    "rmagick": (("libmagickwand-dev",), ("libmagickwand-6.q16-6",)),
    "charlock_holmes": (("libicu-dev", "zlib1g-dev"), ("libicu72",)),
    "rugged": (("cmake", "libssl-dev"), ()),
    "curb": (("libcurl4-openssl-dev",), ("libcurl4",)),
    "ethon": ((), ("libcurl4",)),
    "mimemagic": (("shared-mime-info",), ("shared-mime-info",)),
    "idn-ruby": (("libidn-dev",), ("libidn12",)),
    "snappy": (("cmake", "libsnappy-dev"), ("libsnappy1v5",)),
    "rgeo": (("libgeos-dev", "libproj-dev"), ("libgeos-c1v5", "libproj25")),
    "gpgme": (("libgpgme-dev",), ("libgpgme11",)),
    "streamio-ffmpeg": ((), ("ffmpeg",)),
    "ferrum": ((), ("chromium",)),
    "grover": ((), ("chromium",)),
    "rdkafka": (("libsasl2-dev", "libssl-dev", "zlib1g-dev"), ("libsasl2-2",)),
    "zookeeper": (("autoconf", "automake"), ()),
}


def add(app: App) -> None:
    """Add the packages of the bundle."""
    findings = app.project.findings
    if app.declared is None:
        return
    findings.build_packages.update(COMPILER)
    for gem, (building, running) in NATIVE.items():
        if app.bundled(gem):
            findings.build_packages.update(building)
            findings.system_packages.update(running)
    if app.gem("execjs"):
        findings.system_packages.add("nodejs")
