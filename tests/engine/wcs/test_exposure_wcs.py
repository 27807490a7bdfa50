"""The WCS of exposures against gwcs, at all pixels."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.wcs import transforms
from atm_viewer.engine.wcs.exposure_wcs import ExposureWcs, wcs_of_model


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
    with caplog.at_level(logging.INFO):
        exposure = open_exposure(demo_files("miri")[0])
        assert exposure.wcs.by_gwcs
    assert "differ from gwcs's" in caplog.text
    exposure.close()


def test_boxes_of_slices_take_whole_pixels_from_earlier_slices_where_the_pipeline_fits():
    """As alpha of ``fit_and_oversample``: with a WCS by slice, boxes overlap, and the last one counts."""
    from gwcs.wcstools import grid_from_bounding_box

    boxes = {1: ((-0.5, 9.5), (0.4, 5.6)), 2: ((1.3, 9.5), (4.4, 9.5))}
    slices = {number: lambda x, y, number=number: (x, y + 100.0 * number, x) for number in boxes}
    none = np.zeros((0, 2))
    wcs = ExposureWcs(None, slices, lambda *positions: positions, boxes, none, None, False, False)
    expected = np.full((10, 10), np.nan)
    for number, ((x0, x1), (y0, y1)) in boxes.items():
        x, y = grid_from_bounding_box(boxes[number])
        inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        expected[y.astype(int), x.astype(int)] = np.where(inside, slices[number](x, y)[1], np.nan)
    axis = np.arange(10.0)
    found = wcs.slicer_grid(axis, axis, whole=True)[1]
    np.testing.assert_array_equal(found, expected)
    assert np.isnan(found[4, 5])
    assert wcs.slicer_grid(axis, axis)[1][4, 5] == 104.0


@pytest.mark.parametrize(("given", "refused"), [(np.ones(3), True), (7.0, False)])
def test_a_transform_gives_one_value_for_each_position(given, refused):
    wcs = ExposureWcs(
        labels=np.ones((4, 5), dtype=np.int16),
        slices={1: lambda x, y: (given, x, y)},
        to_world=lambda *positions: positions,
        boxes={},
        ranges=np.zeros((0, 2)),
        table=None,
        spectral_region=False,
        by_gwcs=False,
    )
    y, x = np.ogrid[:4, :5]
    if refused:
        with pytest.raises(ValueError, match="broadcast"):
            wcs.slicer(x, y)
    else:
        alpha, along = wcs.slicer(x, y, axes=(0, 1))
        assert (alpha == 7.0).all()
        assert np.array_equal(along, np.broadcast_to(x, (4, 5)))


def test_positions_of_a_label_without_transform_are_none_and_pixels_beyond_the_detector_are_refused():
    labels = np.array([[1, 2, 0], [2, 1, 1]], dtype=np.int16)
    none = np.zeros((0, 2))
    slices = {1: lambda x, y: (x + 0.5, y, x)}
    wcs = ExposureWcs(labels, slices, lambda *positions: positions, {}, none, None, False, False)
    found = wcs.slicer(np.arange(3.0), np.arange(2.0)[:, None])[0]
    np.testing.assert_array_equal(found, [[0.5, np.nan, np.nan], [np.nan, 1.5, 2.5]])
    at, (values,) = wcs.slicer_values(np.arange(3.0)[:, None], np.array([1.0, 0.0]), axes=(0,))
    np.testing.assert_array_equal(at, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(values, [np.nan, 0.5, 1.5, np.nan, 2.5])
    with pytest.raises(IndexError):
        wcs.slicer(np.array([2.6]), np.array([0.0]))
