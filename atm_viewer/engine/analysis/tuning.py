"""Makes a recipe automatically: finds where each slice's spline is better than interpolation.

Between two pixels of a column nothing was measured, and there interpolation and spline differ. But the grid of pixels
moves along the slice from column to column, so that other columns have pixels just there, at nearly the same
wavelength. They tell which of the two errs less, without a model of the point-spread function. Noise of the
partner's pixel enters both alike, and is taken off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers
from atm_viewer.engine.io.slices import SliceData
from atm_viewer.engine.kernels import tuning as kernels
from atm_viewer.engine.progress import Progress, no_progress
from atm_viewer.engine.recipe import FitParams, Recipe
from atm_viewer.engine.results.tuning import SliceTuning, Tuning
from atm_viewer.engine.statistics import MAD_TO_SIGMA
from atm_viewer.engine.threads import in_threads, loading
from atm_viewer.engine.trace.line_columns import line_columns
from atm_viewer.engine.trace.prepared import Prepared
from atm_viewer.engine.trace.trace_fit import TraceFit, fit_slice

#: Columns are compared with those whose pixels lie at least so far from their own [pixel], which is where fine pixels
#: lie when a pixel is divided by three, and at most so far in wavelength, over the wavelength.
LEAST_SHIFT, FARTHEST = 0.3, 0.05
#: Every so many columns one is compared: neighbours tell the same.
STRIDE = 2
#: Part of the comparisons of a bin that counts: the largest errors are bad pixels and lines.
KEPT = 0.9
#: Errors are compared about their mean over wavelength in bins of this part of a native pixel.
SUBPIXEL = 0.25
#: The noise of the pixels that tell the errors is taken off their mean squares, of which this part remains at least.
LEAST = 0.02
#: Errors of this part of the flux and less are all alike.
NEGLIGIBLE = 1e-3
#: A bin needs so many comparisons.
FEWEST = 60
#: Mean square of the spline's error, over that of interpolation, up to which the spline is used.
BETTER = 0.8
#: Beside a bin where it is used, the spline is used up to here: a gap of a pixel would not be interpolated any better.
HOLD = 1.0
#: Harmonics of the period of a pixel, and degree of the polynomial, that a slice's column sums are split into; less
#: drift than this [pixel] does not tell them apart.
HARMONICS, DEGREE, LEAST_DRIFT = 4, 8, 1.5
#: Parts of the mode's breakpoints that are tried for MIRI where these are more than so many per native pixel, as in
#: channel 1: its pixels are too far apart for them. In NIRSpec windows are twice as wide where the grid of pixels moves
#: too little within one for every place to be seen at each phase. (In MIRI wide windows take long to fit.)
FEWER, DENSE = (5 / 6, 13 / 18), 1.6
#: Other splines are taken when they gain more than this, see `_gain`.
GAIN = 0.02


@dataclass(frozen=True, eq=False)
class _Errors:
    """Mean square errors of a slice over the brightness of its columns, by bin of one native pixel.

    They include the noise of what is compared, but not that of the pixels it is compared with.

    Parameters
    ----------
    bins : ndarray of int64, shape (n,)
        Whole numbers of native pixels at which they begin.
    squares : ndarray of float64, shape (3, n)
        Of interpolation, spline with interpolated residual, and spline alone.
    varying : ndarray of float64, shape (3, n)
        The same about the mean at the same alpha: an error that stays is no oscillation.
    flux : ndarray of float64, shape (n,)
        Mean flux, over the brightness of its columns.
    """

    bins: np.ndarray
    squares: np.ndarray
    varying: np.ndarray
    flux: np.ndarray


def every_slice(recipe: Recipe) -> Recipe:
    """Return the recipe by which slices are fitted to be tuned: as another, but whatever their signal is."""
    overrides = tuple(replace(o, fit_threshold=None) for o in recipe.overrides)
    return replace(recipe, fit_threshold=0.0, psf_optimal=False, overrides=overrides)


def tune_exposure(
    prepared: Prepared, fits: Mapping[int, TraceFit], progress: Progress | None = None, single: bool = False
) -> list[SliceTuning]:
    """Find where to use the splines of an exposure.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fits : mapping of int to TraceFit
        Trace models of the slices that are wanted, see `every_slice`.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.
    single : bool
        Whether no other exposure sees the same field. Then the outermost pixels of slices are kept: without them
        spaxels at the edge of the field lose planes in step with the grid of pixels, and oscillate more than before.
        With dithers others see these spaxels better.

    Returns
    -------
    list of SliceTuning
        In the order of the slices.
    """
    progress, ends = progress or no_progress, prepared.exposure.column_wavelengths
    found = in_threads(
        lambda number: tune_slice(prepared, fits[number], ends[number].mean(axis=0)),
        fits,
        lambda number, fraction: progress(f"Tuning slice {number}", fraction),
    )
    return [replace(one, keeps_edges=single) for one in found]


def tuned(recipe: Recipe, found: Sequence[SliceTuning]) -> Tuning:
    """Make a recipe of what was found.

    Parameters
    ----------
    recipe : Recipe
        What it begins with: values for all slices stay, but for ``psf_optimal``, and so do overrides of other slices,
        windows and breakpoints.
    found : sequence of SliceTuning
        What was found.

    Returns
    -------
    Tuning
    """
    recipe = replace(recipe, psf_optimal=False)
    for one in found:
        residual = None if one.residual == recipe.residual else one.residual
        own = replace(recipe.override(one.number, one.exposure), use=one.use, residual=residual)
        if one.keeps_edges and recipe.edges != "keep":
            own = replace(own, edges="keep")
        if one.use:
            window, breakpoints = one.window or own.window, one.breakpoints or own.breakpoints
            own = replace(own, fit_threshold=0.0, window=window, breakpoints=breakpoints)
        recipe = recipe.with_override(own)
    return Tuning(recipe, tuple(found))


def tune_slice(prepared: Prepared, fit: TraceFit, wavelength: np.ndarray) -> SliceTuning:
    """Find which splines suit one slice, and where to use them.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fit : TraceFit
        Trace model of the slice. Others are tried unless its parameters ask for a window or breakpoints.
    wavelength : ndarray, shape (columns,)
        Wavelength of its columns.

    Returns
    -------
    SliceTuning
    """
    data, step = prepared.slices[fit.number], float(prepared.slices[fit.number].native_step)
    nothing = SliceTuning(prepared.exposure.name, fit.number)
    errors = _measure(data, fit, wavelength) if fit.has_splines else None
    if errors is None:
        return nothing
    chosen = fit
    for params, better in _trials(data, fit, wavelength, prepared.exposure.instrument):
        trial = fit_slice(data, params, prepared.defaults, -np.inf)
        found = _measure(data, trial, wavelength) if trial.has_splines else None
        if found is None or not (better or _gain(errors, found) > GAIN):
            break
        chosen, errors = trial, found
    by_spline = _better(errors.squares[1], errors.squares[0])
    # The spline alone does not change with the grid: what it errs by everywhere alike is no resampling noise.
    interpolation, spline, alone = errors.varying
    by_alone = by_spline | _better(alone, interpolation)
    without = np.log(alone / np.where(by_spline, spline, interpolation))[by_alone].sum() < 0
    residual, used = ("lines", by_alone) if without else ("interpolated", by_spline)
    at = used if used.any() else np.ones(used.size, dtype=bool)
    squares = errors.varying if without else errors.squares
    level = np.sqrt(np.median(squares[:, at] / np.maximum(errors.flux[at], 1e-9) ** 2, axis=1))
    use = _ranges(errors.bins, used, data, step, prepared.exposure.coordinates.arcsec)
    extent = float(np.nanmax(data.alpha) - np.nanmin(data.alpha)) * prepared.exposure.coordinates.arcsec
    share = min(sum(high - low for low, high in use) / extent, 1.0)
    return replace(
        nothing,
        use=use,
        share=share,
        residual=residual,
        window=None if chosen is fit else chosen.params.window,
        breakpoints=None if chosen is fit else chosen.params.breakpoints,
        interpolation=float(level[0]),
        spline=float(level[1]),
        alone=float(level[2]),
        line_columns=int(line_columns(data, chosen).sum()) if without else 0,
    )


def _better(errors: Floats, others: Floats) -> np.ndarray:
    """Where errors are clearly less than others, and on from there as far as they are no more."""
    with loading():
        from scipy.ndimage import binary_propagation

    found: np.ndarray = binary_propagation(errors < BETTER * others, mask=errors < HOLD * others)
    return found


def _trials(
    data: SliceData, fit: TraceFit, wavelength: np.ndarray, instrument: str
) -> Iterator[tuple[FitParams, bool]]:
    """Parameters of other splines to try for a slice, until one is no better, and whether it is known to be."""
    if fit.params.window is not None or fit.params.breakpoints is not None:
        return
    if instrument == "MIRI":
        pixels = float(np.nanmax(data.alpha) - np.nanmin(data.alpha)) / float(data.native_step)
        for part in FEWER if fit.breakpoints > DENSE * pixels else ():
            yield replace(fit.params, breakpoints=round(part * fit.breakpoints)), False
    elif _drift(data, fit.window) < LEAST_DRIFT and _reach(wavelength, 2 * fit.window) < FARTHEST:
        # Errors cannot tell: the columns that are compared lie within the window, and narrow ones follow them best.
        yield replace(fit.params, window=2 * fit.window), True


def _drift(data: SliceData, window: int) -> float:
    """How far the grid of pixels moves along the slice within a window [pixel]: its median over the columns."""
    row = middle_rows(data)
    if row.size <= 2 * window:
        return np.inf
    moved = np.abs(row[2 * window :] - row[: -2 * window])
    return float(np.nanmedian(moved)) if np.isfinite(moved).any() else np.inf


def _reach(wavelength: np.ndarray, window: int) -> float:
    """How far a window reaches to each side in wavelength, over the wavelength: its median over the columns."""
    if wavelength.size <= window:
        return np.inf
    reach = np.abs(wavelength[window:] - wavelength[:-window]) / wavelength[window:]
    return float(np.nanmedian(reach)) if np.isfinite(reach).any() else np.inf


def _gain(errors: _Errors, others: _Errors) -> float:
    """How much less other splines err, as they are used best: mean logarithm of the mean squares' ratio."""
    _, here, there = np.intersect1d(errors.bins, others.bins, return_indices=True)
    if not here.size:
        return 0.0
    ratio = np.log(errors.varying[:, here].min(axis=0) / others.varying[:, there].min(axis=0))
    return float(ratio.mean())


