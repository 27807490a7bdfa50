"""Result types with a known content and honest shapes, for tests of the views: no pipeline, no engine."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.correction import CorrectionReport, SliceReport
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.session.edits.variants import ShownSpectra, Variant

UNIT = "MJy/sr"
THRESHOLD = 21.0
LEVEL = (1.0, 2.0)  #: clipped mean and sigma behind it: 10 sigma
WINDOW = 50
#: Slice and alpha [arcsec] of the star.
STAR = {"MIRI": (112, -0.9), "NIRSPEC": (16, 0.4)}


def make_exposure(instrument: str = "MIRI", seed: int = 1) -> ExposureView:
    """Make an exposure with one star: MIRI [1024, 1032], slices along y; NIRSpec [2048, 2048], slices along x."""
    along, across = (1024, 1032) if instrument == "MIRI" else (2048, 2048)
    column = np.arange(along)
    position = np.arange(across)[:, None]
    regions = np.zeros((across, along), np.int32)
    alpha = np.full((across, along), np.nan, np.float32)
    for number, low, width, scale, bend in _layout(instrument):
        start = low + bend * ((column - along / 2) / (along / 2)) ** 2
        inside = (position >= start) & (position < start + width)
        regions[inside] = number
        alpha[inside] = ((position - (start + (width - 1) / 2)) * scale)[inside]
    inside = regions > 0
    first, last = (4.9, 5.74) if instrument == "MIRI" else (1.66, 3.17)
    wavelength = np.where(inside, first + (last - first) * column / along, np.nan).astype(np.float32)
    number, _centre = STAR[instrument]
    step = 0.17 if instrument == "MIRI" else 0.1
    beta = np.where(inside, (regions % 100 - number % 100) * step, np.nan)
    sci = star_flux(instrument, regions, alpha).astype(np.float32)
    rng = np.random.default_rng(seed)
    sci += rng.normal(2.0, 1.5, sci.shape).astype(np.float32)
    dq = np.zeros(sci.shape, np.uint32)
    bad = rng.random(sci.shape) < 0.003
    dq[bad] |= 1 | 1 << 10
    jump = rng.random(sci.shape) < 0.01
    dq[jump] |= 4
    dq[~inside] |= 1 | 512
    sci[bad] = np.nan
    dec = -5.0 + np.where(inside, alpha, np.nan) / 3600.0
    ra = 83.6 + beta / 3600.0 / np.cos(np.radians(-5.0))
    images = [sci, dq, regions, alpha, wavelength, ra, dec]
    if instrument == "MIRI":
        images = [np.ascontiguousarray(image.T) for image in images]
    detector, bands = (
        ("MIRIFUSHORT", ("ch1-short", "ch2-short")) if instrument == "MIRI" else ("NRS1", ("g235m-f170lp",))
    )
    return ExposureView(
        f"/data/{instrument}_cal.fits", instrument, instrument, detector, bands, 1, 4, "star", UNIT, *images
    )


def _layout(instrument: str) -> list[tuple[int, float, float, float, float]]:
    """Number, lower edge, width [pixel], scale [arcsec/pixel] and bend [pixel] of each slice."""
    if instrument == "MIRI":
        order1 = [n for pair in zip(range(101, 112), range(111, 122), strict=True) for n in pair][:21]
        first = [(n, 12.0 + 24.0 * k, 20.0, 0.196, -8.0) for k, n in enumerate(dict.fromkeys(order1))]
        second = [(201 + k, 540.0 + 28.0 * k, 24.0, 0.196, 10.0) for k in range(17)]
        return first + second
    return [(n, 30.0 + 66.0 * (n - 1), 34.0, 0.1, 6.0) for n in range(1, 31)]


def star_flux(instrument: str, regions: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Surface brightness of the star [MJy/sr]; 0 outside of slices."""
    number, centre = STAR[instrument]
    same = regions // 100 == number // 100
    step = 0.17 if instrument == "MIRI" else 0.1
    off = (regions % 100 - number % 100) * step
    light = 7800.0 * np.exp(-0.5 * ((alpha - centre) ** 2 + off**2) / 0.16**2)
    return np.where(same & (regions > 0), light, 0.0)


