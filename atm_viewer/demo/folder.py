"""Where the demo's exposures are kept."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def demo_folder() -> Path:
    """Folder of the user's cache that keeps the demo's exposures."""
    return platformdirs.user_cache_path("atm-viewer") / "demo"
