"""Trace models: the splines fitted to the columns of a slice, and why a column has one or not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.defaults import ModeDefaults
from atm_viewer.engine.kernels import trace as kernels
from atm_viewer.engine.kernels.spline import evaluate_sorted
from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.reports import Fate
from atm_viewer.engine.slices import SliceData


@dataclass(frozen=True, eq=False)
class TraceFit:
    """Splines of one slice.

    Parameters
    ----------
    number : int
        Slice number.
    threshold : float
        Flux the slice's peak had to exceed [unit of the exposure]; ``-inf``: none.
    window, breakpoints, require_ngood : int
        Values in force.
    fate : ndarray of int64, shape (columns,)
        `Fate` of each column.
    source : ndarray of int64, shape (columns,)
        Column whose spline is used; -1: none.
    knots : ndarray of float64, shape (columns, 4)
        First knot, first inner knot, their distance, last knot, where ``source`` is the column itself.
    intervals : ndarray of int64, shape (columns,)
        Number of spline intervals.
    poly : ndarray of float64, shape (columns, n, 4)
        Splines as polynomials per interval, see `atm_viewer.engine.kernels.spline`.
    scale : ndarray of float64, shape (columns,)
        Factor from the normalised spline to the column's flux; NaN without a spline.
    bounds : ndarray of float64, shape (columns, 2)
        Range of alpha in which the spline holds; NaN without a spline.
    rejected : ndarray of int64, shape (columns,)
        Points of the window that the last fit left out.
    """

    number: int
    threshold: float
    window: int
    breakpoints: int
    require_ngood: int
    fate: np.ndarray
    source: np.ndarray
    knots: np.ndarray
    intervals: np.ndarray
    poly: np.ndarray
    scale: np.ndarray
    bounds: np.ndarray
    rejected: np.ndarray

    @property
    def has_splines(self) -> bool:
        """Whether any column has a spline."""
        return bool((self.source >= 0).any())


@dataclass(frozen=True, eq=False)
class WindowFit:
    """The fit of one column as the spline saw it, in normalised flux.

    Parameters
    ----------
    alpha, flux : ndarray, shape (n,)
        Points of the window, sorted by alpha.
    column : ndarray of int64, shape (n,)
        Columns they come from.
    rejected : ndarray of bool, shape (n,)
        Points that the last fit left out; all True where there is no fit.
    """

    alpha: np.ndarray
    flux: np.ndarray
    column: np.ndarray
    rejected: np.ndarray


def fit_slice(data: SliceData, params: FitParams, defaults: ModeDefaults, threshold: float) -> TraceFit:
    """Fit splines to every column of a slice (``_fit_one_region``, ``fit_2d_spline_trace``).

    Parameters
    ----------
    data : SliceData
        The slice.
    params : FitParams
        ``window`` and ``breakpoints`` replace the mode's values.
    defaults : ModeDefaults
        The mode's values.
    threshold : float
        Flux that the slice's peak must exceed, see `Background.threshold`.

    Returns
    -------
    TraceFit
        Without splines when the slice is below the threshold.
    """
    columns = data.flux.shape[1]
    breakpoints, require_ngood = _spline_size(data, params, defaults)
    fitting = data.over_threshold(threshold)
    room = columns if fitting else 0
    fit = TraceFit(
        number=data.number,
        threshold=threshold,
        window=params.window or defaults.window,
        breakpoints=breakpoints,
        require_ngood=require_ngood,
        fate=np.full(columns, Fate.EMPTY, dtype=np.int64),
        source=np.full(columns, -1, dtype=np.int64),
        knots=np.full((room, 4), np.nan),
        intervals=np.zeros(room, dtype=np.int64),
        poly=np.zeros((room, breakpoints + 4, 4)),
        scale=np.full(columns, np.nan),
        bounds=np.full((columns, 2), np.nan),
        rejected=np.zeros(columns, dtype=np.int64),
    )
    if not fitting:
        fit.fate[np.isfinite(data.flux).any(axis=0)] = Fate.BELOW_THRESHOLD
        return fit
    tied = np.zeros(columns, dtype=bool)
    kernels.fit_columns(
        data.alpha,
        data.trimmed,
        _scaled(data),
        defaults.column_order(columns),
        fit.window,
        breakpoints,
        require_ngood,
        defaults.space_ratio,
        defaults.sigma,
        defaults.iterations,
        _is_single(data),
        fit.fate,
        fit.source,
        fit.knots,
        fit.intervals,
        fit.poly,
        fit.scale,
        fit.bounds,
        fit.rejected,
        tied,
    )
    _settle_ties(data, fit, defaults, np.flatnonzero(tied))
    return fit


def fit_column_window(data: SliceData, fit: TraceFit, defaults: ModeDefaults, column: int) -> WindowFit:
    """Repeat the fit of one column and tell which points it rejected.

    Parameters
    ----------
    data : SliceData
        The slice.
    fit : TraceFit
        Its splines.
    defaults : ModeDefaults
        The mode's values.
    column : int
        The column.

    Returns
    -------
    WindowFit
    """
    alpha, flux, columns = _window_points(data, fit.window, column)
    rejected = np.ones(alpha.size, dtype=bool)
    if fit.fate[column] == Fate.FITTED:
        rejected[_fit_points(data, fit, defaults, alpha, flux)[0]] = False
    return WindowFit(alpha, flux, columns, rejected)


def _window_points(data: SliceData, window: int, column: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Alpha, normalised flux and column of a window's points, sorted exactly as the pipeline sorts them."""
    start, stop = max(column - window, 0), min(column + window, data.flux.shape[1])
    alpha = data.alpha[:, start:stop]
    flux = _scaled(data)[:, start:stop]
    finite = np.isfinite(alpha) & np.isfinite(flux)
    columns = np.broadcast_to(np.arange(start, stop), alpha.shape)[finite]
    order = np.argsort(alpha[finite])
    return alpha[finite][order].astype(float), flux[finite][order].astype(float), columns[order]


