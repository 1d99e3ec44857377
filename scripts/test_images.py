"""`./poe test-images`: build, run and ask the image that is generated for every example application."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts import command
from scripts.analysis.trial import Bench, Trial
from scripts.engine.errors import BadInput
from scripts.engine.shell import Shell
from scripts.session import ROOT

AT_ONCE = 3
"""Builds wait for the network as much as for processors."""
LONG = ("rust", "java", "go", "node-next", "python-streamlit")
"""What compiles a lot, or downloads a lot, begins first: nothing waits for it at the end. Beginnings of names."""
APPS = ROOT / "examples" / "apps"
HADOLINT = ("hadolint", "--failure-threshold", "warning", "--ignore", "DL3008", "--ignore", "DL3059")
"""Versions of Debian packages are those of the base image's release; one layer a command is what makes caches work."""


def test_images_verb() -> int:
    """Try each, print a table; 1 when one that could be tried here fails."""
    parser = command.Parser(prog="./poe test-images", description=__doc__, allow_abbrev=False)
    parser.add_argument("apps", nargs="*", metavar="APP", help="folders of examples/apps (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something fails")
    arguments = parser.parse_args()
    trials = _trials(_chosen(arguments.apps))
    if arguments.json:
        print(json.dumps([vars(trial) for trial in trials]))
    else:
        _print(trials)
    return 0 if all(trial.is_right for trial in trials) else 1


def _chosen(names: Sequence[str]) -> list[Path]:
    known = sorted(path for path in APPS.iterdir() if path.is_dir())
    for name in names:
        if name not in [path.name for path in known]:
            raise BadInput(f"there is no example {name!r}", where="APP", remedy=", ".join(path.name for path in known))
    chosen = [path for path in known if not names or path.name in names]
    return sorted(chosen, key=lambda path: not path.name.startswith(LONG))


def _trials(apps: Sequence[Path]) -> list[Trial]:
    from scripts.local import docker_engine, engine_setup

    shell = Shell()
    command.obey_signals(shell)
    with tempfile.TemporaryDirectory(prefix="slipway-images-") as scratch:
        engine_setup.ensure(Path(scratch), lambda line: print(line, flush=True))
        bench = Bench(docker_engine.find_builder(), shell, Path(scratch), lambda line: print(line, flush=True))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="trial") as pool:
            return list(pool.map(lambda app: _tried(bench, app), apps))


def _tried(bench: Bench, app: Path) -> Trial:
    """One trial, its row printed as soon as it is over."""
    trial = bench.run(app)
    _lint(trial, bench.scratch / app.name)
    print(_row(trial), flush=True)
    return trial


def _lint(trial: Trial, folder: Path) -> None:
    for path in sorted(folder.rglob("Dockerfile")):
        done = subprocess.run([*HADOLINT, str(path)], capture_output=True, text=True, check=False)
        if done.returncode:
            trial.builds = "lint"
            trial.evidence += done.stdout.splitlines()


def _print(trials: Sequence[Trial]) -> None:
    trials = sorted(trials, key=lambda trial: trial.app)
    print(f"\n{'example':<24}{'what':<20}{'builds':<14}{'answers':<24}{'MB':>6}{'cold s':>8}{'warm s':>8}")
    for trial in trials:
        print(_row(trial))
    for trial in trials:
        if not trial.is_right:
            print("\n".join([f"\n{trial.app}:", *(f"  {line}" for line in trial.evidence)]))


def _row(trial: Trial) -> str:
    figures = f"{trial.size / 1e6:>6.0f}{trial.cold:>8.1f}{trial.warm:>8.1f}" if trial.size else ""
    return f"{trial.app:<24}{trial.what:<20}{trial.builds:<14}{trial.answers:<24}{figures}".rstrip()


def main() -> None:
    """Entry point."""
    command.run(test_images_verb)


if __name__ == "__main__":
    main()
