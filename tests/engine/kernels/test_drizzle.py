"""The drizzle kernel against areas known by hand and against the pipeline's own routine."""

from __future__ import annotations

import numpy as np
import pytest
from jwst.cube_build.cube_match_sky_driz import cube_wrapper_driz

from atm_viewer.engine.kernels.cubes import drizzle_cube, finish_sums, flag_slices, open_holes, slice_ends
from atm_viewer.engine.kernels.drizzle import drizzle_pixels, overlap_area


def area(xs, ys, left, right, bottom, top):
    scratch = np.empty((4, 16))
    return overlap_area(np.array(xs, float), np.array(ys, float), left, right, bottom, top, *scratch)


@pytest.mark.parametrize(
    ("xs", "ys", "expected"),
    [
        ([0.2, 0.8, 0.8, 0.2], [0.2, 0.2, 0.8, 0.8], 0.36),  # within
        ([-1, 2, 2, -1], [-1, -1, 2, 2], 1.0),  # around
        ([0.5, 1.5, 1.5, 0.5], [0.5, 0.5, 1.5, 1.5], 0.25),  # a corner
        ([0.5, 1, 0.5, 0], [0, 0.5, 1, 0.5], 0.5),  # a square on its tip
        ([0.5, 1.5, 0.5, -0.5], [-0.5, 0.5, 1.5, 0.5], 1.0),  # twice as large: its sides touch the corners
        ([2, 3, 3, 2], [0, 0, 1, 1], 0.0),  # beside
        ([1, 2, 2, 1], [0, 0, 1, 1], 0.0),  # touching
    ],
)
def test_areas_known_by_hand(xs, ys, expected):
    assert area(xs, ys, 0.0, 1.0, 0.0, 1.0) == pytest.approx(expected, abs=1e-15)
    # The order of the corners does not matter.
    assert area(xs[::-1], ys[::-1], 0.0, 1.0, 0.0, 1.0) == pytest.approx(expected, abs=1e-15)


def test_overlaps_add_up_to_the_whole_area():
    rng = np.random.default_rng(7)
    for _ in range(50):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 4))
        xs, ys = 3 + 1.7 * np.cos(angles), 3 + 1.1 * np.sin(angles)
        parts = sum(area(xs, ys, i, i + 1, j, j + 1) for i in range(6) for j in range(6))
        whole = 0.5 * abs(np.dot(xs, np.roll(ys, -1)) - np.dot(ys, np.roll(xs, -1)))
        assert parts == pytest.approx(whole, rel=1e-12)


def test_one_pixel_on_one_voxel():
    total = np.zeros((4, 3, 3, 3))
    xi, eta = np.array([[-0.1, -0.1, 0.1, 0.1]]).T, np.array([[-0.1, 0.1, 0.1, -0.1]]).T
    drizzle_pixels(
        xi,
        eta,
        np.array([5.01]),
        np.array([0.004]),
        np.array([7.0]),
        np.array([2.0]),
        -1.0,
        -1.0,
        1.0,
        5.0,
        0.01,
        total,
    )
    weight = 0.04 * 0.004
    assert total[0, 1, 1, 1] == pytest.approx(7 * weight)
    assert total[1, 1, 1, 1] == pytest.approx(weight)
    assert total[2, 1, 1, 1] == pytest.approx((2 * weight) ** 2)
    assert total[3].sum() == 1


@pytest.fixture(scope="module")
def pixels():
    """Pixels within a grid of spaxels, for the pipeline's routine folds indices beyond its first rows."""
    rng = np.random.default_rng(11)
    n, size, step = 3000, 0.13, 0.0008
    x = y = -0.91 + size * np.arange(15)
    waves = 5.0 + step * np.arange(40)
    cx, cy = rng.uniform(-0.6, 0.6, (2, n))
    turn, w, h = 0.6, 0.088, 0.098
    dx, dy = np.array([-w, w, w, -w])[:, None], np.array([-h, -h, h, h])[:, None]
    xi = cx + dx * np.cos(turn) - dy * np.sin(turn)
    eta = cy + dx * np.sin(turn) + dy * np.cos(turn)
    wavelength, width = rng.uniform(5.0, 5.032, n), rng.uniform(0.0007, 0.0011, n)
    flux, err = rng.normal(100, 10, n), rng.uniform(1, 2, n)
    number = rng.integers(1, 31, n)
    return x, y, size, waves, step, np.array([cx, cy]), xi, eta, wavelength, width, flux, err, number


def pipeline_sums(pixels, instrument):
    """Flux, weight, variance, hits and flags by the pipeline's routine, for MIRI (0) or NIRSpec (1)."""
    x, y, size, waves, step, centre, xi, eta, wavelength, width, flux, err, number = pixels
    corners = [a for k in range(4) for a in (xi[k].copy(), eta[k].copy())]
    integers = np.arange(flux.size)
    return cube_wrapper_driz(
        instrument, 1, 1, 30, 4, 2, x, y, waves, *centre, wavelength, flux, err, number, *corners, width,
        np.full(waves.size, step), size, size, step, 1, integers, integers, -1,
    )  # fmt: skip


