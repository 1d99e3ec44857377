"""How Ruby services start, where they listen, and what belongs to them."""

from __future__ import annotations

import pytest

from tests.unit.analyzer.ruby_service import CLASSIC, CONFIG_RU, JEKYLL, LOCK, PUMA, RAILS, service

STARTS: dict[str, tuple[dict[str, str], str, str | None, tuple[str, ...]]] = {
    "rails": (
        {"Gemfile": RAILS, "config/puma.rb": PUMA},
        "rails-server",
        None,
        ("bundle", "exec", "rails", "server", "-b", "0.0.0.0", "-p", "3000"),
    ),
    "rails by its command alone": (
        {"Gemfile": "gem 'sinatra'", "bin/rails": "#!/usr/bin/env ruby\n"},
        "rails-server",
        None,
        ("bin/rails", "server", "-b", "0.0.0.0", "-p", "3000"),
    ),
    "puma with its configuration": (
        {
            "Gemfile": "gem 'sinatra'\ngem 'puma'",
            "config.ru": CONFIG_RU,
            "config/puma.rb": "port ENV['PORT'] || 4567\n",
        },
        "puma",
        None,
        ("bundle", "exec", "puma", "-C", "config/puma.rb"),
    ),
    "puma whose configuration names no port": (
        {"Gemfile": "gem 'puma'", "config.ru": CONFIG_RU, "config/puma.rb": "workers 2\n"},
        "puma",
        None,
        ("bundle", "exec", "puma", "-C", "config/puma.rb", "-b", "tcp://0.0.0.0:9292"),
    ),
    "puma where rack has no rackup": (
        {"Gemfile": "gem 'puma'\ngem 'rack', '~> 3.0'", "config.ru": CONFIG_RU},
        "puma",
        None,
        ("bundle", "exec", "puma", "-b", "tcp://0.0.0.0:9292"),
    ),
    "rackup of an older rack": (
        {"Gemfile": "gem 'puma'\ngem 'rack'", "Gemfile.lock": LOCK, "config.ru": CONFIG_RU},
        "rackup",
        None,
        ("bundle", "exec", "rackup", "config.ru", "-o", "0.0.0.0", "-p", "9292"),
    ),
    "rackup without puma": (
        {"Gemfile": "gem 'sinatra'\ngem 'webrick'", "config.ru": CONFIG_RU},
        "rackup",
        None,
        ("bundle", "exec", "rackup", "config.ru", "-o", "0.0.0.0", "-p", "9292"),
    ),
    "another server of the Gemfile": (
        {"Gemfile": "gem 'unicorn'", "config.ru": CONFIG_RU},
        "other",
        None,
        ("bundle", "exec", "unicorn", "-l", "0.0.0.0:8080"),
    ),
    "another server with its configuration": (
        {"Gemfile": "gem 'unicorn'", "config.ru": CONFIG_RU, "config/unicorn.rb": "worker_processes 2\n"},
        "other",
        None,
        ("bundle", "exec", "unicorn", "-l", "0.0.0.0:8080", "-c", "config/unicorn.rb"),
    ),
    "a classic sinatra script": (
        {"Gemfile": "gem 'sinatra'", "app.rb": CLASSIC, "helpers.rb": ""},
        "ruby-file",
        "app.rb",
        ("bundle", "exec", "ruby", "app.rb"),
    ),
    "a script that serves wins over a usual name": (
        {"Gemfile": "gem 'sinatra'", "main.rb": "puts 1\n", "site.rb": CLASSIC},
        "ruby-file",
        "site.rb",
        ("bundle", "exec", "ruby", "site.rb"),
    ),
    "the only script": ({"hello.rb": "puts 1\n"}, "ruby-file", "hello.rb", ("ruby", "hello.rb")),
    "a default task": (
        {"Gemfile": "gem 'rake'", "Rakefile": "task default: [:run]\n"},
        "other",
        None,
        ("bundle", "exec", "rake"),
    ),
    "consumers of karafka": (
        {"Gemfile": "gem 'karafka'", "karafka.rb": "", "lib/a.rb": ""},
        "ruby-file",
        "karafka.rb",
        ("bundle", "exec", "ruby", "karafka.rb"),
    ),
    "a generated site": (JEKYLL, "static", None, ("nginx", "-e", "stderr")),
}


@pytest.mark.parametrize("name", STARTS)
def test_how_it_starts(name: str) -> None:
    files, kind, target, argv = STARTS[name]
    found = service(files)
    start = found.value("start")
    assert found.value("language") == "ruby"
    assert (start.kind, start.target, start.argv) == (kind, target, argv)


def test_several_scripts_are_offered_and_none_is_chosen() -> None:
    found = service({"Gemfile": "gem 'x'\n", "one.rb": "puts 1", "two.rb": "puts 2"})
    assert found.value("start") is None
    assert found.fields["start"].missing
    assert {other.value.target for other in found.fields["start"].others} == {"one.rb", "two.rb"}


