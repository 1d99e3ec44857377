"""Applications that become services: from a reference over an analysis to a section of slipway.toml."""
