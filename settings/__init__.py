"""What the user asked for: `slipway.toml` and the environment, as frozen values.

The one leaf that everything may import: `app.py`, `stacks/` and `scripts/` meet here and nowhere else.
Standard library only, because the no-op path pays for every import.
"""

from settings.errors import SettingsError, SlipwayError
from settings.load import load
from settings.model import Service, Settings, Target

__all__ = ["Service", "Settings", "SettingsError", "SlipwayError", "Target", "load"]
