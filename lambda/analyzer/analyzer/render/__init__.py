"""From a decided service to the files of its image: pure functions, the same bytes for the same service."""
