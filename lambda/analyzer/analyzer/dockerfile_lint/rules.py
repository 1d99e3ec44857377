"""The rules: each looks at a Dockerfile and yields lines with what is wrong there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from analyzer.dockerfile_lint.stages import File
from analyzer.intent.instructions import Instruction, exec_form
from analyzer.needs.variables import is_secret

Finding = tuple[int, str]
"""Line, message."""

UNPRIVILEGED = re.compile(r"nonroot|unprivileged|rootless|^(?:docker\.io/)?bitnami/|^cgr\.dev/chainguard/")
DROPS = re.compile(r"\b(?:gosu|su-exec|setpriv|runuser|chpst)\b")


def _root(file: File) -> Iterator[Finding]:
    stage = file.stages[-1]
    user = stage.last("USER")
    name = user.rest.partition(":")[0].strip() if user else ""
    drops = any(DROPS.search(one.rest) for one in stage.body)
    if user and name in ("root", "0"):
        yield user.line, "the application runs as root"
    elif not user and stage.base and not UNPRIVILEGED.search(stage.image) and not drops:
        image = stage.image.partition("@")[0]
        yield stage.start.line, f"the application runs as root unless {image} has another user"


ASSIGNED = re.compile(r"""(\w+)(?:=("[^"]*"|'[^']*'|\S*))?""")


def _secret(file: File) -> Iterator[Finding]:
    for stage in file.stages[-1].lineage():
        for one in stage.all("ENV", "ARG"):
            old_form = one.word == "ENV" and "=" not in one.rest.split(" ")[0]
            rows = [one.rest.partition(" ")[::2]] if old_form else ASSIGNED.findall(one.rest)
            for name, value in rows:
                empty = one.word == "ENV" and not value.strip("\"' ")
                if is_secret(name.upper()) and not empty and not name.upper().endswith("_DUMMY"):
                    yield (
                        one.line,
                        f"{one.word} {name} keeps a secret in the image, where everybody who pulls it reads it",
                    )


INSTALLS = re.compile(
    r"\b(?:pip3? install\b.{0,500}?(?:-r|--requirement)|npm (?:ci|i|install)\b(?!.{0,500}?(?:-g\b|--global))"
    r"|pnpm (?:i|install)\b|yarn(?: install\b|\s*(?:$|[&;]| --))|bun install\b|bundle install|composer install"
    r"|poetry install|pipenv (?:install|sync)|uv (?:sync|pip install\b.{0,500}?-r)|go mod download"
    r"|mvn\b.{0,500}?dependency:|mix deps\.get|dotnet restore)"
)


def _order(file: File) -> Iterator[Finding]:
    for stage in file.stages:
        copied: Instruction | None = None
        for one in stage.body:
            if one.word == "RUN" and INSTALLS.search(one.rest):
                if copied and "type=bind" not in one.rest:
                    yield copied.line, "the whole source is copied before dependencies are installed"
                break
            copied = copied or (one if _copies_all(one) else None)


def _copies_all(one: Instruction) -> bool:
    if one.word not in ("COPY", "ADD") or "--from" in one.rest:
        return False
    words = exec_form(one.rest) or [word for word in one.rest.split() if not word.startswith("--")]
    return any(word in (".", "./") for word in words[:-1])


def _add_url(file: File) -> Iterator[Finding]:
    for stage in file.stages:
        for one in stage.all("ADD"):
            if re.search(r"(?:^|[\s\"])https?://", one.rest) and "--checksum" not in one.rest:
                yield one.line, "ADD downloads a file that nothing verifies"


def _floating(file: File) -> Iterator[Finding]:
    for stage in file.stages:
        tag = stage.base.rpartition("/")[2].partition(":")[2]
        settled = stage.parent or stage.base in ("scratch", "") or "@" in stage.base or "$" in stage.base
        if not settled and tag in ("", "latest"):
            yield stage.start.line, f"{stage.base} is another image tomorrow: its version is not fixed"


