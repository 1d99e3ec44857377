"""The analyzer's code as Lambda takes it: our sources, and the pure Python packages that they import.

The packages are those of the environment, which the lock file pins; without a container or an index, so that synthesis
needs neither and gives the same everywhere. What a package speeds up by compiled code is left out: it would tie the
function to one processor and one Python, and PyYAML and dulwich work without.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from pathlib import Path
from tempfile import TemporaryDirectory

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from settings import Settings, SettingsError
from settings.assets import ANALYZER, LOCK, digest, files, pinned

LEFT_OUT = {"__pycache__", "tests", "aiohttp"}
"""Folders of packages that are not needed."""
LEGAL = ("METADATA", "LICENSE", "COPYING", "NOTICE", "AUTHORS")
"""Beginnings of file names in a package's metadata that go along: copies keep their notices."""


@contextmanager
def analyzer_code(settings: Settings) -> Iterator[lambda_.Code]:
    """The asset, for a function that is made within the block: the CDK copies it then.

    Its name is the digest of what it is made of. Not the CDK's own bundling, which writes a line to the terminal.
    """
    with TemporaryDirectory(prefix="slipway-asset-") as folder:
        compose(settings.root, Path(folder))
        yield lambda_.Code.from_asset(
            folder, asset_hash=digest(settings.root, ANALYZER), asset_hash_type=cdk.AssetHashType.CUSTOM
        )


def compose(root: Path, folder: Path) -> None:
    """Copy the sources and the packages into a folder. Raises SettingsError when the environment is not as pinned."""
    for path in files(root, ANALYZER):
        _copy(root / ANALYZER.folder / path, folder / path)
    versions = pinned(root, ANALYZER)
    for name in ANALYZER.packages:
        found = _installed(name, versions.get(name))
        for file in found.files or ():
            if _is_wanted(file):
                _copy(Path(str(found.locate_file(file))), folder / file)


def _installed(name: str, version: str | None) -> Distribution:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        found = None
    if found is None or found.version != version:
        have = found.version if found else "none"
        raise SettingsError(
            f"the environment has {have} of {name}, the lock file {version or 'none'}",
            where=LOCK,
            remedy="run ./poe, which brings the environment up to date",
        )
    return found


def _is_wanted(file: PackagePath) -> bool:
    if ".." in file.parts or LEFT_OUT & set(file.parts):
        return False
    if file.parts[0].endswith(".dist-info"):
        return file.name.startswith(LEGAL)
    return file.suffix == ".py"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