def column_levels(data: SliceData, row: np.ndarray) -> np.ndarray:
    """Brightness of a slice's columns, free of what depends on where its pixels lie.

    The sum over a column's pixels changes as pixels enter and leave the slice and as a sharp profile moves across
    them. That part has the period of a pixel and is taken off; lines and continuum stay.

    Parameters
    ----------
    data : SliceData
        The slice.
    row : ndarray of float64, shape (columns,)
        Row in which each column passes the slice's middle.

    Returns
    -------
    ndarray of float64, shape (columns,)
        NaN where unknown.
    """
    level = np.where(data.norm > 0, data.norm, np.nan).astype(float)
    good = np.isfinite(row) & np.isfinite(level)
    if good.sum() < 4 * (DEGREE + 2 * HARMONICS) or np.ptp(row[good]) < LEAST_DRIFT:
        return level
    angle = 2 * np.pi * np.nan_to_num(row)[:, None] * np.arange(1, HARMONICS + 1)
    waves = np.hstack([np.cos(angle), np.sin(angle)])
    x = np.linspace(-1, 1, level.size)
    terms = np.hstack([waves, np.polynomial.legendre.legvander(x, DEGREE)])
    logarithm = np.log(level, where=good, out=np.zeros(level.size))
    kept = good
    for _ in range(8):
        normal = terms[kept].T @ terms[kept]
        solution = np.linalg.solve(
            normal + 1e-9 * np.trace(normal) * np.eye(len(normal)), terms[kept].T @ logarithm[kept]
        )
        rest = np.abs(logarithm - terms @ solution)
        near = good & (rest < 3 * MAD_TO_SIGMA * np.median(rest[kept]) + 1e-9)
        if near.sum() < good.sum() / 2 or (near == kept).all():
            break
        kept = near
    levels: Floats = level * np.exp(-waves @ solution[: 2 * HARMONICS])
    return levels


