"""The analyzer as a function in the cloud: requests, where their trees come from, the cache, results."""
