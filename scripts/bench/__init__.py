"""Measures each path against plain `cdk deploy` on a private embedded cloud; see docs/bench/README.md.

Both sides are measured the same way: by the clock around their commands, and by one observer outside of both that asks
the load balancer who answers.
"""
