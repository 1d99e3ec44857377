"""Where the gateway's image is made from."""

from __future__ import annotations

from pathlib import Path

ENVOY = Path(__file__).resolve().parents[3] / "envoy"
