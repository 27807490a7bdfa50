"""The WCS of exposures against gwcs, at all pixels."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.wcs import transforms
from atm_viewer.engine.wcs.exposure_wcs import wcs_of_model


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_positions_equal_gwcs(demo_files, instrument):
    exposure = open_exposure(demo_files(instrument)[0])
    ours, theirs = exposure.wcs, wcs_of_model(exposure.model)
    assert (ours.by_gwcs, theirs.by_gwcs) == (False, True)
    assert ours.boxes == theirs.boxes
    assert np.array_equal(ours.ranges, theirs.ranges)
    assert ours.spectral_region == theirs.spectral_region
    y, x = np.nonzero(exposure.regions)
    for shift in (0.0, 0.3):
        slicer = ours.slicer(x + shift, y - shift), theirs.slicer(x + shift, y - shift)
        sky = ours.world(*slicer[0]), theirs.world(*slicer[1])
        for mine, wanted in [*zip(*slicer, strict=True), *zip(*sky, strict=True)]:
            assert np.array_equal(mine, wanted, equal_nan=True)
    assert np.isfinite(sky[1][0]).sum() > 10000
    exposure.close()


def test_positions_that_differ_from_gwcs_are_not_used(demo_files, monkeypatch, caplog):
    def wrong(x, y, coefficients, new_row, out):
        exact(x, y, coefficients, new_row, out)
        out *= 1 + 1e-9

    exact = transforms.polynomial_2d
    monkeypatch.setattr(transforms, "polynomial_2d", wrong)
    exposure = open_exposure(demo_files("miri")[0])
    with caplog.at_level(logging.INFO):
        assert exposure.wcs.by_gwcs
    assert "differ from gwcs's" in caplog.text
    exposure.close()
