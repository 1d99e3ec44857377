"""`./poe authorize`: allow or deny, and by which policy; asks nobody but the policies of the working tree."""

from __future__ import annotations

import argparse
import base64
import binascii
import ipaddress
import json
from pathlib import Path
from typing import Any

from scripts import command
from scripts.engine.errors import BadInput
from scripts.engine.policies.bundle import FOLDER, variables
from scripts.engine.policies.oracle import Oracle, Request
from scripts.engine.policies.paths import NORMAL
from scripts.engine.policies.schema import read_schema
from scripts.engine.policies.source import read_policies
from scripts.session import settings_for

DENIED = 3


def authorize_verb() -> int:
    """Decide and say why; exit code 0 allowed, 3 denied."""
    parser = command.parser(
        "authorize",
        "Say whether the policies of the working tree allow a request, and which one decides.",
        as_json=True,
    )
    parser.add_argument("method", metavar="METHOD", help="such as GET")
    parser.add_argument("path", metavar="PATH", help="such as /orders/7")
    parser.add_argument(
        "--as", dest="who", metavar="TOKEN|CLAIMS", help="a token, its claims as JSON, or @FILE with one of them"
    )
    parser.add_argument("--host", default="", help="the host that is asked")
    parser.add_argument("--ip", default="127.0.0.1", help="the client's address (default: 127.0.0.1)")
    parser.add_argument(
        "--header", metavar="NAME: VALUE", action="append", default=[], help="a header; may be repeated"
    )
    arguments = parser.parse_args()
    settings = settings_for(arguments.target)
    policies = read_policies(settings.root / FOLDER, variables(settings))
    decision = Oracle(policies, read_schema(policies.schema)).decide(_request(arguments))
    word = "allowed" if decision.allowed else "denied"
    if arguments.json:
        print(json.dumps({"decision": word, "policies": list(decision.reasons)}))
    else:
        print(f"{word}: " + (", ".join(decision.reasons) or "no policy permits it"))
    return 0 if decision.allowed else DENIED


def _request(arguments: argparse.Namespace) -> Request:
    path = arguments.path.partition("?")[0]
    if not NORMAL.fullmatch(path.rstrip("/") or "/"):
        raise BadInput(f"{path!r} is not a path as the gateway sees it", where="PATH", remedy="such as /orders/7")
    headers = dict(_header(text) for text in arguments.header)
    return Request(arguments.method, path, _claims(arguments.who), arguments.host, _address(arguments.ip), headers)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise BadInput(f"{text!r} is no address", where="--ip", remedy="such as 10.1.2.3") from None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise BadInput(f"{text!r} is no header", where="--header", remedy='such as "x-api-version: 2"')
    return name.strip().lower(), value.strip()


def _claims(who: str | None) -> dict[str, Any] | None:
    """The payload of a token, whose signature is not checked here, or the claims themselves."""
    if who is None:
        return None
    if who.startswith("@"):
        try:
            who = Path(who[1:]).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise BadInput(f"{who[1:]} cannot be read", where="--as", remedy="name a file with a token") from None
    parts = who.split(".")
    try:
        if len(parts) == 3 and not who.lstrip().startswith("{"):
            who = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)).decode("utf-8")
        found = json.loads(who)
    except (ValueError, binascii.Error):
        found = None
    if not isinstance(found, dict):
        remedy = """such as --as '{"sub": "ann", "roles": ["reader"]}'"""
        raise BadInput("neither a token nor claims", where="--as", remedy=remedy)
    return found


def main() -> None:
    """Entry point."""
    command.run(authorize_verb)


if __name__ == "__main__":
    main()