def test_equals_the_pipelines_routine(pixels):
    x, y, size, waves, step, _, xi, eta, wavelength, width, flux, err, _ = pixels
    total = np.zeros((4, waves.size, y.size, x.size))
    drizzle_pixels(xi, eta, wavelength, width, flux, err, x[0], y[0], size, waves[0], step, total)
    for ours, theirs in zip(total, pipeline_sums(pixels, 0), strict=False):
        theirs = np.asarray(theirs).reshape(ours.shape)
        assert np.abs(theirs).max() > 0
        # Its polygons carry rounding of some 1e-9 of a spaxel; hits are whole numbers.
        assert np.abs(ours - theirs).max() <= 1e-8 * np.abs(theirs).max()


def test_cubes_have_the_pipelines_hits_and_means(pixels):
    x, y, size, waves, step, _, xi, eta, wavelength, width, flux, err, _ = pixels
    total = np.zeros((waves.size, y.size, x.size, 4))
    steps = np.full(waves.size, step)
    for planes in ((0, 13), (13, 40)):
        drizzle_cube(xi, eta, np.eye(3), wavelength, width, flux, err, x, y, size, waves, steps, *planes, total)
    sums, weight, variance, hits = (np.asarray(a).reshape(total.shape[:3]) for a in pipeline_sums(pixels, 0)[:4])
    assert hits.max() > 3
    assert np.array_equal(total[..., 3], hits)
    some = hits > 0
    mean, noise = total[..., 0][some] / total[..., 1][some], total[..., 2][some] / total[..., 1][some] ** 2
    assert np.abs(mean / (sums[some] / weight[some]) - 1).max() < 1e-6
    assert np.abs(noise / (variance[some] / weight[some] ** 2) - 1).max() < 2e-6


def test_slices_are_flagged_as_by_the_pipelines_routine(pixels):
    x, y, size, waves, step, centre, _, _, wavelength, _, _, _, number = pixels
    ends = np.empty((waves.size, 30, 4))
    ends[..., ::2], ends[..., 1::2] = 10000.0, -10000.0
    slice_ends(*centre, wavelength, number, waves, step, ends)
    dq = np.zeros((waves.size, y.size * x.size), dtype=np.uint32)
    flag_slices(ends, float(np.float32(x[0])), float(np.float32(y[0])), size, x.size, 4, dq)
    assert (dq > 0).any()
    assert np.array_equal(dq.ravel(), pipeline_sums(pixels, 1)[4])


def test_the_pipeline_flags_no_field_of_view_of_miri(pixels):
    """It compares with a maximum that is the minimum; when that changes, `CubeSums` has to flag it too."""
    assert not np.asarray(pipeline_sums(pixels, 0)[4]).any()


def test_sums_become_values_and_flags_as_the_pipeline_makes_them():
    from jwst.cube_build.ifu_cube import IFUCubeData

    rng = np.random.default_rng(3)
    total = rng.random((5 * 12 * 14, 4))
    total[:, 3] = rng.integers(1, 9, total.shape[0])
    total[rng.random(total.shape[0]) < 0.6] = 0.0
    seen = np.where(rng.random(total.shape[0]) < 0.8, np.uint32(4), np.uint32(0))
    cube = IFUCubeData.__new__(IFUCubeData)
    cube.naxis1, cube.naxis2, cube.naxis3 = 14, 12, 5
    cube.overlap_partial, cube.overlap_full, cube.overlap_hole, cube.overlap_no_coverage = 4, 2, 1, 512
    cube.interpolation, cube.spaxel_dq = "drizzle", seen.copy()
    cube.spaxel_flux, cube.spaxel_weight, cube.spaxel_var, cube.spaxel_iflux = (column.copy() for column in total.T)
    cube.find_spaxel_flux()
    cube.set_final_dq_flags()
    flux, number = np.empty((2, seen.size), dtype=np.float32)
    variance = np.empty(seen.size)
    finish_sums(total, 1, 513, seen, flux, number, variance)
    open_holes(seen.reshape(5, 12, 14), 1, 513)
    assert {0, 1, 513} == set(np.unique(seen))
    assert np.array_equal(seen, cube.spaxel_dq)
    assert np.array_equal(flux, cube.spaxel_flux.astype(np.float32))
    assert np.array_equal(variance, cube.spaxel_var)
    assert np.array_equal(number, cube.spaxel_iflux)


def test_pixels_without_flux_are_left_out():
    total = np.zeros((4, 3, 3, 3))
    xi = eta = np.array([[-0.1, -0.1, 0.1, 0.1]]).T
    drizzle_pixels(
        xi, eta, np.array([5.0]), np.array([0.004]), np.array([np.nan]), np.ones(1), -1.0, -1.0, 1.0, 5.0, 0.01, total
    )
    assert not total.any()