def middle_rows(data: SliceData) -> np.ndarray:
    """Row in which each column of a slice passes its middle; NaN where it does not."""
    row = np.empty(data.alpha.shape[1])
    kernels.rows_of(data.alpha, float(np.nanmedian(data.alpha)), row)
    return row


def _measure(data: SliceData, fit: TraceFit, wavelength: np.ndarray) -> _Errors | None:
    """Errors between the pixels of a slice; None when too few columns can be compared."""
    row = middle_rows(data)
    out = np.empty((7, 2 * data.alpha.size // STRIDE + 2 * data.alpha.shape[0]))
    splines = fit.source, fit.knots, fit.intervals, fit.poly, fit.scale, fit.bounds
    count = kernels.compare_columns(
        data.alpha,
        data.flux,
        column_levels(data, row),
        row,
        wavelength,
        *splines,
        STRIDE,
        LEAST_SHIFT,
        FARTHEST,
        out,
    )
    if count < FEWEST:
        return None
    alpha, side, errors = out[0, :count], out[1, :count].astype(np.int64), np.ascontiguousarray(out[2:5, :count])
    step = float(data.native_step)
    first, places, place = _numbered(alpha / step)
    _, groups, group = _numbered(alpha / (SUBPIXEL * step))
    counted, squares = np.empty(places, dtype=np.int64), np.empty((2, 3, places))
    by_side, by_place = _sorted(2 * group + side, 2 * groups), _sorted(place, places)
    kernels.mean_squares(errors, *by_side, *by_place, KEPT, counted, squares)
    enough = counted >= KEPT * FEWEST
    if not enough.any():
        return None
    with np.errstate(invalid="ignore"):
        flux = np.bincount(place, out[5, :count], places) / np.bincount(place, minlength=places)
    even, varying = squares[:, :, enough]
    noise = _noise(out[6, :count], place, np.flatnonzero(enough))
    negligible = np.square(NEGLIGIBLE * flux[enough])
    even, varying = (np.maximum(errors - noise, LEAST * errors) + negligible for errors in (even, varying))
    return _Errors(first + np.flatnonzero(enough), even, varying, flux[enough])


def _noise(differences: Floats, place: np.ndarray, places: np.ndarray) -> Floats:
    """Variance of the noise of pixels at some places, of what each differs by from the mean of its neighbours."""
    known = np.isfinite(differences)
    of = (np.square(differences[known & (place == p)]) for p in places)
    # Squares of noise have a median of 0.455 times their mean, and these differences 1.5 times a pixel's variance.
    return np.array([np.median(squares) / (0.455 * 1.5) if squares.size else 0.0 for squares in of])


def _sorted(labels: Integers, count: int) -> tuple[Integers, Integers]:
    """Order of labels from 0 to below a count, and where each begins in it."""
    order = np.argsort(labels, kind="stable")
    return order, np.searchsorted(labels[order], np.arange(count + 1))


def _numbered(values: np.ndarray) -> tuple[int, int, np.ndarray]:
    """Whole parts of values: the least one, how many there are, and each from 0."""
    whole = np.floor(values).astype(np.int64)
    first = int(whole.min())
    return first, int(whole.max()) - first + 1, whole - first


def _ranges(
    bins: np.ndarray, used: np.ndarray, data: SliceData, step: float, arcsec: float
) -> tuple[tuple[float, float], ...]:
    """Ranges [arcsec] of the bins where the spline is used; those beyond the outermost bins do as these."""
    low, high = (int(np.floor(float(edge(data.alpha)) / step)) for edge in (np.nanmin, np.nanmax))
    every = np.arange(low, high + 1)
    # Bins without comparisons do as the nearest one with them.
    nearest = np.abs(every[:, None] - bins).argmin(axis=1)
    on = np.concatenate([[False], used[nearest], [False]])
    edges = np.flatnonzero(np.diff(on.astype(int)))
    ends = (low + edges.reshape(-1, 2)) * step * arcsec
    return tuple((round(float(a), 4), round(float(b), 4)) for a, b in ends)
