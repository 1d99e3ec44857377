"""Environment variables that the source reads: by name, whether there is a default, whether it names a credential."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.model import Variable
from analyzer.needs.sources import Source, in_comment
from analyzer.source.view import SourceView

NAME = r"([A-Z][A-Z0-9_]{1,60})"
QUOTED = rf"""["'`]{NAME}["'`]"""


@dataclass(frozen=True, slots=True)
class Reading:
    """A way in which a language reads a variable."""

    pattern: re.Pattern[str]
    """The first group is the name."""
    defaulted: re.Pattern[str] | None = None
    """Found right after the match when there is a default."""
    optional: bool = False
    """Whether this way never requires the variable."""


def _way(pattern: str, defaulted: str = "", *, optional: bool = False) -> Reading:
    return Reading(re.compile(pattern), re.compile(defaulted) if defaulted else None, optional)


COMMA = r"\s*,"
OR_ELSE = r"\s*\)?\s*(?:\|\||\?|&&|[!=]==?)"
WAYS: dict[str, tuple[Reading, ...]] = {
    "python": (
        _way(rf"environ\[\s*{QUOTED}", r"\s*\]\s*=[^=]"),
        _way(
            rf"(?:\bgetenv|environ\.get|environ\.setdefault|environ\.pop)\(\s*{QUOTED}",
            r"\s*,|\s*\)\s*(?:(?:or|is|in|and)\b|[!=]=)",
        ),
        _way(rf"\b(?:env|config)(?:\.\w+)?\(\s*{QUOTED}", COMMA),
    ),
    "javascript": (
        _way(rf"\bprocess\.env\.{NAME}\b", OR_ELSE),
        _way(rf"\bprocess\.env\[\s*{QUOTED}\s*\]", OR_ELSE),
        _way(rf"\bBun\.env\.{NAME}\b", OR_ELSE),
        _way(rf"\bimport\.meta\.env\.{NAME}\b", OR_ELSE),
        _way(rf"\bDeno\.env\.get\(\s*{QUOTED}", OR_ELSE),
        _way(rf"\benv\(\s*{QUOTED}"),
    ),
    "ruby": (
        _way(rf"\bENV\.fetch\(?\s*{QUOTED}", r"\s*,|\s*\)?\s*(?:\{|do\b)"),
        _way(rf"\bENV\[\s*{QUOTED}\s*\]", r"\s*(?:\|\||==|!=|=~|&&|&\.|\.present|\.blank|\?|\|\|=)"),
        _way(rf"\bENV\.(?:key|has_key|include|dig)\??\(\s*{QUOTED}", optional=True),
    ),
    "go": (
        _way(
            rf"\bos\.Getenv\(\s*{QUOTED}\s*\)",
            r"\s*[!=]=|[^\n]{0,200}\n(?:[^\n]{0,200}\n)?\s*(?:\}\s*else\s+)?if [^\n]{0,200}==\s*\"\"",
        ),
        _way(rf"\bos\.LookupEnv\(\s*{QUOTED}", optional=True),
        _way(rf"\b[gG]et[eE]nv\w*\(\s*{QUOTED}", COMMA),
        _way(rf"\benv:\"{NAME}(?=,required|,notEmpty)"),
        _way(rf"\b(?:env|envconfig):\"{NAME}", optional=True),
    ),
    "rust": (
        _way(rf"\benv::var(?:_os)?\(\s*{QUOTED}\s*\)", r"\s*\.\s*(?:unwrap_or|ok\(|is_ok|is_err|or_else|map_or)"),
        _way(rf"\benv\s*=\s*{QUOTED}", optional=True),
    ),
    "java": (
        _way(rf"\bSystem\.getenv\(\s*{QUOTED}\s*\)", r"\s*(?:\?:|[!=]=|\?\.)"),
        _way(rf"\bgetenv\(\)\.getOrDefault\(\s*{QUOTED}", optional=True),
        _way(rf"\bgetenv\(\)\.get\(\s*{QUOTED}", r"\s*\)\s*[!=]="),
        _way(rf"\$\{{{NAME}\}}"),
        _way(rf"\$\{{{NAME}:", optional=True),
    ),
    "php": (
        _way(rf"\bgetenv\(\s*{QUOTED}", r"\s*\)\s*(?:\?:|\?\?|[!=]=)"),
        _way(rf"\$_ENV\[\s*{QUOTED}\s*\]", r"\s*(?:\?\?|\?:|[!=]=)"),
        _way(rf"\benv\(\s*{QUOTED}", optional=True),  # Laravel: null where it is not set
    ),
    "dotnet": (_way(rf"\bGetEnvironmentVariable\(\s*{QUOTED}\s*\)", r"\s*(?:\?\?|[!=]=|\?\.|is\b)"),),
    "elixir": (
        _way(rf"\bSystem\.fetch_env!?\(\s*{QUOTED}"),
        _way(rf"\bSystem\.get_env\(\s*{QUOTED}\s*\)\s*\|\|\s*raise\b"),
        _way(rf"\bSystem\.get_env\(\s*{QUOTED}", optional=True),
    ),
    "dart": (_way(rf"\bPlatform\.environment\[\s*{QUOTED}\s*\]", r"\s*(?:\?\?|[!=]=)"),),
}
"""Language -> the ways, the stricter first: the first that matches at a place counts."""

MENTIONS = ("env", "ENV", "Env", "config(", "${")
"""One of them is in every file that reads a variable in one of these ways; most files have none."""
TAKEN_APART = re.compile(r"\}\s*=\s*process\.env\b")
TESTED = re.compile(
    r"(?:(?:&&|\|\||\?\?|\bor|\band)\s*\(?!{0,2}|\b(?:if|unless|elif|while|assert)\b\s*\(?\s*!?\s*(?:os\.)?|!|\bbool\(\s*(?:os\.)?)$"
)
NEAR = 80
"""Characters on the same line before a variable that may test it."""
PLACES = 500
"""In one file."""
FATAL = re.compile(r"(?i)fatal|panic|exit\(|errors?\.|raise|throw")

OWN = re.compile(
    r"PORT|HOST(NAME)?|PATH|HOME|PWD|USER(NAME)?|SHELL|LANG|LC_\w+|TZ|TERM|CI|TMP(DIR)?|TEMP(DIR)?|NO_COLOR|FORCE_COLOR"
    r"|(LOCAL)?APPDATA|PROGRAM(FILES|DATA)|SYSTEMROOT|WINDIR|COMSPEC|OS"
    r"|NODE_(ENV|OPTIONS|PATH|EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED)|npm_\w+|PYTHON\w+|VIRTUAL_ENV|DJANGO_SETTINGS_MODULE|WEB_CONCURRENCY"
    r"|RAILS_(ENV|MAX_THREADS|MIN_THREADS|LOG_TO_STDOUT|SERVE_STATIC_FILES)|RACK_ENV|BUNDLE_\w+|GEM_\w+|PIDFILE"
    r"|GO(PATH|ROOT|MAXPROCS|OS|ARCH)|CARGO_\w+|RUST_(LOG|BACKTRACE)|OUT_DIR|JAVA_(HOME|OPTS|TOOL_OPTIONS)"
    r"|ASPNETCORE_\w+|DOTNET_\w+|MIX_ENV|PHX_(HOST|SERVER)|RELEASE_\w+|DEV|PROD|MODE|SSR|BASE_URL|HTTPS?_PROXY|NO_PROXY"
    r"|AWS_(DEFAULT_)?REGION|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|EXECUTION_ENV|LAMBDA_\w+)"
    r"|ECS_\w+|KUBERNETES_\w+|GITHUB_\w+|VERCEL(_\w+)?|NETLIFY|DYNO|HEROKU_\w+|RAILWAY_\w+|FLY_\w+|RENDER(_\w+)?|GAE_\w+|K_SERVICE|EXPO_OS|PHP_CLI_\w+"
)
"""Variables of runtimes, platforms and the container itself: nobody has to set them for the application."""

SWITCH = re.compile(r"(?:.*_)?(?:SKIP|DISABLE|ENABLE|DEBUG|HIDE|FORCE|ALLOW|NO|USE|IS|VERBOSE)(?:_.*|D)?")
"""Names of switches, which are off where they are not set."""
CREDENTIAL = re.compile(
    r"SECRET|PASSW(OR)?D|PASSPHRASE|(^|_)PASS$|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY|_KEY$|^KEY$|_DSN$|(^|_)SALT$"
    r"|WEBHOOK_URL|(DATABASE|DB|POSTGRES|PG|MYSQL|MONGO(DB)?|REDIS|AMQP|RABBITMQ|BROKER)_UR[IL]$|MONGO(DB)?_?UR[IL]"
    r"|CONNECTION_STRING"
)
OPEN = re.compile(
    r"^(NEXT_PUBLIC|VITE|REACT_APP|NUXT_PUBLIC|PUBLIC|EXPO_PUBLIC|GATSBY|VUE_APP)_|PUBLIC_KEY|PUBLISHABLE|_KEY_ID$"
    r"|TOKEN_(URL|TTL|EXPIR\w*|LIFETIME\w*)|_(EXPIRES?(_IN)?|EXPIRY|LENGTH|ENABLED|TIMEOUT|NAME|FILE|PATH)$|MAX_TOKENS"
)
"""Names that look like a credential and are none: what a browser is given, and settings about credentials."""


def is_secret(name: str) -> bool:
    """Whether a variable of that name holds a credential (a URL with a password is one)."""
    return bool(CREDENTIAL.search(name)) and not OPEN.search(name)


def is_own(name: str) -> bool:
    """Whether the platform or the runtime sets it."""
    return bool(OWN.fullmatch(name))


def read(view: SourceView, source: Source) -> Iterator[Variable]:
    """The variables that a file reads, each once, in the order of their first place."""
    if not any(mention in source.text for mention in MENTIONS):
        return
    found: dict[str, Variable] = {}
    for start, name, required, shown in sorted(_places(source))[:PLACES]:
        if is_own(name) or (name in found and not required):
            continue
        line = source.text.count("\n", 0, start) + 1
        found[name] = Variable(name, required, is_secret(name), (view.evidence(source.path, line, shown),))
    yield from found.values()


def _places(source: Source) -> Iterator[tuple[int, str, bool, str]]:
    """Position, name, whether required, the text up to the name: a default may be a secret, and is not shown."""
    taken: set[int] = set()
    for way in WAYS.get(source.language, ()):
        for match in way.pattern.finditer(source.text):
            start = match.start(1)
            if start not in taken and not in_comment(source.text, match.start()):
                taken.add(start)
                yield match.start(), match[1], _required(way, match), match[0].strip()
    if source.language == "javascript":
        yield from _taken_apart(source.text)


def _required(way: Reading, match: re.Match[str]) -> bool:
    if way.optional or SWITCH.fullmatch(match[1]):
        return False
    text = match.string
    defaulted = way.defaulted.match(text, match.end()) if way.defaulted else None
    before = text[max(match.start() - NEAR, 0) : match.start()]
    tested = TESTED.search(before.rpartition("\n")[2])
    if not defaulted and not tested:
        return True
    follows = text[defaulted.end() if defaulted else match.end() :][:200].split("\n")
    block = tested or (defaulted and "\n" in defaulted[0])  # a block of its own, which may set a default or give up
    return bool(FATAL.search("\n".join(follows[: 3 if block else 1]).partition("}")[0]))


def _taken_apart(text: str) -> Iterator[tuple[int, str, bool, str]]:
    """`const { A, B = "b" } = process.env`."""
    for match in TAKEN_APART.finditer(text):
        start = text.rfind("{", max(match.start() - 2000, 0), match.start())
        for part in text[start + 1 : match.start()].split(",") if start >= 0 else ():
            if name := re.match(rf"\s*{NAME}\s*(?=$|[:=])", part):
                yield start, name[1], "=" not in part, f"{name[1]} of process.env"
