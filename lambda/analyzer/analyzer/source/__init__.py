"""Where a tree comes from: a folder, a git tree, an archive, or memory; all of them as one bounded read-only view."""
