"""The bench's answers: spectra equal the spaxels of stock cubes; profiles and sky images show what they say."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from photutils.geometry import circular_overlap_grid

from atm_viewer.demo import demo_source
from atm_viewer.engine.analysis.fringe import without_fringes
from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.cube.cubes import CubeSums, add_exposure, corrected_values, native_values
from atm_viewer.engine.cube.images import white_image, white_images
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.kernels.resample import trace_slice
from atm_viewer.engine.output.products import write_cubes
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import PARAMETERS, CubeOptions, Recipe, SliceOverride, Stage
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.service.bench import STERADIANS, Bench
from atm_viewer.engine.service.open_items import as_they_are, corrected
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.engine.trace.oversample import correct_exposure
from atm_viewer.engine.trace.traces import slice_use, trace_slices
from atm_viewer.resources import resource
from tests.engine.parameter_values import changed

RECIPE = Recipe(oversample=2, fit_threshold=100.0)


@pytest.fixture(scope="module", params=["miri", "nirspec"])
def cubepar(request, tmp_path_factory):
    """An instrument, and shipped cube parameters cut to the middle of each band: short cubes are soon built."""
    path = tmp_path_factory.mktemp("cubepar") / "cubepar.fits"
    with fits.open(resource(f"cubepar/{request.param}_cubepar.fits")) as hdus:
        table = hdus["CUBEPAR"].data
        start, stop = table["WAVEMIN"].copy(), table["WAVEMAX"].copy()
        table["WAVEMIN"], table["WAVEMAX"] = start + 0.45 * (stop - start), start + 0.60 * (stop - start)
        hdus.writeto(path)
    return request.param, path


@pytest.fixture(scope="module")
def case(cubepar, demo_files):
    """An instrument, a bench with its first demo exposure, and that exposure's view."""
    instrument, path = cubepar
    bench = Bench(path)
    opened = bench.open([demo_files(instrument)[0]], no_progress)
    assert opened.problems == ()
    yield instrument, bench, opened.exposures[0]
    bench.close([opened.exposures[0].key])


@pytest.fixture(
    scope="module",
    params=[
        CubeOptions(),
        CubeOptions(grid="each"),
        CubeOptions(cube_pa=33.0, scalexy=0.15, nspax_x=41, scalew=0.001),
        CubeOptions(coord_system="ifualign"),
    ],
    ids=["common", "each", "turned", "ifualign"],
)
def cubes(request, case, cubepar, demo_files, tmp_path_factory):
    """Stock cubes of the first band, before and after, and the recipe with their options."""
    instrument, _, view = case
    recipe = replace(RECIPE, cube=request.param)
    folder = tmp_path_factory.mktemp("cubes")
    channel = "1" if instrument == "miri" else None
    options = {"channel": channel, "cubepar": cubepar[1], "engine": "pipeline"}
    paths = write_cubes([demo_files(instrument)[0]], recipe, folder, "demo", **options)
    opened = [fits.open(path) for path in paths]
    yield view.bands[0], recipe, opened
    for hdus in opened:
        hdus.close()


def positions(case, bench, view, band):
    """The star, and two places beside it."""
    image = bench.sky_image([view.key], band, no_progress)
    east, north = image.offsets(*demo_source(case))
    return [image.position(east + de, north + dn) for de, dn in ((0, 0), (0.15, -0.1), (-0.3, 0.25))]


def test_spectra_equal_the_spaxels_of_stock_cubes(case, cubes):
    instrument, bench, view = case
    band, recipe, (before, after) = cubes
    grids = bench.grids([view.key], band, recipe)
    for ra, dec in positions(instrument, bench, view, band):
        spectra = bench.spectra(Extraction((view.key,), recipe, band, float(ra), float(dec), 0.4), no_progress)
        for hdus, grid, ours, error, aperture in (
            (before, grids[0], spectra.before, spectra.before_err, spectra.aperture_before),
            (after, grids[1], spectra.after, spectra.after_err, spectra.aperture_after),
        ):
            cube, err = hdus["SCI"].data.astype(float), hdus["ERR"].data.astype(float)
            assert cube.shape == (grid.wavelength.size, grid.y.size, grid.x.size)
            ix, iy = grid.spaxel_at(float(ra), float(dec))
            assert (ix, iy) == spectra.spaxel or recipe.cube.grid == "each"
            assert_same_place(hdus, grid, ix, iy)
            assert_equal_spectra(ours, cube[:, iy, ix])
            assert_equal_spectra(error, err[:, iy, ix])
            # An aperture is the sum of the parts of spaxels within the circle, in Jy.
            xi, eta = grid.project(ra, dec)
            edges = [
                e
                for c, v in ((grid.x, xi), (grid.y, eta))
                for e in (c[0] - grid.spaxel / 2 - v, c[-1] + grid.spaxel / 2 - v)
            ]
            weights = circular_overlap_grid(*edges, grid.x.size, grid.y.size, 0.4, 1, 1)
            total = np.nansum(cube * weights, axis=(1, 2)) * 1e6 * grid.spaxel**2 * STERADIANS
            share = (np.isfinite(cube) * weights).sum(axis=(1, 2))
            assert_equal_spectra(aperture, np.where((share > 0) & (share >= 0.5 * share.max()), total, np.nan))