def _shell_form(file: File) -> Iterator[Finding]:
    stage = file.stages[-1]
    for one in filter(None, (stage.last("ENTRYPOINT") or stage.last("CMD"),)):
        if one.rest and exec_form(one.rest) is None and not re.match(r"(?:\w+=\S+\s+)*exec\s", one.rest):
            yield one.line, f"{one.word} in shell form: a shell gets the signal to stop, and the application does not"


APT = re.compile(r"\bapt(?:-get)?\s+(?:-\S+\s+)*install\b")
CLEANED = re.compile(r"rm\s+-\w*r\w*\s+[^&;]{0,500}?/var/lib/apt|mount=type=cache[^ ]{0,500}?/var/(?:lib|cache)/apt")


def _apt_leftovers(file: File) -> Iterator[Finding]:
    for one in file.stages[-1].all("RUN"):
        if not APT.search(one.rest):
            continue
        missing = [] if "--no-install-recommends" in one.rest else ["recommended packages that nobody asked for"]
        missing += [] if CLEANED.search(one.rest) else ["the package lists"]
        if missing:
            yield one.line, f"the image keeps {' and '.join(missing)}"


def _apt_update_alone(file: File) -> Iterator[Finding]:
    for stage in file.stages:
        for one in stage.all("RUN"):
            if re.search(r"\bapt(?:-get)?\s+(?:-\S+\s+)*update\b", one.rest) and not APT.search(one.rest):
                yield (
                    one.line,
                    "apt-get update in a layer of its own: it is cached, and a later install meets old lists",
                )


PIPED = re.compile(
    r"\b(?:curl|wget)\b[^|;&]{0,500}\|\s*(?:sudo\s+)?(?:\w+=\S+\s+)*(?:ba|z|da)?sh\b|sh\s+<\(\s*(?:curl|wget)\b"
)


def _piped(file: File) -> Iterator[Finding]:
    for stage in file.stages:
        for one in stage.all("RUN"):
            if PIPED.search(one.rest):
                yield one.line, "a script from the network is run as it comes"


def _not_ignored(file: File) -> Iterator[Finding]:
    if file.ignored:
        return
    copies = (one for stage in file.stages for one in stage.body if _copies_all(one))
    for one in list(copies)[:1]:
        yield one.line, "everything is copied, and no .dockerignore keeps .git, .env and local builds out"


def _exposed(file: File) -> Iterator[Finding]:
    from analyzer.start_command.ports import port_of

    stage = file.stages[-1]
    command, exposed = stage.last("CMD") or stage.last("ENTRYPOINT"), stage.last("EXPOSE")
    words = exec_form(command.rest) if command else None
    port = port_of(" ".join(words) if words else command.rest) if command else None
    ports = {text.partition("/")[0] for text in exposed.rest.split()} if exposed else set()
    if exposed and port and "$" not in exposed.rest and str(port) not in ports:
        yield exposed.line, f"EXPOSE says {exposed.rest}, but the command listens on {port}"


RULES: tuple[tuple[str, str, Callable[[File], Iterator[Finding]]], ...] = (
    ("dockerfile_root", "end it with USER and a fixed number, such as USER 10001", _root),
    ("dockerfile_secret", "use RUN --mount=type=secret in the build, and the service's secrets when it runs", _secret),
    ("dockerfile_order", "copy the manifest and lock file first, install, then copy the rest", _order),
    ("dockerfile_add_url", "use ADD --checksum=sha256:..., or copy a file that is in the repository", _add_url),
    ("dockerfile_floating_tag", "name a version, such as python:3.13-slim", _floating),
    ("dockerfile_shell_form", 'write it as a list, ["program", "argument"], or begin it with exec', _shell_form),
    (
        "dockerfile_apt_leftovers",
        "add --no-install-recommends, and rm -rf /var/lib/apt/lists/* in the same RUN",
        _apt_leftovers,
    ),
    ("dockerfile_apt_update", "put apt-get update && apt-get install into one RUN", _apt_update_alone),
    ("dockerfile_piped_script", "install a package of a fixed version, or verify a checksum first", _piped),
    ("dockerfile_no_ignore_file", "add a .dockerignore with at least .git and .env", _not_ignored),
    ("dockerfile_exposed_port", "let both name the same port", _exposed),
)
"""Code of the warning, what to do, the rule."""