def star_pixel(view: ExposureView, column: int) -> tuple[int, int]:
    """Zero-based (x, y) of the star's brightest pixel in a column."""
    number, _ = STAR[view.instrument]
    sci, regions = (view.sci, view.regions) if view.dispersion_axis == 0 else (view.sci.T, view.regions.T)
    across = int(np.nanargmax(np.where(regions[column] == number, sci[column], np.nan)))
    return (across, column) if view.dispersion_axis == 0 else (column, across)


def make_slice_report(instrument: str = "MIRI", number: int | None = None, **changes) -> SliceReport:
    """Report on a slice: the collapsed profile is the star's light at the slice's distance from it."""
    star, centre = STAR[instrument]
    number = star if number is None else number
    step = 0.17 if instrument == "MIRI" else 0.1
    alpha = np.linspace(-1.8, 1.8, 19)
    fine = 7800.0 * np.exp(-0.5 * ((alpha - centre) ** 2 + ((number - star) * step) ** 2) / 0.16**2)
    flux = fine * (number // 100 == star // 100) + 2.0 + 0.3 * np.sin(9 * alpha)
    peak = float(flux.max())
    fitted = peak > THRESHOLD
    columns = 1024 if instrument == "MIRI" else 2048
    values = {
        "number": number,
        "band": "ch1-short" if instrument == "MIRI" else "g235m-f170lp",
        "peak": peak,
        "threshold": THRESHOLD,
        "fitted": columns - 3 if fitted else 0,
        "reused": 3 if fitted else 0,
        "sparse": 0,
        "few": 0,
        "empty": 0,
        "used": 0.39 if fitted else 0.0,
        "reason": f"peak {peak:.3g} {'>' if fitted else '<'} {THRESHOLD:g} {UNIT}",
        "alpha": alpha,
        "flux": flux,
        "window": WINDOW,
        "breakpoints": 36,
        "compact": ((centre - 0.45, centre + 0.45),) if fitted else (),
    }
    return SliceReport(**{**values, **changes})


def make_report(view: ExposureView) -> CorrectionReport:
    """Report on an exposure, with the star's own light as trace model."""
    numbers = view.slices
    slices = tuple(make_slice_report(view.instrument, n) for n in numbers)
    fitted = [s.number for s in slices if s.fitted]
    light = star_flux(view.instrument, view.regions, np.nan_to_num(view.alpha))
    near = np.abs(view.alpha - STAR[view.instrument][1]) < 0.45
    trace = np.where(np.isin(view.regions, fitted) & near, light + 2.0, np.nan).astype(np.float32)
    return CorrectionReport(view.key, slices, trace, 0.6)


def make_profile(instrument: str = "MIRI", column: int = 512, fate: Fate = Fate.FITTED, **changes) -> SliceProfile:
    """Profile of a column of the star's slice; a spline unless the fate says otherwise."""
    number, centre = STAR[instrument]
    rng = np.random.default_rng(column)
    pixels, pitch = (20, 0.196) if instrument == "MIRI" else (34, 0.1)
    distance = np.repeat(np.arange(-WINDOW, WINDOW + 1), pixels).astype(np.int32)
    start = -pixels * pitch / 2 + 0.0041 * distance
    alpha = start + np.tile(np.arange(pixels), 2 * WINDOW + 1) * pitch
    flux = shape(alpha, centre) + rng.normal(0, 0.0015, alpha.size)
    rejected = rng.random(alpha.size) < 0.012
    flux[rejected] += rng.uniform(0.02, 0.2, rejected.sum())
    has = fate in (Fate.FITTED, Fate.REUSED)
    bounds = (float(alpha.min()), float(alpha.max())) if has else (np.nan, np.nan)
    pixels_alpha = -pixels * pitch / 2 + np.arange(pixels) * pitch
    columns = 1024 if instrument == "MIRI" else 2048
    grid = np.linspace(*bounds, 400) if has else np.empty(0)
    values = {
        "exposure": f"/data/{instrument}_cal.fits",
        "number": number,
        "column": column,
        "fate": fate,
        "reused_from": column - 7 if fate is Fate.REUSED else -1,
        "wavelength": 5.3121,
        "alpha": alpha,
        "flux": flux,
        "distance": distance,
        "rejected": rejected & has,
        "spline_alpha": grid,
        "spline_flux": shape(grid, centre),
        "breakpoints": np.linspace(*bounds, 38)[1:-1] if has else np.empty(0),
        "bounds": bounds,
        "norm": 15600.0,
        "scale": 15590.0 if has else np.nan,
        "pixels": pixels_alpha if has else np.empty(0),
        "slope": np.abs(np.diff(shape(pixels_alpha, centre), prepend=0.002)) if has else np.empty(0),
        "counted": (np.abs(np.arange(pixels) - (pixels - 1) / 2) < pixels / 2 - 3) if has else np.empty(0, bool),
        "use": ((centre - 0.45, centre + 0.45),) if has else (),
        "reach": 1.7,
        "window": WINDOW,
        "level": LEVEL,
        "fates": np.full(columns, fate, np.uint8),
        "wavelengths": np.linspace(4.9, 5.74, columns).astype(np.float32),
    }
    return SliceProfile(**{**values, **changes})


def shape(alpha: np.ndarray, centre: float) -> np.ndarray:
    """Normalised profile of the star on faint emission."""
    return 0.5 * np.exp(-0.5 * ((alpha - centre) / 0.16) ** 2) + 0.002


def make_sky() -> SkyImage:
    """Field of 41 by 51 spaxels with one star, north-east of the tangent point at (+0.52, +1.04) arcsec."""
    spaxel, x0, y0 = 0.13, 22.0, 20.0
    y, x = np.mgrid[0:51, 0:41].astype(float)
    east, north = (x0 - x) * spaxel, (y - y0) * spaxel
    image = 7400.0 * np.exp(-0.5 * ((east - 0.52) ** 2 + (north - 1.04) ** 2) / 0.2**2) + 3.0
    image += np.random.default_rng(3).normal(0, 1.0, image.shape)
    image[np.abs(east + north) + np.abs(east - north) > 5.6] = np.nan
    sky = SkyImage("ch1-short", image.astype(np.float32), UNIT, 83.6, -5.0, x0, y0, spaxel, (0.0, 0.0))
    ra, dec = sky.position(0.52, 1.04)
    return SkyImage(sky.band, sky.image, sky.unit, sky.ra, sky.dec, x0, y0, spaxel, (float(ra), float(dec)))


def make_spectra(noise_after: float = 0.014, n: int = 1050) -> SpaxelSpectra:
    """Spectra of a spaxel: an oscillation before, little of it after, absorption lines, and a gap of NaN."""
    wave = np.linspace(4.9, 5.74, n)
    light = 12000.0 * (wave / 5.3) ** -2.2
    for line, depth in ((5.05, 0.08), (5.33, 0.2), (5.61, 0.05)):
        light = light * (1 - depth * np.exp(-0.5 * ((wave - line) / 0.002) ** 2))
    rng = np.random.default_rng(5)
    wave_form = 0.1 * np.sin(2 * np.pi * (wave - 4.9) / 0.09 * (1 + wave - 4.9))
    before = light * (1 + wave_form + rng.normal(0, 0.004, n))
    after = light * (1 + 0.1 * wave_form + rng.normal(0, 0.004, n))
    aperture = light * 2.37e-5 * (1 + rng.normal(0, 0.002, n)) * (1 + 0.15 * (wave - 5.3))
    for values in (before, after):
        values[:4] = np.nan
        values[600:612] = np.nan
    return SpaxelSpectra(
        "ch1-short", 83.60014506, -4.99971111, (18, 28), UNIT, 0.13**2 * 2.3504e-11, wave, before, after,
        0.006 * before, 0.005 * after, 0.65, aperture, aperture * 1.001, 0.003 * aperture, 0.003 * aperture,
        0.082, noise_after,
    )  # fmt: skip


def make_shown(
    spectra: SpaxelSpectra | None, variant: str = "A", place: int = 1, stale: bool = False, label: str = ""
) -> ShownSpectra:
    """Spectra as the session tells them."""
    return ShownSpectra(Variant(variant, Recipe(), label), place, spectra, stale)
