"""Demo exposures, made once."""

from __future__ import annotations

import pytest

from atm_viewer.demo import demo_exposures


@pytest.fixture(scope="session")
def demo_files():
    """Paths of an instrument's four demo exposures."""

    def files(instrument: str):
        return sorted(demo_exposures(instrument).parent.glob("*_cal.fits"))

    return files