def test_the_spaxel_comes_first_and_is_that_of_the_whole(demo_files):
    bench = Bench()
    [view] = bench.open([demo_files("nirspec")[0]], no_progress).exposures
    place, found = (view.bands[0], *demo_source("nirspec"), 0.4), []
    whole = bench.spectra(Extraction((view.key,), RECIPE, *place), no_progress, found.append)
    [first] = found
    assert (first.spaxel_only, whole.spaxel_only) == (True, False)
    assert (first.radius, first.spaxel, first.unit) == (whole.radius, whole.spaxel, whole.unit)
    for name in ("wavelength", "before", "after", "before_err", "after_err"):
        np.testing.assert_allclose(getattr(first, name), getattr(whole, name), rtol=1e-13)
    assert np.isfinite(whole.before).any()
    assert np.isfinite(whole.aperture_before).any()
    assert np.isnan([first.noise_before, first.noise_after, *first.aperture_before, *first.aperture_after]).all()
    assert first.coverage_before is first.coverage_after is None
    # While recipe or aperture are tuned, the spaxel is known: the whole spectra are there as soon.
    bench.spectra(Extraction((view.key,), replace(RECIPE, slope_limit=0.2), *place), no_progress, found.append)
    bench.spectra(Extraction((view.key,), RECIPE, *place[:3], 0.5), no_progress, found.append)
    assert len(found) == 1
    bench.close([view.key])


def test_slices_that_spectra_elsewhere_need_are_fitted_ahead(demo_files):
    bench = Bench()
    keys = tuple(view.key for view in bench.open(demo_files("miri")[:2], no_progress).exposures)
    band = bench.opened(keys)[0].exposure.bands[0]

    def missing():
        return [
            (i.exposure.key, number)
            for i in bench.opened(keys)
            for number in i.prepared.slices
            if i.exposure.band_of(number) == band and not i.has_fit(number, RECIPE)
        ]

    extraction = Extraction(keys, RECIPE, band, *demo_source("miri"), 0.4)
    everything = missing()
    bench.spectra(extraction, no_progress)  # to measure them, say
    elsewhere = missing()
    assert 0 < len(elsewhere) < len(everything)
    assert bench.fit_ahead(lambda: False)
    assert missing() == elsewhere
    bench.spectra(extraction, no_progress, lambda first: None)  # to look at them
    assert not bench.fit_ahead(lambda: True)
    assert missing() == elsewhere
    assert not bench.fit_ahead(lambda: len(missing()) < len(elsewhere))
    assert len(missing()) == len(elsewhere) - 1
    assert bench.fit_ahead(lambda: False)
    assert missing() == []
    bench.close(keys)
    assert bench.fit_ahead(lambda: False)  # of what is closed, nothing


def test_an_aperture_over_the_edge_of_the_field_says_what_is_covered(case):
    _, bench, view = case
    band = view.bands[0]
    image = bench.sky_image([view.key], band, no_progress)
    row = image.image.shape[0] // 2
    last = int(np.flatnonzero(np.isfinite(image.image[row]))[-1])
    grid = bench.grid([view.key], band, CubeOptions())
    told = {}
    for step in (0.0, -0.3, -0.8):
        ra, dec = grid.position(float(grid.x[last]) + step, float(grid.y[row]))
        found = bench.spectra(Extraction((view.key,), Recipe(1), band, float(ra), float(dec), 0.4), no_progress)
        share, flux = np.median(found.coverage_before), np.median(found.aperture_before)
        told[step] = float(share), bool(np.isfinite(flux)), found.uncovered
    assert 0.3 < told[0.0][0] < 0.7
    assert told[-0.3][0] > told[0.0][0]
    assert told[-0.8][:2] == (1.0, True)
    assert told[0.0][1]
    assert "of the aperture has data, and its flux is that of this part" in told[0.0][2]