KINDS = {
    "web": {"Gemfile": RAILS},
    "static": JEKYLL,
    "library": {"x.gemspec": "Gem::Specification.new\n", "Gemfile": "gemspec\n", "lib/x.rb": ""},
    "worker": {"Gemfile": "gem 'discordrb'", "bot.rb": "require 'discordrb'\nDiscordrb::Bot.new.run\n"},
    "command": {"Gemfile": "", "main.rb": "puts 1\n"},
    "function": {"Gemfile": "gem 'functions_framework'", "app.rb": "FunctionsFramework.http { 'x' }\n"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_kind_of_program_it_is(kind: str) -> None:
    assert service(KINDS[kind]).value("kind") == kind


NOT_RUBY = {
    "tools of a Node project": {
        "Gemfile": "gem 'fastlane'\ngem 'cocoapods'",
        "package.json": '{"scripts": {"start": "node index.js"}}',
        "index.js": "require('http').createServer().listen(3000)\n",
    },
    "a stray script": {"requirements.txt": "flask\n", "tool.rb": "puts 1", "Rakefile": "task default: []"},
    "tools alone": {"Gemfile": "gem 'fastlane'\n"},
    "several stray scripts": {"a.rb": "", "b.rb": ""},
}


@pytest.mark.parametrize("name", NOT_RUBY)
def test_ruby_beside_something_else_is_not_the_language(name: str) -> None:
    assert service(NOT_RUBY[name]).value("language") != "ruby"


PORTS = [
    ("config/puma.rb", "port ENV.fetch('PORT', 8080)\n", 8080),
    ("config/puma.rb", 'bind "tcp://0.0.0.0:7000"\n', 7000),
    ("config/puma.rb", "workers ENV.fetch('WEB_CONCURRENCY', 4000)\n", 9292),
    ("config.ru", "#\\ -p 8765\nrun App\n", 8765),
    ("app.rb", "set :port, 5000\n", 5000),
    ("app.rb", "set :port, ENV['PORT'] || 5001\n", 5001),
    ("app.rb", "set :port, 99999\n", 9292),
]


@pytest.mark.parametrize(("path", "line", "port"), PORTS)
def test_the_port_is_read_where_servers_are_configured(path: str, line: str, port: int) -> None:
    files = {"Gemfile": "gem 'puma'\ngem 'sinatra'", "config.ru": CONFIG_RU, "app.rb": CLASSIC} | {path: line}
    assert service(files).value("port") == port


def test_a_server_without_a_known_port_says_what_to_add() -> None:
    found = service({"Gemfile": "", "server.rb": "require 'webrick'\nWEBrick::HTTPServer.new(options).start\n"})
    assert found.value("port") is None
    assert "port" in found.fields["port"].missing


def test_listening_on_the_loopback_address_is_a_warning() -> None:
    found = service({"Gemfile": "gem 'sinatra'", "app.rb": "require 'sinatra'\nset :bind, 'localhost'\n"})
    assert "binds_loopback" in {warning.code for warning in found.warnings}


HEALTH = [
    ('  get "up" => "rails/health#show", as: :rails_health_check\n  root "x#y"\n', "/up"),
    ('  namespace :api do\n    get "health", to: "x#y"\n  end\n  root "x#y"\n', "/"),
    ('  # get "up" => "rails/health#show"\n', None),
]


@pytest.mark.parametrize(("routes", "path"), HEALTH)
def test_the_health_path_is_one_that_is_routed(routes: str, path: str | None) -> None:
    files = {"Gemfile": RAILS, "config/routes.rb": f"Rails.application.routes.draw do\n{routes}end\n"}
    assert service(files).value("health_path") == path


def test_rails_brings_its_processes_variables_and_assets() -> None:
    found = service(
        {
            "Gemfile": RAILS + 'gem "sidekiq"\ngem "whenever"\ngem "clockwork"\ngem "propshaft"\n',
            "config/schedule.rb": "every 1.day, at: '4:30 am' do\n  runner 'Report.send'\nend\n",
            "clock.rb": "",
            "db/migrate/1_x.rb": "",
            "config/credentials.yml.enc": "x",
            "app/assets/app.css": "",
        }
    )
    processes = {process.name: process for process in found.processes}
    assert processes["worker"].command == "bundle exec sidekiq"
    assert processes["clock"].command == "bundle exec clockwork clock.rb"
    assert processes["release"].command == "bundle exec rails db:migrate"
    assert processes["schedule-1"].schedule == "1.day, at: '4:30 am'"
    assert processes["schedule-1"].command == 'bundle exec rails runner "Report.send"'
    assert "RAILS_MASTER_KEY" in {variable.name for variable in found.variables}
    assert found.value("build_command") == "bundle exec rails assets:precompile"
    assert "libpq5" in found.system_packages
    assert "libpq-dev" in found.build_packages


def test_a_site_beside_a_program_of_another_language_needs_pages() -> None:
    program = {"requirements.txt": "flask\n", "app.py": "import flask\napp = flask.Flask('x')\n"}
    styled = {"Gemfile": "gem 'github-pages'\n", "_config.yml": "theme: x\n"}
    assert service(program | styled).value("language") == "python"
    assert service(styled | {"package.json": "{}", "_posts/x.md": ""}).value("framework") == "jekyll"
