"""The analysis cache and the analyzer that fills it."""

from __future__ import annotations

from constructs import Construct

from settings import Settings
from stacks.constructs.analyzer import Analyzer
from stacks.constructs.table import Table
from stacks.project_stack import ProjectStack


class AnalysisStack(ProjectStack):
    """One table, one function with its bucket."""

    def __init__(self, scope: Construct, *, settings: Settings, fingerprint: str) -> None:
        super().__init__(scope, settings=settings, key="analysis", fingerprint=fingerprint)
        cache = Table(self, "Cache", name=f"{settings.prefix}-analysis", key="key")
        analyzer = Analyzer(self, "Analyzer", settings=settings, cache=cache)
        self.output("CacheTable", cache.table_name)
        self.output("FunctionName", analyzer.function.function_name)
        self.output("Bucket", analyzer.bucket.bucket_name)
