"""What the other readers of a Ruby service share: its manifest, its lock, and its source files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from analyzer.languages.ruby import gemfile, lockfile
from analyzer.model import Evidence
from analyzer.project import Project

ENTRIES = ("app.rb", "main.rb", "server.rb", "web.rb", "application.rb", "index.rb", "myapp.rb", "run.rb", "start.rb")
NOT_ENTRIES = frozenset({"config.rb", "gems.rb", "setup.rb", "extconf.rb", "spec_helper.rb", "test_helper.rb"})
SCRIPTS = 40
"""Files in the root that are looked into."""


@dataclass(frozen=True)
class App:
    """A Ruby service that is being read."""

    project: Project
    declared: gemfile.Declared | None
    lock: lockfile.Lock | None

    def gem(self, *names: str) -> Evidence | None:
        """Where the first of these gems is declared for production."""
        found = self.declared.has(*names) if self.declared else None
        return found.evidence if found else None

    def bundled(self, name: str) -> bool:
        """Whether the bundle holds a gem, declared or drawn in by another."""
        return bool(self.gem(name)) or bool(self.lock and name in self.lock.gems)

    def major(self, gem: str) -> int | None:
        """The major version of a gem, from the lock or its first requirement."""
        if self.lock and (major := self.lock.major(gem)) is not None:
            return major
        found = self.declared.gems.get(gem) if self.declared else None
        numbers = re.search(r"\d+", found.requirements[0]) if found and found.requirements else None
        return int(numbers[0]) if numbers else None

    @cached_property
    def scripts(self) -> tuple[str, ...]:
        """Ruby files in the root that might be what is started, usual names first."""
        files = [
            path
            for path in self.project.view.top()
            if path.endswith(".rb") and path not in NOT_ENTRIES and not re.search(r"_(?:test|spec)\.rb$|^test_", path)
        ]
        usual = [path for path in ENTRIES if path in files]
        return tuple(dict.fromkeys([*usual, *files]))[:SCRIPTS]

    @cached_property
    def is_rails(self) -> bool:
        """Whether it is a Rails application: its gem, its command, or its application class."""
        view = self.project.view
        application = view.text("config/application.rb") or ""
        return bool(self.gem("rails", "railties")) or view.has("bin/rails") or "Rails::Application" in application

    @property
    def exec(self) -> tuple[str, ...]:
        """What goes before a command so that it runs with the bundle."""
        return ("bundle", "exec") if self.declared else ()


def of(project: Project) -> App:
    """The service as it lies there."""
    declared = gemfile.read(project.view)
    return App(project, declared, lockfile.read(project.view, declared.path if declared else None))
