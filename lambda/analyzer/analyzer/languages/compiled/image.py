"""The image of a compiled program: what the build leaves in /image, on an empty base where that is enough."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from analyzer.model import Service, Start
from analyzer.render.recipe import UID, Command, Copy, Env, Expose, Run, Stage, Step, Workdir

DEBIAN = "debian:bookworm-slim"
WITHOUT_TIMES = "find /image -exec touch --no-dereference --date=@0 {} +"
"""Without the time of the build, whoever builds it gets the same layer, which then is pushed and pulled once."""
FOUNDATION = (
    "install -d /image/app /image/etc/ssl/certs && install -d -m 1777 /image/tmp",
    "if [ -s {0} ]; then cp {0} /image{0}; fi".format("/etc/ssl/certs/ca-certificates.crt"),
)
"""What programs expect of a system that has nothing else: a place for temporary files, known authorities."""
USER = f"echo 'app:x:{UID}:{UID}:app:/app:/sbin/nologin' > /image/etc/passwd"
"""For programs that ask who they run as; only where the base has no file of users."""
WRAPPERS = ("exec", "env", "nice")


def apt(packages: Sequence[str]) -> tuple[Step, ...]:
    """Debian packages, as one layer that keeps no lists."""
    if not packages:
        return ()
    install = "apt-get install -y --no-install-recommends " + " ".join(packages)
    return (Run(("apt-get update -q", install, "rm -rf /var/lib/apt/lists/*"), downloads=True),)


def binary_place(start: Start, name: str) -> str:
    """Where the program must be for the start command to find it: an absolute path."""
    word = program(start)
    if start.kind == "shell-script" or word.endswith(".sh"):
        return f"/app/bin/{name}"
    if "/" not in word:
        return f"/app/bin/{word if start.kind == 'binary' or word == name else name}"
    return word if word.startswith("/") else "/app/" + word.removeprefix("./")


def program(start: Start) -> str:
    """The word of the command that names what is run."""
    line = start.argv[2] if needs_shell(start) and len(start.argv) > 2 else ""
    words = _split(line) if line else list(start.argv)
    for word in words:
        if word not in WRAPPERS and ("=" not in word or "/" in word.partition("=")[0]):
            return word
    return ""


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def needs_shell(start: Start) -> bool:
    """Whether the image must have a shell."""
    return start.argv[:1] in (("sh",), ("bash",), ("/bin/sh",))


def variables(service: Service, *more: tuple[str, str]) -> tuple[Step, ...]:
    """The image's variables, with the port that was decided."""
    port = service.value("port")
    names = dict.fromkeys(("PORT", str(service.details.get("port_variable") or "PORT")))
    ported = [(name, str(port)) for name in names] if port else []
    found = (*more, *ported)
    return (Env(found),) if found else ()


def final(
    service: Service, start: Start, *, base: str, env: tuple[tuple[str, str], ...] = (), assets: Sequence[str] = ()
) -> Stage:
    """The stage that runs: the build's /image, folders that are read at run time, port and command."""
    port = service.value("port")
    steps: list[Step] = [*apt(service.system_packages)] if base != "scratch" else []
    found = () if "/" in program(start) and start.kind != "shell-script" else (("PATH", "/app/bin:$PATH"),)
    steps += [Copy(("/image",), "/", stage="build"), Workdir("/app"), *variables(service, *found, *env)]
    steps += [Copy((asset,), f"/app/{_below(asset, service)}") for asset in assets]
    steps += [Expose(int(port))] if port else []
    return Stage(base, (*steps, Command(start.argv)))


def _below(asset: str, service: Service) -> str:
    """An asset of the build context, as seen from the folder that the program is started in."""
    details = service.details
    parts = [str(details.get(name) or ".") for name in ("folder", "base")]
    folder = "/".join(part for part in parts if part != ".")
    return asset.removeprefix(folder + "/") if folder else asset


def bare_or_debian(service: Service, start: Start) -> str:
    """The base of a program that needs no library: empty, unless its command needs a shell or packages."""
    return DEBIAN if needs_shell(start) or service.system_packages or start.kind == "shell-script" else "scratch"