def assert_same_place(hdus, grid, ix, iy):
    """Compare the position of a spaxel by the header with that by the grid."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ra, dec = WCS(hdus["SCI"].header).celestial.pixel_to_world_values(ix, iy)
    east, north = TangentPlane(float(ra), float(dec)).project(*grid.position(grid.x[ix], grid.y[iy]))
    assert np.hypot(east, north) < 1e-5


def assert_equal_spectra(ours, expected):
    assert np.array_equal(np.isnan(ours), np.isnan(expected))
    assert np.isfinite(expected).sum() > 100
    assert np.nanmax(np.abs(ours - expected)) <= 1e-6 * np.nanmax(np.abs(expected))


def test_the_spectrum_under_the_mouse_is_that_before_correction(case):
    _, bench, view = case
    sky = bench.sky_image([view.key], view.bands[0], no_progress)
    spectra = bench.spectra(Extraction((view.key,), RECIPE, view.bands[0], *sky.peak, 0.3), no_progress)
    found = bench.hovered_spectrum([view.key], view.bands[0], *sky.peak, RECIPE.cube)
    assert (found.band, found.spaxel, found.unit) == (spectra.band, spectra.spaxel, spectra.unit)
    np.testing.assert_array_equal(found.wavelength, spectra.wavelength)
    np.testing.assert_allclose(found.flux, spectra.before, rtol=1e-12)
    assert np.isfinite(found.flux).any()
    with pytest.raises(InputError, match="outside"):
        bench.hovered_spectrum([view.key], view.bands[0], sky.peak[0], sky.peak[1] + 1.0, RECIPE.cube)


def test_spectra_without_fringes_are_those_of_the_pipeline(case):
    instrument, bench, view = case
    sky = bench.sky_image([view.key], view.bands[0], no_progress)
    spectra = bench.spectra(Extraction((view.key,), RECIPE, view.bands[0], *sky.peak, 0.3), no_progress)
    freed = bench.fringe_free(spectra, no_progress)
    if instrument == "nirspec":  # has none
        assert freed is spectra
        return
    assert freed.fringe_free
    for name in ("before", "after", "aperture_before", "aperture_after"):
        expected = without_fringes(spectra.wavelength, getattr(spectra, name), 1)
        np.testing.assert_array_equal(getattr(freed, name), expected)
        assert np.isfinite(expected).any()
    assert freed.noise_before == resampling_noise(freed.before, freed.aperture_before)


def test_filled_pixels_are_those_that_the_spline_fills(case):
    _, bench, view = case
    sky = bench.sky_image([view.key], view.bands[0], no_progress)
    extraction = Extraction((view.key,), RECIPE, view.bands[0], *sky.peak)
    filled = bench.filled_share(extraction, no_progress)
    share = filled.share[np.isfinite(filled.share)]
    assert share.min() >= 0.0
    assert share.max() <= 1.0 + 1e-6
    assert 0.0 < np.count_nonzero(share > 0.01) < share.size
    # without any fit nothing is filled
    nothing = replace(extraction, recipe=replace(RECIPE, fit_threshold=1e9))
    assert np.nanmax(bench.filled_share(nothing, no_progress).share) == 0.0
    plain = replace(extraction, recipe=replace(RECIPE, oversample=1))
    assert not bench.filled_share(plain, no_progress).share.any()


def test_spaxel_is_the_one_of_the_cubes_own_wcs(case, cubes):
    instrument, bench, view = case
    band, recipe, (before, _) = cubes
    ra, dec = positions(instrument, bench, view, band)[1]
    spectra = bench.spectra(Extraction((view.key,), recipe, band, float(ra), float(dec), 0.2), no_progress)
    x, y = WCS(before["SCI"].header).celestial.world_to_pixel_values(ra, dec)
    assert spectra.spaxel == (round(float(x)), round(float(y)))
    assert before["SCI"].header["CRVAL3"] == pytest.approx(spectra.wavelength[0], abs=1e-9)
    assert spectra.solid_angle == pytest.approx(before["SCI"].header["PIXAR_SR"], rel=1e-6)


def test_noise_of_the_star_falls(demo_files):
    bench = Bench()
    [view] = bench.open([demo_files("miri")[0]], no_progress).exposures
    spectra = bench.spectra(Extraction((view.key,), RECIPE, view.bands[0], *demo_source("miri"), 0.4), no_progress)
    assert spectra.noise_before > 0.02
    assert spectra.noise_after < spectra.noise_before / 2
    bench.close([view.key])


def test_sky_image_peaks_on_the_star(case):
    instrument, bench, view = case
    image = bench.sky_image([view.key], view.bands[0], no_progress)
    east, north = image.offsets(*demo_source(instrument))
    peak_east, peak_north = image.offsets(*image.peak)
    assert np.hypot(east - peak_east, north - peak_north) < 1.5 * image.spaxel


def test_what_was_given_back_is_made_again(case):
    _, bench, view = case
    (one,) = bench.inputs_after([view.key], view.bands[0], RECIPE)
    number = next(n for n in view.slices if one.exposure.band_of(n) == view.bands[0])
    before, fits = one.slices(number), dict(bench.items([view.key], view.bands[0])[0].shared.fits)
    assert one.slices(number) is before
    bench.give_back()
    after = one.slices(number)
    assert after is not before
    np.testing.assert_array_equal(after.sci, before.sci)
    np.testing.assert_array_equal(after.err, before.err)
    kept = bench.items([view.key], view.bands[0])[0].shared.fits
    assert {key: kept[key] for key in fits} == fits != {}  # which take longest to make


def cube_sums(bench, view, band, recipe):
    """Sums of the cube on the grid before correction: weighted flux and weight, shape (planes, ny, nx)."""
    (item,) = bench.items([view.key], band)
    sums = CubeSums(bench.grid([view.key], band))
    values = (
        native_values(item.exposure)
        if recipe is None
        else corrected_values(correct_exposure(item.exposure, recipe), item.exposure)
    )
    add_exposure({band: sums}, item.exposure, item.mapper, values)
    return sums.total[..., 0], sums.total[..., 1]


@pytest.mark.parametrize("recipe", [None, RECIPE], ids=["before", "after"])
def test_images_equal_sums_of_the_cube(case, recipe):
    _, bench, view = case
    band = view.bands[0]
    (item,) = bench.items([view.key], band)
    grid = bench.grid([view.key], band)
    flux, weight = cube_sums(bench, view, band, recipe)
    for middle, planes, chosen in ((40, 5, slice(38, 43)), (0, 3, slice(0, 3)), (60, 1, slice(60, 61))):
        image = bench.sky_image([view.key], band, no_progress, recipe, float(grid.wavelength[middle]), planes)
        with np.errstate(invalid="ignore"):
            cube = flux[chosen] / weight[chosen]
        assert_equal_images(image.image, list(cube))
        edges = grid.wavelength[[chosen.start, chosen.stop - 1]] + np.array([-0.5, 0.5]) * grid.step
        np.testing.assert_allclose(image.wavelengths, edges)
    # White light is quick because it takes few columns; of all columns it is the weighted mean of the planes.
    inputs = as_they_are([item]) if recipe is None else corrected([item], recipe, no_progress)
    whole = white_image(inputs, grid, stride=1)
    with np.errstate(invalid="ignore"):
        assert_equal_images(whole.image, [flux.sum(axis=0) / weight.sum(axis=0)])
    quick = bench.sky_image([view.key], band, no_progress, recipe)
    assert quick.wavelengths is None
    both = np.isfinite(quick.image) & np.isfinite(whole.image)
    assert both.sum() > 0.97 * np.isfinite(whole.image).sum()
    scale = np.nanmax(whole.image)
    assert np.median(np.abs(quick.image - whole.image)[both]) < 0.01 * scale


def test_white_images_of_single_exposures_come_with_that_of_all(case):
    _, bench, view = case
    band = view.bands[0]
    shifted = CubeOptions(offsets=((view.name, 0.2, 0.1),))
    items = [bench.items([view.key], band)[0], bench.items([view.key], band, shifted)[0]]
    inputs, grid = as_they_are(items), bench.grid([view.key], band)
    found = white_images(inputs, grid)
    assert np.array_equal(found.together.image, white_image(inputs, grid).image, equal_nan=True)
    for one, image in zip(inputs, found.single, strict=True):
        alone = white_image([one], grid)
        assert np.array_equal(image.image, alone.image, equal_nan=True)
        assert image.peak == alone.peak
    assert not np.array_equal(found.single[0].image, found.single[1].image, equal_nan=True)


def assert_equal_images(ours, planes):
    planes = np.array(planes)
    valid = np.isfinite(planes)
    expected = np.where(valid, planes, 0.0).sum(axis=0) / np.where(valid.any(axis=0), valid.sum(axis=0), np.nan)
    assert np.array_equal(np.isnan(ours), np.isnan(expected))
    assert np.isfinite(expected).sum() > 300
    assert np.nanmax(np.abs(ours - expected)) <= 1e-5 * np.nanmax(np.abs(expected))


def test_an_image_where_no_plane_is_has_the_nearest_planes(case):
    _, bench, view = case
    band = view.bands[0]
    grid = bench.grid([view.key], band)
    image = bench.sky_image([view.key], band, no_progress, None, 100.0, 3)
    assert image.wavelengths[1] == pytest.approx(grid.wavelength[-1] + grid.step / 2)
    assert np.isfinite(image.image).any()


def test_without_oversampling_nothing_changes_in_the_image(case):
    _, bench, view = case
    before, after = (bench.sky_image([view.key], view.bands[0], no_progress, r) for r in (None, Recipe(oversample=1)))
    np.testing.assert_array_equal(before.image, after.image)


def test_position_outside_of_the_field_is_told(case):
    instrument, bench, view = case
    ra, dec = demo_source(instrument)
    with pytest.raises(InputError, match=r"outside the .* cube"):
        bench.spectra(Extraction((view.key,), RECIPE, view.bands[0], ra, dec + 0.01, 0.4), no_progress)


def test_profile_shows_the_columns_own_fit(case):
    _, bench, view = case
    report = bench.correct(view.key, RECIPE, no_progress)
    row = max(report.slices, key=lambda r: r.peak)
    fates = {}
    for column in range(100, 1000, 100):
        profile = bench.profile(view.key, RECIPE, row.number, column)
        fates[profile.fate] = profile
        own = profile.distance == 0
        assert 5 < own.sum() < 80
        assert (np.abs(profile.distance) <= row.window).all()
        assert (np.diff(profile.alpha) >= 0).all()
    assert Fate.FITTED in fates
    profile = fates[Fate.FITTED]
    assert 0 < profile.rejected.sum() < 0.25 * profile.rejected.size
    # The spline goes through the points it was fitted to.
    kept = ~profile.rejected
    fitted = np.interp(profile.alpha[kept], profile.spline_alpha, profile.spline_flux)
    scatter = np.std(profile.flux[kept] - fitted)
    assert scatter < 0.1 * np.ptp(profile.spline_flux)
    assert profile.breakpoints.size == pytest.approx(row.breakpoints, abs=2)


def test_profile_below_threshold_has_no_spline(case):
    _, bench, view = case
    recipe = RECIPE.with_override(SliceOverride(view.slices[0], fit_threshold=1e9))
    profile = bench.profile(view.key, recipe, view.slices[0], 500)
    assert profile.fate in (Fate.BELOW_THRESHOLD, Fate.EMPTY)
    assert profile.spline_alpha.size == 0
    assert np.isnan(profile.scale)


def test_closed_exposures_are_gone(demo_files):
    bench = Bench()
    [view] = bench.open([demo_files("miri")[1]], no_progress).exposures
    bench.close([view.key])
    with pytest.raises(InputError, match="is not open"):
        bench.correct(view.key, RECIPE, no_progress)


def test_one_bad_file_does_not_keep_the_others_out(demo_files, tmp_path):
    bad = tmp_path / "bad_cal.fits"
    bad.write_bytes(b"nothing")
    bench = Bench()
    opened = bench.open([bad, demo_files("miri")[1]], no_progress)
    assert len(opened.exposures) == 1
    assert opened.problems == ("bad_cal.fits is not a FITS file; open _cal.fits or _crf.fits files or an association.",)
    bench.close([opened.exposures[0].key])


def test_spectra_while_a_slice_is_tuned_are_those_of_a_new_bench(demo_files):
    benches = [Bench(), Bench()]
    [view] = [bench.open([demo_files("miri")[0]], no_progress).exposures[0] for bench in benches][:1]
    place = (view.bands[0], *demo_source("miri"), 0.4)
    report = benches[0].correct(view.key, RECIPE, no_progress)
    number = max((r for r in report.slices if r.band == view.bands[0]), key=lambda r: r.peak).number
    for limit in (0.1, 0.2, 0.05):
        recipe = RECIPE.with_override(SliceOverride(number, slope_limit=limit, window=int(400 * limit)))
        tuned = benches[0].spectra(Extraction((view.key,), recipe, *place), no_progress)
    fresh = benches[1].spectra(Extraction((view.key,), recipe, *place), no_progress)
    for name in ("before", "after", "after_err", "aperture_after"):
        assert np.allclose(getattr(tuned, name), getattr(fresh, name), rtol=1e-12, atol=0, equal_nan=True)
    assert not np.allclose(fresh.before, fresh.after, rtol=1e-3, equal_nan=True)
    for bench in benches:
        bench.close([view.key])


def test_profile_tells_where_the_spline_is_used_and_why(case):
    _, bench, view = case
    report = bench.correct(view.key, RECIPE, no_progress)
    row = max(report.slices, key=lambda r: r.peak)
    data = bench._items[view.key].prepared.slices[row.number]
    columns = [c for c in range(view.sci.shape[view.dispersion_axis]) if np.isfinite(data.flux[:, c]).sum() > 10]
    profiles = [bench.profile(view.key, RECIPE, row.number, column) for column in columns[::97]]
    profile = profiles[0]
    assert np.allclose(profile.use, row.compact)
    assert profile.level[0] + 100.0 * profile.level[1] == pytest.approx(row.threshold)
    assert (profile.fates == Fate.FITTED).sum() == row.fitted
    assert (profile.fates == Fate.REUSED).sum() == row.reused
    assert profile.window == row.window
    assert profile.wavelengths[profile.column] == pytest.approx(profile.wavelength)
    # Slopes are those that the trace model's image and the oversampling compare with the limit.
    item = bench._items[view.key]
    fit, arcsec = item.fit(row.number, RECIPE), item.exposure.coordinates.arcsec
    splines = (fit.source, fit.knots, fit.intervals, fit.poly, fit.scale, fit.bounds)
    for factor, skip in ((1, (2, 1)), (2, (2, 2))):
        values, slopes = np.full(data.alpha.shape, np.nan, np.float32), np.zeros(data.alpha.shape)
        trace_slice(data.alpha, *splines, *skip, values, slopes)
        assert slopes.max() > 0.1
        for column in columns[::97]:
            profile = bench.profile(view.key, replace(RECIPE, oversample=factor), row.number, column)
            alpha = data.alpha[:, column].astype(float)
            inside = (alpha >= fit.bounds[column, 0]) & (alpha <= fit.bounds[column, 1])
            assert np.allclose(profile.pixels, alpha[inside] * arcsec)
            assert np.allclose(profile.slope * profile.counted, slopes[inside, column], atol=1e-12)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_profile_and_correction_use_splines_in_the_same_places(case, factor):
    _, bench, view = case
    recipe = replace(RECIPE, oversample=factor)
    bench.correct(view.key, recipe, no_progress)
    item = bench._items[view.key]
    used = 0
    for number in item.prepared.slices:
        fit, intervals = item.fit(number, recipe), item.first_intervals(recipe)
        if factor == 1:
            expected = trace_slices(item.prepared, {n: item.fit(n, recipe) for n in item.prepared.slices})
            use = expected[number].use
        else:
            use = item.fine_slice(fit, recipe, intervals).use
        assert slice_use(item.prepared, fit, factor, intervals) == use
        used += bool(use.ranges)
    assert used


@pytest.mark.parametrize("p", PARAMETERS.values(), ids=PARAMETERS)
def test_every_parameter_renews_what_it_changes_and_no_more(case, p):
    _, bench, view = case
    item = bench._items[view.key]
    number = max(item.prepared.slices, key=lambda n: item.prepared.slices[n].profile.peak)
    recipe = changed(RECIPE, p, number if p.of_slice else None)

    def made(recipe):
        fit = item.fit(number, recipe)
        return fit, item.fine_slice(fit, recipe, item.first_intervals(recipe))

    fit, fine = made(RECIPE)
    assert made(RECIPE)[1] is fine
    new_fit, new_fine = made(recipe)
    assert new_fine is not fine or p.name == "fit_threshold"  # which decides the same here
    refitted = p.stage is Stage.FIT and p.name != "fit_threshold"
    assert (new_fit.poly is not fit.poly) == refitted


def test_threshold_that_decides_the_same_fits_nothing_again(case):
    _, bench, view = case
    report = bench.correct(view.key, RECIPE, no_progress)
    number = max(report.slices, key=lambda r: r.peak).number
    item = bench._items[view.key]
    fits = [item.fit(number, RECIPE.with_override(SliceOverride(number, fit_threshold=t))) for t in (100.0, 90.0, 1e9)]
    assert fits[1].poly is fits[0].poly
    assert fits[1].threshold < fits[0].threshold
    assert not fits[2].has_splines
