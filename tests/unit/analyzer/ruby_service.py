"""A Ruby service in memory: what its tests share."""

from __future__ import annotations

from analyzer import languages
from analyzer.analyze import analyze
from analyzer.model import Service
from analyzer.render.dockerfile import dockerfile
from analyzer.source.view import of_memory

RAILS = 'source "https://gems.example"\nruby "3.3.4"\ngem "rails", "~> 7.1"\ngem "pg"\ngem "puma"\n'
LOCK = """GEM
  remote: https://gems.example/
  specs:
    nokogiri (1.16.2-x86_64-linux)
      racc (~> 1.4)
    puma (6.4.2)
    rack (2.2.8)
    rails (7.1.3)

PLATFORMS
  x86_64-linux

DEPENDENCIES
  puma
  rails (~> 7.1)

RUBY VERSION
   ruby 3.2.2p53

BUNDLED WITH
   2.5.6
"""
CONFIG_RU = "require './app'\nrun Sinatra::Application\n"
CLASSIC = "require 'sinatra'\nget '/health' do\n  'ok'\nend\n"
PUMA = 'port ENV.fetch("PORT") { 3000 }\n'
JEKYLL = {"Gemfile": 'gem "jekyll", "~> 4.3"\n', "_config.yml": "title: Blog\n", "index.md": "# hello\n"}


def service(files: dict[str, str]) -> Service:
    return analyze(of_memory(dict(files))).services[0]


def image(files: dict[str, str]) -> str:
    found = service(files)
    recipe = languages.load("ruby").recipe(found)
    assert recipe
    return dockerfile(recipe, title="app")
