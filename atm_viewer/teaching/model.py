"""One-dimensional model of resampling noise: a Gaussian on a pixel grid, and its interpolation.

This is the figure by which Law et al. 2023 (AJ 166, 45) explain the effect. Numpy alone is needed, and a few
milliseconds, so that the window can draw it while somebody drags the Gaussian. Lengths are in pixels unless a name or
a unit says otherwise; the Gaussian's peak is 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers
from atm_viewer.engine.psf import SIGMA_TO_FWHM

#: Full width at half maximum of a Gaussian in standard deviations.
HERE = np.zeros(1)  #: distance from the source of the spaxel on it
#: How values between pixels are found.
NEAREST, LINEAR, CUBIC, OVERLAP = METHODS = ("nearest", "linear", "cubic", "overlap")

_KNOTS = 0.5  #: distance of the spline's breakpoints [pixel]
_HALF = 5  #: pixels on each side of the source that a spline is fitted to
_SPLINES = round(2 * _HALF / _KNOTS) + 3
_LEVEL = 1e-9  #: how strongly what no point determines is kept near zero


@dataclass(frozen=True)
class Optics:
    """What is observed, and how it is resampled.

    Parameters
    ----------
    fwhm : float
        Of the source at the middle of the wavelengths [pixel].
    method : str
        One of `METHODS`: value of the nearest pixel, linear or cubic interpolation between pixels, or the mean of the
        pixels weighted by their overlap with the spaxel, as in drizzling.
    spaxel : float
        Size of what is resampled to [pixel].
    dithers : int
        Exposures that are averaged; their pixels are equal parts of a pixel apart.
    oversample : int
        Parts into which the trace model divides each pixel; 1 for none.
    """

    fwhm: float
    method: str = LINEAR
    spaxel: float = 0.66
    dithers: int = 1
    oversample: int = 1


@dataclass(frozen=True)
class Trace:
    """How the source drifts over the pixels, and grows, along wavelength.

    Parameters
    ----------
    start, stop : float
        Wavelengths [um].
    crossed : float
        Pixels that the trace crosses from the one to the other.
    bow : float
        Pixels by which its middle lies off the straight line between its ends.
    growth : float
        FWHM at the last wavelength over that at the first.
    columns : int
        Elements along dispersion.
    """

    start: float
    stop: float
    crossed: float
    bow: float = 0.0
    growth: float = 1.1
    columns: int = 200

    @property
    def part(self) -> Floats:
        """Place of the columns between start (0) and stop (1)."""
        return np.linspace(0.0, 1.0, self.columns)

    @property
    def wavelength(self) -> Floats:
        """Wavelength of the columns [um]."""
        return self.start + (self.stop - self.start) * self.part

    @property
    def drift(self) -> Floats:
        """Place of the trace against that at the start [pixel]."""
        t = self.part
        return self.crossed * t + 4.0 * self.bow * t * (1.0 - t)

    def widths(self, middle: float) -> Floats:
        """FWHM in the columns [pixel], given that in the middle."""
        low = 2.0 * middle / (1.0 + self.growth)
        return low * (1.0 + (self.growth - 1.0) * self.part)


@dataclass(frozen=True, eq=False)
class Sampled:
    """A Gaussian on its pixels, as the figure shows it.

    Parameters
    ----------
    pixels, values : ndarray of float64, shape (n,)
        Centres of the pixels and their values.
    points, resampled : ndarray of float64, shape (m,)
        Centres of the spaxels, one of them on the source, and their values.
    between, curve : ndarray of float64, shape (k,)
        The interpolation between the pixels, on a fine grid.
    """

    pixels: Floats
    values: Floats
    points: Floats
    resampled: Floats
    between: Floats
    curve: Floats


def pixel_means(centres: Floats, fwhm: Floats | float, width: float = 1.0) -> Floats:
    """Mean over pixels of a Gaussian with a peak of 1 at 0.

    Parameters
    ----------
    centres : ndarray
        Centres of the pixels.
    fwhm : ndarray or float
        Full width at half maximum.
    width : float
        Of a pixel.

    Returns
    -------
    ndarray of float64
    """
    sigma = np.asarray(fwhm) / SIGMA_TO_FWHM
    scale = 1.0 / (math.sqrt(2.0) * sigma)
    rise = _erf((centres + width / 2.0) * scale) - _erf((centres - width / 2.0) * scale)
    return sigma * math.sqrt(math.pi / 2.0) / width * rise


def kernel(method: str, distance: Floats, spaxel: float = 1.0) -> Floats:
    """Weight of a pixel in the value at a distance from its centre [pixel]; weights are to be normalised."""
    far = np.abs(distance)
    if method == NEAREST:
        return ((distance >= -0.5) & (distance < 0.5)).astype(float)
    if method == LINEAR:
        return np.clip(1.0 - far, 0.0, None)
    if method == CUBIC:  # cubic convolution, Keys 1981
        near = 1.0 - 2.5 * far**2 + 1.5 * far**3
        return np.where(far < 1.0, near, np.where(far < 2.0, 2.0 - 4.0 * far + 2.5 * far**2 - 0.5 * far**3, 0.0))
    return np.clip((1.0 + spaxel) / 2.0 - far, 0.0, min(1.0, spaxel))


def value_at(phase: Floats, fwhm: Floats | float, optics: Optics, offset: float = 0.0) -> Floats:
    """Value of the spaxel at a distance from the source, without trace models.

    Parameters
    ----------
    phase : ndarray
        Place of the source's centre against that of a pixel [pixel].
    fwhm : ndarray or float
        Of the source, of the same shape or one for all.
    optics : Optics
        The resampling; its own ``fwhm`` does not count.
    offset : float
        Distance of the spaxel's centre from the source.

    Returns
    -------
    ndarray of float64
        Mean over the dithers.
    """
    pixels = np.arange(-_margin(optics.spaxel), _margin(optics.spaxel) + 1.0)
    total = np.zeros(np.shape(phase))
    width = np.asarray(fwhm)[..., None]
    for dither in range(optics.dithers):
        place = np.asarray(phase) + dither / optics.dithers + offset
        centres = pixels - (place - np.round(place))[..., None]  # of pixels, from the spaxel
        weights = kernel(optics.method, -centres, optics.spaxel)
        values = pixel_means(centres + offset, width)
        total += (weights * values).sum(axis=-1) / weights.sum(axis=-1)
    return total / optics.dithers


def model_at(
    phase: Floats,
    fwhm: Floats | float,
    optics: Optics,
    window: int | None = None,
    offsets: Floats = HERE,
) -> Floats:
    """Values of the spaxels at some distances from the source, with trace models.

    The pixels of neighbouring columns, in which the source has other phases, are the points of one profile. A cubic
    spline is fitted to them by least squares; every pixel is divided into parts with the spline's values, and these are
    interpolated. (The step also adds what the spline leaves of each pixel, here next to nothing.)

    Parameters
    ----------
    phase : ndarray, shape (columns,)
        Place of the source's centre against that of a pixel, column by column [pixel].
    fwhm : ndarray or float
        Of the source in the columns.
    optics : Optics
        The resampling, with the parts of a pixel.
    window : int or None
        Columns on each side whose points are fitted with those of a column; None for all.
    offsets : ndarray, shape (offsets,)
        Distances of the spaxels' centres from the source.

    Returns
    -------
    ndarray of float64, shape (offsets, columns)
        Mean over the dithers, each with splines of its own.
    """
    size = optics.oversample
    reach = np.ceil(_margin(optics.spaxel * size))
    total = np.zeros((len(offsets), np.size(phase)))
    for dither in range(optics.dithers):
        source = np.asarray(phase) + dither / optics.dithers
        coefficients = fit_profile(source, fwhm, window)
        for k, offset in enumerate(offsets):
            # Centres of the parts, from the spaxel, in parts of a pixel: the edges of pixels are edges of parts.
            middle = (source + offset + 0.5) * size - 0.5
            parts = np.arange(-reach, reach + 1.0) - (middle - np.round(middle))[:, None]
            weights = kernel(optics.method, -parts, optics.spaxel * size)
            values = spline_values(coefficients, parts / size + offset)
            total[k] += (weights * values).sum(axis=1) / weights.sum(axis=1)
    return total / optics.dithers


def fit_profile(phase: Floats, fwhm: Floats | float, window: int | None = None) -> Floats:
    """Fit a spline to the pixels of many columns, by their distance from the source.

    Parameters
    ----------
    phase, fwhm, window
        As for `model_at`.

    Returns
    -------
    ndarray of float64, shape (columns, n)
        Coefficients of cubic B-splines; the same for all columns without a window.
    """
    points, values = phase_points(phase, fwhm)
    first, weights = _basis(points)
    rows = np.arange(points.shape[1])[:, None]
    design = np.zeros((*points.shape, _SPLINES))
    design[np.arange(points.shape[0])[:, None, None], rows, first[..., None] + np.arange(4)] = weights
    across = np.swapaxes(design, 1, 2)
    normal, right = across @ design, (across @ values[..., None])[..., 0]
    ridge = _LEVEL * np.eye(_SPLINES)
    if window is None:
        solved = np.linalg.solve(normal.sum(axis=0) + ridge, right.sum(axis=0))
        return np.broadcast_to(solved, right.shape)
    sums = [np.concatenate([np.zeros((1, *a.shape[1:])), np.cumsum(a, axis=0)]) for a in (normal, right)]
    at = np.arange(right.shape[0])
    low, high = np.maximum(at - window, 0), np.minimum(at + window + 1, right.shape[0])
    normal, right = (total[high] - total[low] for total in sums)
    return np.linalg.solve(normal + ridge, right[..., None])[..., 0]


def phase_points(phase: Floats, fwhm: Floats | float) -> tuple[Floats, Floats]:
    """Pixels of many columns by their distance from the source; distances and values, shape (columns, n)."""
    pixels = np.arange(1.0 - _HALF, _HALF)
    phase = np.asarray(phase)
    points = pixels - (phase - np.round(phase))[:, None]
    return points, pixel_means(points, np.broadcast_to(fwhm, phase.shape)[:, None])


def spline_values(coefficients: Floats, points: Floats) -> Floats:
    """Values of splines, one for each row of points; 0 beyond what was fitted."""
    first, weights = _basis(points)
    taken = np.take_along_axis(coefficients, (first[..., None] + np.arange(4)).reshape(len(points), -1), axis=1)
    return np.where(np.abs(points) < _HALF, (taken.reshape(weights.shape) * weights).sum(axis=-1), 0.0)


def _basis(points: Floats) -> tuple[Integers, Floats]:
    """First of the four cubic B-splines that are not 0 at some points, and the values of the four."""
    place = (points + _HALF) / _KNOTS
    first = np.clip(np.floor(place).astype(int), 0, _SPLINES - 4)
    t = place - first
    weights = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    return first, np.stack(weights, axis=-1) / 6.0


def sample(phase: float, optics: Optics, half: float = 4.0) -> Sampled:
    """Put a Gaussian at a phase on its pixels, and resample it.

    Parameters
    ----------
    phase : float
        Place of the Gaussian's peak; pixels are centred on whole numbers.
    optics : Optics
        The resampling, by the first dither alone.
    half : float
        What is looked at: so many pixels on both sides of 0.

    Returns
    -------
    Sampled
    """
    pixels = np.arange(-math.ceil(half), math.ceil(half) + 1.0)
    between: Floats = np.linspace(-half, half, 321)
    count = math.ceil(2.0 * half / optics.spaxel)
    points: Floats = phase + optics.spaxel * np.arange(-count, count + 1.0)
    points = points[np.abs(points) <= half]
    one = Optics(optics.fwhm, optics.method, optics.spaxel, 1, optics.oversample)
    curve, resampled = (_resample(phase, one, at) for at in (between, points))
    return Sampled(pixels, pixel_means(pixels - phase, optics.fwhm), points, resampled, between, curve)


def peak_by_phase(optics: Optics, steps: int = 96) -> tuple[Floats, Floats]:
    """Value of the spaxel on the source against the phase of its peak.

    Parameters
    ----------
    optics : Optics
        The resampling.
    steps : int
        Number of phases.

    Returns
    -------
    (ndarray, ndarray) of float64
        Phases from -0.5 to 0.5 [pixel], and values.
    """
    phase = np.linspace(-0.5, 0.5, steps + 1)
    if optics.oversample > 1:
        return phase, model_at(phase, optics.fwhm, optics)[0]
    return phase, value_at(phase, optics.fwhm, optics)


def peak_by_wavelength(phase: float, optics: Optics, trace: Trace, window: int = 20) -> Floats:
    """Value of the spaxel on the source against wavelength, along a tilted trace.

    Parameters
    ----------
    phase : float
        Of the source in the first column [pixel].
    optics : Optics
        The resampling.
    trace : Trace
        The trace.
    window : int
        Columns on each side that a trace model is fitted to.

    Returns
    -------
    ndarray of float64, shape (columns,)
    """
    peaks: Floats = _along(phase, optics, trace, window, HERE)[0]
    return peaks


def aperture_by_wavelength(phase: float, optics: Optics, trace: Trace, radius: float, window: int = 20) -> Floats:
    """Sum of the spaxels within a radius about the source against wavelength, along a tilted trace.

    Parameters
    ----------
    phase, optics, trace, window
        As for `peak_by_wavelength`.
    radius : float
        Of the aperture [pixel]; a spaxel on its edge counts in part.

    Returns
    -------
    ndarray of float64, shape (columns,)
        Values of the spaxels times their size.
    """
    size = optics.spaxel
    last = math.ceil(radius / size)
    offsets = size * np.arange(-last, last + 1).astype(float)
    inside = np.clip(radius + size / 2.0 - np.abs(offsets), 0.0, min(size, 2.0 * radius))
    sums: Floats = inside @ _along(phase, optics, trace, window, offsets)
    return sums


def amplitude(values: Floats) -> float:
    """Half of the range of values over their mean.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Peak against phase or wavelength.

    Returns
    -------
    float
        Fraction.
    """
    return float(np.ptp(values) / 2.0 / np.mean(values))


def flat(values: Floats) -> Floats:
    """Values over their smooth trend, a parabola: what a source that grows with wavelength does is gone."""
    x = np.linspace(-1.0, 1.0, values.size)
    return values / np.polynomial.Polynomial.fit(x, values, 2)(x)


def trace_across(alpha: Floats, wavelength: Floats, place: float) -> tuple[float, Trace] | None:
    """Pixel step and trace of a place in a slice.

    Parameters
    ----------
    alpha, wavelength : ndarray, shape (rows, columns)
        Coordinates of a slice's pixels, dispersion along x [arcsec, um]; NaN outside.
    place : float
        Alpha of the place [arcsec].

    Returns
    -------
    (float, Trace) or None
        Pixel step in arcsec, and the trace without growth; None when the slice has too few columns with the place.
    """
    rows = np.arange(alpha.shape[0], dtype=float)
    found = []
    for column in range(0, alpha.shape[1], max(1, alpha.shape[1] // 24)):
        here = np.isfinite(alpha[:, column]) & np.isfinite(wavelength[:, column])
        a, row = alpha[here, column], rows[here]
        if a.size < 3 or not a.min() <= place <= a.max():
            continue
        order = np.argsort(a)
        lam = float(np.mean(wavelength[here, column]))
        found.append((lam, float(np.interp(place, a[order], row[order])), float(np.median(np.abs(np.diff(a))))))
    if len(found) < 4:
        return None
    lam, row, step = np.array(sorted(found)).T
    t = (lam - lam[0]) / (lam[-1] - lam[0])
    second, first, _ = np.polyfit(t, row, 2)
    return float(np.median(step)), Trace(float(lam[0]), float(lam[-1]), float(first + second), float(-second / 4.0))


def _along(phase: float, optics: Optics, trace: Trace, window: int, offsets: Floats) -> Floats:
    place, widths = phase + trace.drift, trace.widths(optics.fwhm)
    if optics.oversample > 1:
        return model_at(place, widths, optics, window, offsets)
    return np.stack([value_at(place, widths, optics, offset) for offset in offsets])


def _resample(phase: float, optics: Optics, points: Floats) -> Floats:
    """Values at some points of the axis on which pixels are centred on whole numbers."""
    size = optics.oversample
    if size > 1:
        many = np.linspace(-0.5, 0.5, 33)
        coefficients = fit_profile(many, optics.fwhm)[:1]
        half = float(np.abs(points).max()) + 3.0
        centres = (np.arange(-math.ceil(half) * size, math.ceil(half) * size) + 0.5) / size - 0.5
        values = spline_values(coefficients, (centres - phase)[None])[0]
    else:
        half = float(np.abs(points).max()) + 3.0
        centres = np.arange(-math.ceil(half), math.ceil(half) + 1.0)
        values = pixel_means(centres - phase, optics.fwhm)
    weights = kernel(optics.method, (points[:, None] - centres) * size, optics.spaxel * size)
    means: Floats = weights @ values / weights.sum(axis=1)
    return means


def _margin(spaxel: float) -> float:
    """Pixels on each side of a spaxel's centre that may have a weight."""
    return math.ceil(max(2.5, spaxel / 2.0 + 1.0))


@cache
def _erf_table() -> tuple[Floats, Floats]:
    x = np.linspace(-5.0, 5.0, 20001)
    return x, np.array([math.erf(v) for v in x])


def _erf(x: Floats) -> Floats:
    """Error function to 1e-7: from a table, since numpy has none and scipy takes long to import."""
    return np.interp(x, *_erf_table())
