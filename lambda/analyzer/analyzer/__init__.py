"""The analyzer: reads a source tree and says what it is, how it starts and what it needs, with the evidence for it.

A source view (`source`) is read into candidates for each field by ordered tables of readers (`intent`, `languages`,
`needs`); the resolver (`resolve`) picks one candidate a field or says that it cannot tell; the result is plain data
(`model`, `document`), from which a Dockerfile is rendered (`render`). Nothing of the tree is executed or installed.
"""

from __future__ import annotations

VERSION = "1.0.0"
"""Changes whenever an analysis or a rendered file changes: it is part of the cache key."""
