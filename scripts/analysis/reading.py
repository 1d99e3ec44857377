"""Reads and analyzes what a person named: here, or by the analyzer function of a target."""

from __future__ import annotations

import argparse
import os

from analyzer import document
from analyzer.analyze import Options, analyze
from analyzer.key import content_key
from analyzer.model import Analysis
from analyzer.source.access import from_environment
from analyzer.source.opening import open_source
from scripts.engine.failures import explained


def analyzed(arguments: argparse.Namespace) -> Analysis:
    """The analysis of `arguments.source`; raises SlipwayError."""
    with explained("analyze"):
        return _remotely(arguments) if arguments.remote else _here(arguments)


def _here(arguments: argparse.Namespace) -> Analysis:
    model = arguments.model if arguments.assist else None
    options = Options(service=arguments.service, assist=model)
    with open_source(arguments.source, from_environment(os.environ)) as tree:
        view = tree.view()
        analysis = analyze(view, content_key(tree, options), options)
        if model is None:
            return analysis
        from analyzer import assist
        from analyzer.assist import bedrock

        return assist.assisted(analysis, view, model=model, connect=bedrock.client)


def _remotely(arguments: argparse.Namespace) -> Analysis:
    from scripts.engine.remote_analysis import Wishes, analyze_remotely
    from scripts.session import look_at

    world = look_at(arguments.target)
    wishes = Wishes(service=arguments.service, assist=arguments.assist)
    return document.loaded(analyze_remotely(world.aws, world.settings, arguments.source, wishes))