def _fit_points(
    data: SliceData, fit: TraceFit, defaults: ModeDefaults, alpha: np.ndarray, flux: np.ndarray
) -> tuple[np.ndarray, int, np.ndarray, np.ndarray]:
    """Indices of the points used, intervals, knots and polynomials of a window that is known to have a fit."""
    n = alpha.size
    used = np.empty(n, dtype=np.int64)
    scratch = np.empty((5, max(n, 5 * (fit.breakpoints + 12))))
    knots, poly = np.empty(4), np.zeros((fit.breakpoints + 4, 4))
    for breakpoints in (fit.breakpoints, fit.breakpoints - 3):
        status, intervals, count, _ = kernels.fit_window(
            alpha,
            flux,
            n,
            breakpoints,
            defaults.space_ratio,
            defaults.sigma,
            defaults.iterations,
            _is_single(data),
            knots,
            poly,
            used,
            scratch,
        )
        if status == 1:
            return used[:count], intervals, knots, poly
    raise ValueError("the window has no fit")


def _settle_ties(data: SliceData, fit: TraceFit, defaults: ModeDefaults, tied: np.ndarray) -> None:
    """Fit columns again, in place, whose outcome depends on the order of points with equal alpha.

    The pipeline's order is that of numpy's unstable sort, so these windows go through numpy's sort.
    """
    for column in tied:
        alpha, flux, _ = _window_points(data, fit.window, column)
        used, fit.intervals[column], fit.knots[column], fit.poly[column] = _fit_points(
            data, fit, defaults, alpha, flux
        )
        fit.rejected[column] = alpha.size - used.size
    scratch = np.empty((4, data.flux.shape[0]))
    for column in np.flatnonzero(np.isin(fit.source, tied)):
        source = fit.source[column]
        t = np.empty(fit.intervals[source] + 7)
        kernels.make_knots(fit.knots[source], fit.intervals[source], t)
        fit.scale[column] = kernels.column_scale(
            data.alpha, data.trimmed, column, *fit.bounds[column], t, fit.intervals[source], fit.poly[source], scratch
        )


def evaluate_column(fit: TraceFit, column: int, alpha: np.ndarray) -> np.ndarray:
    """Evaluate the normalised spline of a column.

    Parameters
    ----------
    fit : TraceFit
        Splines of the slice.
    column : int
        The column.
    alpha : ndarray, shape (n,)
        Ascending positions, in the pipeline's unit.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN outside of the bounds and where there is no spline.
    """
    values = np.full(alpha.size, np.nan)
    source = fit.source[column]
    if source < 0:
        return values
    t = np.empty(fit.intervals[source] + 7)
    kernels.make_knots(fit.knots[source], fit.intervals[source], t)
    low, high = fit.bounds[column]
    inside = (alpha >= low) & (alpha <= high)
    points = np.ascontiguousarray(alpha[inside], dtype=float)
    result = np.empty(points.size)
    evaluate_sorted(points, points.size, t, fit.intervals[source], fit.poly[source], result)
    values[inside] = result
    return values


def _spline_size(data: SliceData, params: FitParams, defaults: ModeDefaults) -> tuple[int, int]:
    """Breakpoints and the number of pixels a column must exceed; both from the slice's extent in NIRSpec."""
    native = 0.0
    if np.isfinite(data.alpha).any() and data.native_step > 0:
        native = (np.nanmax(data.alpha) - np.nanmin(data.alpha)) / data.native_step
    breakpoints = params.breakpoints or defaults.breakpoints or int(defaults.breakpoint_factor * native)
    require_ngood = defaults.require_ngood
    if require_ngood is None:
        require_ngood = int(defaults.ngood_factor * native)
    return breakpoints, require_ngood


def _scaled(data: SliceData) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return data.trimmed / data.norm


def _is_single(data: SliceData) -> bool:
    return data.alpha.dtype == np.float32
