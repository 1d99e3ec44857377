"""The gateway's policies: from Cedar text to what Envoy enforces, and to what an offline question is answered with."""
