"""`./poe load-policies`: store the policies as a new version that nobody enforces yet."""

from __future__ import annotations

import json

from scripts import command
from scripts.engine.ledger import actor
from scripts.engine.policies.bundle import Bundle, compile_folder
from scripts.engine.policies.explaining import differences, policies_of
from scripts.engine.policies.store import PolicyStore
from scripts.engine.policies.validation import validate
from scripts.engine.shell import Shell
from scripts.engine.state import check_account
from scripts.session import look_at, settings_for


def load_verb() -> int:
    """Check, compare with what is live, upload."""
    parser = command.parser(
        "load-policies",
        "Check the policies, show how they differ from what is live, and store them as a new version. Nothing is "
        "enforced until ./poe compile-policies makes it live.",
        as_json=True,
    )
    parser.add_argument("--dry-run", action="store_true", help="check and compare; store nothing")
    parser.add_argument(
        "--prune", action="store_true", help="remove old versions, never the live one or the one before"
    )
    arguments = parser.parse_args()
    bundle = compile_folder(settings_for(arguments.target))
    shell = Shell()
    command.obey_signals(shell)
    validate(shell, bundle)
    world = look_at(arguments.target)
    check_account(world.aws, world.settings)
    store = PolicyStore(world.aws, world.settings)
    live = store.live()
    before = _texts(store.read(live.version)) if live else {}
    found = differences(before, _texts(bundle))
    stored = not arguments.dry_run and store.upload(bundle, actor())
    pruned = store.prune(live) if arguments.prune and not arguments.dry_run else []
    facts = {"version": bundle.version, "live": live.version if live else None, "stored": stored, "pruned": pruned}
    if arguments.json:
        print(json.dumps({"event": "policies", **facts, **found}))
        return 0
    for what, names in found.items():
        for name in names:
            print(f"  {what:<8} {name}")
    state = "would be stored" if arguments.dry_run else "stored" if stored else "is stored already"
    print(
        f"{bundle.version}: {state}; live is {facts['live'] or 'none'}" + (f"; {len(pruned)} removed" if pruned else "")
    )
    return 0


def _texts(bundle: Bundle) -> dict[str, str]:
    return {policy.id: policy.text for policy in policies_of(bundle).policies}


def main() -> None:
    """Entry point."""
    command.run(load_verb)


if __name__ == "__main__":
    main()
