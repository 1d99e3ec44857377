"""One analysis: from the cache when it is there, computed and kept otherwise."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from analyzer import VERSION, document
from analyzer.analyze import Options, analyze
from analyzer.failure import Failure
from analyzer.key import content_key
from analyzer.source.tree import Tree
from serving import clients, trees
from serving.cache import Cache
from serving.request import Repository, Request

Found = TypeVar("Found")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
ASSIST_SECONDS = 10.0
"""Left of a request's time when the language model is asked; it takes up to eight."""


@dataclass(frozen=True, slots=True)
class Done:
    """A finished analysis."""

    key: str
    cache: str
    """ "hit", "miss", "refreshed" or "none"."""
    document: str
    """The same bytes as the command line prints with --json."""


@dataclass(frozen=True, slots=True)
class Job:
    """A request with all that it may use."""

    request: Request
    model: str | None
    """The language model that the request wants to be asked."""
    cache: Cache | None
    until: float
    """Monotonic second at which the work has to be done."""
    facts: dict[str, Any]

    @property
    def options(self) -> Options:
        """What an analysis is made with."""
        return Options(service=self.request.service, assist=self.model)


def work(request: Request, *, seconds: float, facts: dict[str, Any]) -> Done:
    """The analysis that a request asks for. Raises Failure; `facts` collects what the log tells."""
    facts["source"] = type(request.source).__name__.lower()
    job = Job(request, _model(request), configured_cache(), time.monotonic() + seconds, facts)
    done = _from_reference(job) or _from_tree(job)
    facts["cache"] = done.cache
    return done


def configured_cache() -> Cache | None:
    """The cache that the environment names; None where the function runs without."""
    table, bucket = os.environ.get("CACHE_TABLE"), os.environ.get("BUCKET")
    if not table or not bucket:
        return None
    return Cache(table, bucket, lambda: clients.client("dynamodb"), lambda: clients.client("s3"))


def _model(request: Request) -> str | None:
    if not request.assist:
        return None
    model = os.environ.get("BEDROCK_MODEL_ID")
    if not model:
        raise Failure(
            "AssistNotConfigured",
            "this function has no language model",
            remedy="set bedrock_model of the target and deploy, or ask without options.assist",
        )
    return model


def _from_reference(job: Job) -> Done | None:
    """What the cache has for a commit of a repository: it never changes, so nothing has to be fetched."""
    source, cache = job.request.source, job.cache
    if cache is None or job.request.refresh or not isinstance(source, Repository) or not is_commit(source.ref):
        return None
    key = _tried(job, lambda: cache.reference(_commit_key(job, source.url, str(source.ref)), now=_now()))
    kept = _tried(job, lambda: cache.document(key, now=_now())) if key else None
    return Done(key, "hit", kept) if key and kept else None


def _from_tree(job: Job) -> Done:
    source, cache = job.request.source, job.cache
    with trees.opened(source, max(1.0, job.until - time.monotonic())) as tree:
        done, commit = _done(job, tree), tree.commit
    if cache and commit and isinstance(source, Repository):
        _tried(job, lambda: cache.refer(_commit_key(job, source.url, commit), done.key, now=_now()))
    return done


def _done(job: Job, tree: Tree) -> Done:
    key = content_key(tree, job.options)
    cache = job.cache
    if cache and not job.request.refresh:
        kept = _tried(job, lambda: cache.document(key, now=_now()))
        if kept is not None:
            return Done(key, "hit", kept)
    text, is_whole = _computed(job, tree, key)
    if cache and is_whole:
        _tried(job, lambda: cache.keep(key, text, now=_now(), refresh=job.request.refresh))
    return Done(key, "none" if cache is None else "refreshed" if job.request.refresh else "miss", text)


def _computed(job: Job, tree: Tree, key: str) -> tuple[str, bool]:
    """The document, and whether it may be kept: an answer that a model owes us must not be owed for a month."""
    view = tree.view()
    analysis = analyze(view, key, job.options)
    job.facts.update(files=analysis.files, services=len(analysis.services))
    if job.model is None:
        return document.text(analysis), True
    from analyzer import assist
    from analyzer.assist import bedrock

    if job.until - time.monotonic() < ASSIST_SECONDS:
        raise Failure(
            "TimedOut",
            "reading the tree left no time for the language model",
            remedy="ask again without options.assist, or for one service with options.service",
        )
    analysis = assist.assisted(analysis, view, model=job.model, connect=bedrock.client)
    return document.text(analysis), all(warning.code != assist.FAILED for warning in analysis.warnings)


def is_commit(ref: str | None) -> bool:
    """Whether a reference is the whole id of a commit."""
    return ref is not None and COMMIT.fullmatch(ref) is not None


def _commit_key(job: Job, url: str, commit: str) -> str:
    """Of a repository's commit with options; the analyzer's version is in it, as it is in the content key."""
    facts = json.dumps([VERSION, url, commit, asdict(job.options)], sort_keys=True)
    return "commit-" + hashlib.sha256(facts.encode()).hexdigest()


def _tried(job: Job, call: Callable[[], Found]) -> Found | None:
    """What a call to the cache gives; one that fails is told in the log, and the work goes on without a cache."""
    from botocore.exceptions import BotoCoreError, ClientError

    if "cache_error" in job.facts:
        return None
    try:
        return call()
    except ClientError as error:
        job.facts["cache_error"] = error.response["Error"]["Code"]
    except BotoCoreError as error:
        job.facts["cache_error"] = type(error).__name__
    return None


def _now() -> int:
    return int(time.time())
