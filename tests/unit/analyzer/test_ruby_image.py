"""The images that are written for Ruby services."""

from __future__ import annotations

from analyzer import languages
from tests.unit.analyzer.ruby_service import JEKYLL, LOCK, RAILS, image, service


def test_a_rails_image_compiles_its_assets_without_a_secret() -> None:
    files = {
        "Gemfile": RAILS + 'gem "jsbundling-rails"\ngem "bootsnap", require: false\n',
        "Gemfile.lock": LOCK,
        "app/javascript/application.js": "",
        "package.json": '{"scripts": {"build": "esbuild"}, "engines": {"node": "20"}}',
        "package-lock.json": "{}",
    }
    text = image(files)
    assert "FROM ruby:3.3.4-slim-bookworm AS base\n" in text
    assert "FROM node:20-bookworm-slim AS node\n" in text
    assert "COPY Gemfile Gemfile.lock ./\n" in text
    assert text.index("bundle install") < text.index("COPY . .") < text.index("assets:precompile")
    assert "SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile" in text
    assert "npm ci" in text
    assert "BUNDLE_DEPLOYMENT=1" in text
    assert 'CMD ["bundle", "exec", "rails", "server", "-b", "0.0.0.0", "-p", "3000"]' in text


def test_images_of_old_rubies_are_on_the_debian_that_they_were_published_on() -> None:
    assert "FROM ruby:3.1.2-slim-bullseye" in image({"Gemfile": 'ruby "3.1.2"\n', "app.rb": "puts 1"})
    assert "FROM ruby:2.6.6-slim-buster" in image({"Gemfile": 'ruby "2.6.6"\n', "app.rb": "puts 1"})


def test_a_generated_site_is_served_as_files() -> None:
    text = image(JEKYLL)
    assert "bundle exec jekyll build" in text
    assert "COPY --from=build /app/_site /srv" in text


def test_gems_of_the_tree_are_there_before_the_bundle_is_installed() -> None:
    text = image({"Gemfile": 'gem "x", path: "libs/x"\n', "libs/x/x.gemspec": "", "app.rb": "puts 1"})
    assert text.index("COPY libs/x libs/x") < text.index("bundle install")


def test_jruby_gets_no_image() -> None:
    found = service({"Gemfile": 'ruby "2.6.8", engine: "jruby", engine_version: "9.3"\n', "app.rb": "puts 1"})
    assert languages.load("ruby").recipe(found) is None
    assert "other_ruby" in {warning.code for warning in found.warnings}
