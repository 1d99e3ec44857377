"""What a language's module or an intent reader is given: the service's files, the tree around it, parsed manifests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from analyzer import manifests
from analyzer.findings import Findings
from analyzer.source.view import SourceView

Parsed = TypeVar("Parsed")


class Project:
    """One service of a tree, read-only. Manifests are parsed once; a malformed one is a warning and reads as None."""

    def __init__(self, whole: SourceView, root: str, findings: Findings) -> None:
        self.whole = whole
        """The whole tree: lock files and version pins of a workspace are above the service's root."""
        self.view = whole.sub(root)
        self.root = root
        self.findings = findings
        self._parsed: dict[tuple[str, str], Any] = {}

    def json(self, path: str) -> dict[str, Any] | None:
        """A JSON object; comments and trailing commas are read over."""
        return self._parse("JSON", path, manifests.json_object)

    def toml(self, path: str) -> dict[str, Any] | None:
        """A TOML document."""
        return self._parse("TOML", path, manifests.toml)

    def yaml(self, path: str) -> dict[str, Any] | None:
        """The first document of a YAML file, a mapping; tags are not followed."""
        return self._parse("YAML", path, manifests.yaml_mapping)

    def xml(self, path: str) -> Any:
        """The root element (`xml.etree.ElementTree.Element`) of an XML file; entities are not followed."""
        return self._parse("XML", path, manifests.xml)

    def ini(self, path: str) -> dict[str, dict[str, str]] | None:
        """Sections of an INI file such as setup.cfg."""
        return self._parse("INI", path, manifests.ini)

    def _parse(self, format: str, path: str, parse: Callable[[str], Parsed]) -> Parsed | None:  # noqa: A002 - the word for it
        key = (format, path)
        if key not in self._parsed:
            self._parsed[key] = self._parse_anew(format, path, parse)
        found: Parsed | None = self._parsed[key]
        return found

    def _parse_anew(self, format: str, path: str, parse: Callable[[str], Parsed]) -> Parsed | None:  # noqa: A002
        text = self.view.text(path)
        if text is None:
            return None
        try:
            return parse(text)
        except manifests.Malformed as error:
            where = self.view.evidence(path, error.line)
            self.findings.warn(
                "malformed_manifest",
                f"{where.path} is not valid {format}: {error}",
                where,
                remedy="mend the file: until then it is as if it were not there",
            )
            return None
