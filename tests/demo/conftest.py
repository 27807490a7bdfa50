"""The demo's sets, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atm_viewer.demo import demo_exposures


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="session")
def demo_set(demo_root) -> Callable[[str], list[Path]]:
    """Paths of an instrument's four exposures."""

    def exposures(instrument: str) -> list[Path]:
        return sorted(demo_exposures(instrument, demo_root).parent.glob("*_cal.fits"))

    return exposures
