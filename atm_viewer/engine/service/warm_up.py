"""Warm-up: compiles the kernels on two small synthetic exposures, before the first request needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atm_viewer.engine.arrays import Floats, Integers, PackedFrame
from atm_viewer.engine.cube.cubes import CubeSums, add_exposure, corrected_values, native_values, values_after
from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.io.coordinate_cache import Arrays, KeptGeometry
from atm_viewer.engine.io.coordinates import Coordinates, WavelengthScale
from atm_viewer.engine.io.exposure import DataFile, Exposure
from atm_viewer.engine.io.packing import pack
from atm_viewer.engine.io.sky_maps import PixelPositions, fit_sky_maps
from atm_viewer.engine.kernels.labels import put, sort_by_label
from atm_viewer.engine.kernels.optics import direction_cosines, interpolate, rotate_unit_vectors
from atm_viewer.engine.kernels.polynomials import polynomial_2d
from atm_viewer.engine.private_cache import FITS, note_complete
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.exposure_view import FileState
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.prediction import predict
from atm_viewer.engine.service.tuning import tune
from atm_viewer.engine.trace.oversample import correct_exposure
from atm_viewer.engine.wcs.models import load_libraries

_RA, _DEC = 80.0, 10.0
_PIXEL, _WIDTH, _STEP = 0.18, 0.2, 0.0008  # arcsec along and across the slices, um per column
_ROWS, _COLUMNS = 24, 450  # of a slice: enough pixels for work to be shared among threads, as it is in earnest
_INSTRUMENTS = ("MIRI", "NIRSPEC")
_RECIPE = Recipe(oversample=2, fit_threshold=0.0)
_NO_FITS = Recipe(oversample=2, fit_threshold=1e9)


@dataclass(frozen=True)
class _Known(KeptGeometry):
    """Geometry that is known from the start, in place of the coordinate cache."""

    parts: Mapping[str, Callable[[], Arrays]]

    def get_or_make(self, part: str, make: Callable[[], Mapping[str, np.ndarray]]) -> Arrays:
        return self.parts[part]()


def warm_up(pause: Callable[[], object]) -> None:
    """Open, look at, correct, predict, tune and drizzle a tiny exposure of each instrument.

    Whatever is not in the kernels' cache is compiled and kept by that, for arrays of the types and layouts that
    exposures have. First comes what a corrected spectrum takes, and of that last what `warm_up_fits` begins with.

    Parameters
    ----------
    pause : callable
        Called before each part of what a spectrum does not take; returns when there is time for that.
    """
    _open_unknown_file()
    bench = Bench()
    first, *others = [_Tiny(bench, instrument) for instrument in _INSTRUMENTS]
    first.look()
    first.extract(_NO_FITS)
    first.extract(_RECIPE)
    pause()
    load_libraries()
    for other in others:
        pause()
        other.look()
        other.extract(_RECIPE)
    for tiny in (first, *others):
        for step in (tiny.drizzle, tiny.predict, tiny.tune):
            pause()
            step()
    note_complete()


def warm_up_fits(pause: Callable[[], object]) -> None:
    """Compile what `warm_up` does, from the other end, at the same time in another process: first what a profile takes.

    Parameters
    ----------
    pause : callable
        See `warm_up`.
    """
    bench = Bench()
    first, *others = [_Tiny(bench, instrument) for instrument in _INSTRUMENTS]
    first.profile(_RECIPE)
    pause()
    for tiny in (first, *others):
        tiny.tune()
        tiny.drizzle()
    note_complete(FITS)


class _Tiny:
    """A tiny exposure on the bench, and what is done with it."""

    def __init__(self, bench: Bench, instrument: str) -> None:
        self._bench, self._exposure = bench, tiny_exposure(instrument)
        view = bench.adopt(self._exposure)
        self._keys, self._band, self._number = (view.key,), view.bands[0], view.slices[0]

    def look(self) -> None:
        self._bench.sky_image(self._keys, self._band, no_progress)

    def extract(self, recipe: Recipe) -> None:
        self._bench.spectra(Extraction(self._keys, recipe, self._band, _RA, _DEC, 0.3), no_progress)
        self.profile(recipe)

    def profile(self, recipe: Recipe) -> None:
        self._bench.profile(self._keys[0], recipe, self._number, _COLUMNS // 2)

    def predict(self) -> None:
        wanted = Extraction(self._keys, Recipe(oversample=1), self._band, _RA, _DEC, 0.3)
        predict(self._bench, wanted, (_RA, _DEC), no_progress)

    def tune(self) -> None:
        tune(self._bench, self._keys, _RECIPE, None, no_progress)

    def drizzle(self) -> None:
        exposure = self._exposure
        sums = CubeSums(self._bench.grid(self._keys, self._band))
        corrected = corrected_values(correct_exposure(exposure, _RECIPE), exposure)
        for values in (native_values(exposure), corrected, values_after(exposure, _RECIPE)):
            add_exposure({self._band: sums}, exposure, SkyMapper(exposure), values)
        sums.finish(1, 2)


def _open_unknown_file() -> None:
    """Compute what the first file takes that was never opened."""
    labels, pixel, position = (np.zeros((1, 2), dtype) for dtype in (np.int16, np.int64, float))
    order = np.zeros(2, dtype=np.int32)
    sort_by_label(
        labels, pixel, pixel, position, position, order, np.zeros(2), np.zeros(2), np.zeros(2, dtype=np.int64)
    )
    put(np.zeros(2), order, np.zeros(2))
    polynomial_2d(np.zeros(2), np.zeros(2), np.ones(3), np.array([False, True]), np.empty(2))
    direction_cosines(np.zeros(2), np.zeros(2), np.empty((3, 2)))
    rotate_unit_vectors(np.zeros(1, dtype=np.int64), np.ones(1), np.zeros(1), np.zeros((3, 2)))
    interpolate(np.zeros(2), np.arange(2.0), np.arange(2.0), np.nan, np.empty(2))


def tiny_exposure(instrument: str) -> Exposure:
    """Two slices side by side that look at a star; dispersion along y for MIRI, along x for NIRSpec."""
    miri = instrument == "MIRI"
    first = 101 if miri else 1
    row, column = np.mgrid[: 2 * _ROWS, :_COLUMNS]
    regions = (first + row // _ROWS).astype(np.int32)
    slit = (row % _ROWS - _ROWS / 2 + column / 100) * _PIXEL
    beta = (regions - first - 0.5) * _WIDTH
    start = 4.9 if miri else 1.7
    wavelength = start + _STEP * column
    star = 5000.0 * np.exp(-0.5 * (slit**2 + beta**2) / 0.2**2)
    sci = (star + 10.0 + np.random.default_rng(0).normal(0.0, 2.0, star.shape)).astype(np.float32)
    err = np.sqrt(sci)
    bands = ("ch1-short",) if miri else ("g235m-f170lp",)

    def framed(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.rot90(array, k=-1) if miri else array)

    # In the detector's frame MIRI's rows run backwards.
    sign = -1 if miri else 1

    def positions(x: Integers, y: Integers, number: Integers) -> PixelPositions:
        along, across = (2 * _ROWS - 1 - x, y) if miri else (y, x)
        centre = (along % _ROWS - _ROWS / 2 + across / 100) * _PIXEL
        side = (number - first - 0.5) * _WIDTH
        xi = centre + sign * _PIXEL * np.array([-0.5, -0.5, 0.5, 0.5])[:, None]
        eta = side + _WIDTH * np.array([-0.5, 0.5, 0.5, -0.5])[:, None]
        lam = start + _STEP * (across + np.array([0.0, -0.5, 0.5])[:, None])
        return PixelPositions(*_sky(xi, eta), np.stack(_sky(centre, side)), lam)

    ra, dec = _sky(slit, beta)
    pixels = {}
    for number in (first, first + 1):
        y, x = np.nonzero(framed(regions) == number)
        pixels[number] = x, y

    def sky_maps() -> Arrays:
        maps = fit_sky_maps(pixels, miri, 0.5, 0.5, positions, None if miri else lambda x, y, number: y)
        assert maps is not None
        return {name: np.asarray(array, order="C") for name, array in vars(maps).items()}

    quarter = np.tile([[-0.25], [0.25]], (2 * _ROWS, 1)) * _PIXEL
    fine = {
        "alpha": PackedFrame.of(np.repeat(slit, 2, axis=0) + quarter),
        "wavelength": PackedFrame.of(np.repeat(wavelength, 2, axis=0)),
    }
    corner_ra, corner_dec = _sky(np.array([-1.0, 1.0, 1.0, -1.0]), np.array([-1.0, -1.0, 1.0, 1.0]))
    widths = {"beta": np.full(4, _WIDTH)} if miri else {"across": np.array(_WIDTH)}
    corners = {"corners": np.stack([corner_ra, corner_dec])}
    known = {
        "slice-widths": lambda: widths,
        "sky-maps": sky_maps,  # made only where it is used, since that takes kernels
        f"extent-{bands[0]}-1": lambda: corners,
        f"extent-{bands[0]}-2": lambda: corners,
    }
    path = Path(f"warm-up_{instrument.lower()}_cal.fits").resolve()
    return Exposure(
        path=path,
        instrument=instrument,
        detector="MIRIFUSHORT" if miri else "NRS1",
        grating="" if miri else "G235M",
        bands=bands,
        unit="MJy/sr",
        sci=framed(sci),
        err=framed(err),
        variances={name: framed(err**2) for name in ("var_rnoise", "var_poisson", "var_flat")},
        dq=np.zeros(framed(sci).shape, dtype=np.uint32),
        regions=framed(regions),
        coordinates=Coordinates(
            read_pixels=lambda: (PackedFrame.of(framed(slit)), PackedFrame.of(framed(wavelength))),
            arcsec=1.0,
            read_sky=lambda: (PackedFrame.of(framed(ra)), PackedFrame.of(framed(dec))),
        ),
        dither=1,
        dithers=1,
        target="",
        footprint="",
        kept=_Known("warm-up", known),
        setting_kept=_Known("warm-up", {"oversampled-2": lambda: pack(fine)}),
        scale=WavelengthScale(),
        file=DataFile(path, FileState(0, 0, 0)),
    )


def _sky(xi: NDArray[Any], eta: NDArray[Any]) -> tuple[Floats, Floats]:
    """RA and Dec [deg] of small offsets [arcsec]."""
    return _RA - xi / 3600.0 / np.cos(np.radians(_DEC)), _DEC + eta / 3600.0
