"""What Gemfiles, gemspecs and lock files declare, the version of Ruby, and rubbish in all of them."""

from __future__ import annotations

import time

import pytest

from analyzer.languages.ruby import gemfile, lockfile
from analyzer.source.view import of_memory
from tests.unit.analyzer.ruby_service import LOCK, RAILS, service

GEMFILE = """
source "https://gems.example"
git_source(:github) { |repo| "https://github.com/#{repo}.git" }
ruby "~> 3.2", ">= 3.2.1"   # the version
gem 'rails', '~> 7.0', '>= 7.0.4' # web
gem("pg",
    "~> 1.1",
    require: false)
gem "local", path: "./libs/local"
gem "tool", group: :development
gem "both", groups: [:test, :production]
group :development, :test do
  gem "rspec"
  if RUBY_VERSION > "3"
    gem "debug"
  end
end
path "engines" do
  gem "shop"
end
gem "last"
# gem "commented"
"""


def test_gemfiles_are_read_statement_by_statement() -> None:
    declared = gemfile.read(of_memory({"Gemfile": GEMFILE}))
    assert declared
    assert {name for name, gem in declared.gems.items() if gem.production} == {
        "rails",
        "pg",
        "local",
        "both",
        "shop",
        "last",
    }
    assert {name for name, gem in declared.gems.items() if not gem.production} == {"tool", "rspec", "debug"}
    assert declared.gems["rails"].requirements == ("~> 7.0", ">= 7.0.4")
    assert declared.gems["pg"].requirements == ("~> 1.1",)
    assert declared.gems["pg"].evidence.line == 6
    assert declared.paths() == ("engines", "libs/local")
    assert declared.ruby
    assert declared.ruby.text == "~> 3.2, >= 3.2.1"


def test_what_a_gemfile_leads_to_is_read_with_it() -> None:
    view = of_memory(
        {
            "Gemfile": 'gemspec\neval_gemfile "gemfiles/web.rb"\nruby file: ".ruby-version"\n',
            "gemfiles/web.rb": 'gem "puma"\n',
            "x.gemspec": 'Gem::Specification.new do |s|\n  s.add_dependency "rack", ">= 2"\n'
            '  s.add_development_dependency("rspec")\nend\n',
        }
    )
    declared = gemfile.read(view)
    assert declared
    assert declared.has("rack")
    assert declared.has("puma")
    assert not declared.has("rspec")
    assert declared.ruby_file == ".ruby-version"
    assert declared.files == ["gemfiles/web.rb", "x.gemspec"]


def test_a_gemfile_that_evaluates_itself_ends() -> None:
    assert gemfile.read(of_memory({"Gemfile": 'eval_gemfile "Gemfile"\ngem "rack"\n'}))


def test_locks_are_read_by_section() -> None:
    lock = lockfile.read(of_memory({"Gemfile.lock": LOCK}), "Gemfile")
    assert lock
    assert lock.gems == {"nokogiri": "1.16.2", "puma": "6.4.2", "rack": "2.2.8", "rails": "7.1.3"}
    assert (lock.platforms, lock.ruby, lock.bundler) == (["x86_64-linux"], "3.2.2", "2.5.6")


VERSIONS = [
    ({"Gemfile": 'ruby "3.2.1"\n', ".ruby-version": "3.3.0\n"}, "3.2.1"),
    ({"Gemfile": "gem 'x'", "Gemfile.lock": LOCK}, "3.2.2"),
    ({"Gemfile": "gem 'x'", "Gemfile.lock": LOCK, ".tool-versions": "ruby 3.3.0\n"}, "3.3.0"),
    (
        {"Gemfile": "gemspec\n", "x.gemspec": 'Gem::Specification.new { |s|\ns.required_ruby_version = "~> 3.1.0"\n}'},
        "3.1",
    ),
]


@pytest.mark.parametrize(("files", "version"), VERSIONS)
def test_the_version_is_what_bundler_insists_on(files: dict[str, str], version: str) -> None:
    assert service({**files, "app.rb": "puts 1"}).value("runtime_version") == version


def test_a_lock_for_another_system_is_a_warning() -> None:
    lock = LOCK.replace("x86_64-linux", "arm64-darwin-23")
    codes = {warning.code for warning in service({"Gemfile": RAILS, "Gemfile.lock": lock}).warnings}
    assert "lock_without_linux" in codes


RUBBISH = {
    "binary": "\x00\x01gem 'x'",
    "open quote": "gem 'rails\ngem \"\ngroup do\nend\nend\n",
    "no version": "ruby '$VERSION'\ngem 'rails', 7\n",
    "interpolated": 'ruby "#{File.read(\'.v\')}"\ngem "#{name}"\n',
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_read_over(name: str) -> None:
    found = service({"Gemfile": RUBBISH[name], "Gemfile.lock": RUBBISH[name], "app.rb": "puts 1", "_config.yml": "- 1"})
    assert found.value("language") == "ruby"


LONG = [" " * 30_000 + "x", "set" + " " * 30_000 + "x", "every x" + " " * 30_000 + "y", "'PORT'" + " " * 30_000]


@pytest.mark.parametrize("line", LONG)
def test_long_lines_take_no_longer_than_their_length(line: str) -> None:
    files = dict.fromkeys(("app.rb", "config.ru", "config/puma.rb", "config/schedule.rb", "Rakefile"), line)
    start = time.perf_counter()
    service({**files, "Gemfile": f"gem 'whenever'\n{line}\n", "x.gemspec": f"s.required_ruby_version ={line}"})
    assert time.perf_counter() - start < 2
