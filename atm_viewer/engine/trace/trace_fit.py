"""Trace models: the splines fitted to the columns of a slice, and why a column has one or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers, Mask, Singles
from atm_viewer.engine.io.slices import SliceData
from atm_viewer.engine.kernels import trace as kernels
from atm_viewer.engine.kernels.spline import evaluate_sorted
from atm_viewer.engine.recipe import FitParams
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.threads import in_threads, loading, processors
from atm_viewer.engine.trace.defaults import ModeDefaults

#: A part of a slice is not worth a thread when it is shorter than the window that it begins with.
MOST_PARTS = 8


@dataclass(frozen=True, eq=False)
class TraceFit:
    """Splines of one slice.

    Parameters
    ----------
    number : int
        Slice number.
    threshold : float
        Flux the slice's peak had to exceed [unit of the exposure]; ``-inf``: none.
    params : FitParams
        The slice's parameters, by which the splines are used too.
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
    only_regions : bool
        Whether the slice is fitted for regions on the sky alone: its peak is not above the threshold, and outside of
        the regions it is interpolated.
    """

    number: int
    threshold: float
    params: FitParams
    window: int
    breakpoints: int
    require_ngood: int
    fate: Integers
    source: Integers
    knots: Floats
    intervals: Integers
    poly: Floats
    scale: Floats
    bounds: Floats
    rejected: Integers
    only_regions: bool = False

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

    alpha: Floats
    flux: Floats
    column: Integers
    rejected: Mask


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
    return fit_each([(data, params, defaults, threshold)])[0]


def fit_each(
    slices: Sequence[tuple[SliceData, FitParams, ModeDefaults, float]],
    begun: Callable[[int, float], None] | None = None,
) -> list[TraceFit]:
    """Fit several slices on all processors.

    Parameters
    ----------
    slices : sequence of (SliceData, FitParams, ModeDefaults, float)
        See `fit_slice`.
    begun : callable, optional
        ``begun(number, fraction)``, see `in_threads`.

    Returns
    -------
    list of TraceFit
        In the same order.
    """
    fits = [_SliceFit(*one) for one in slices]
    # Large slices first: at the end no thread waits long for the other.
    order = sorted(range(len(fits)), key=lambda k: -slices[k][0].flux.size)
    parts = [(fits[k], part) for k in order for part in fits[k].parts]
    tell = None if begun is None else lambda item, fraction: begun(item[0].number, fraction)
    in_threads(lambda item: item[0].fit_part(item[1]), parts, tell)
    return in_threads(lambda fit: fit.finished(), fits)


class _SliceFit:
    """A slice's fit under way: parts of its columns may be fitted at the same time.

    Parameters
    ----------
    data, params, defaults, threshold
        See `fit_slice`.

    Attributes
    ----------
    number : int
        Slice number.
    parts : list of ndarray of int64
        Columns of each part, for `fit_part`; none when the slice is below the threshold.
    """

    def __init__(self, data: SliceData, params: FitParams, defaults: ModeDefaults, threshold: float) -> None:
        columns = data.flux.shape[1]
        breakpoints, require_ngood = _spline_size(data, params, defaults)
        over = data.over_threshold(threshold)
        fitting = over or params.regions.forced
        room = columns if fitting else 0
        self.number, self._data, self._defaults = data.number, data, defaults
        self._fit = fit = TraceFit(
            number=data.number,
            threshold=threshold,
            params=params,
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
            only_regions=fitting and not over,
        )
        self._unsettled = np.zeros(columns, dtype=bool)
        self.parts: list[np.ndarray] = []
        if fitting:
            self._scaled = _scaled(data)
            # Of equal length, counted in columns that have data.
            order, count = defaults.column_order(columns), min(processors(), MOST_PARTS)
            filled = np.flatnonzero(np.isfinite(data.trimmed).any(axis=0)[order])
            self.parts = (
                np.split(order, filled[[filled.size * k // count for k in range(1, count)]]) if filled.size else [order]
            )
        else:
            fit.fate[np.isfinite(data.flux).any(axis=0)] = Fate.BELOW_THRESHOLD

    def fit_part(self, part: Integers) -> None:
        """Fit the columns of one part."""
        # In the parts after the first another column is taken to be fitted already; `finished` makes sure.
        self._fit_columns(part, first=part is self.parts[0])

    def finished(self) -> TraceFit:
        """Return the fit, when all parts are fitted."""
        fit, data, defaults = self._fit, self._data, self._defaults
        if not self.parts:
            return fit
        for k in range(1, len(self.parts)):
            if (fit.fate[np.concatenate(self.parts[:k])] == Fate.FITTED).any():
                break
            self._fit_columns(self.parts[k], first=True)
        order = defaults.column_order(fit.fate.size)
        if self._unsettled.any():
            _settle(data, fit, defaults, order[self._unsettled[order]])
        splines = fit.knots, fit.intervals, fit.poly, fit.bounds
        kernels.assign_splines(data.alpha, data.trimmed, order, fit.fate, *splines, fit.source, fit.scale)
        return fit

    def _fit_columns(self, part: Integers, first: bool) -> None:
        fit, data, defaults = self._fit, self._data, self._defaults
        kernels.fit_columns(
            data.alpha,
            data.trimmed,
            self._scaled,
            part,
            first,
            fit.window,
            fit.breakpoints,
            fit.require_ngood,
            defaults.space_ratio,
            defaults.sigma,
            defaults.iterations,
            data.alpha.dtype == np.float32,
            fit.fate,
            fit.knots,
            fit.intervals,
            fit.poly,
            fit.bounds,
            fit.rejected,
            self._unsettled,
        )


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
        for breakpoints in (fit.breakpoints, fit.breakpoints - 3):
            found = _fit_points(data, breakpoints, defaults, alpha, flux)
            if found is not None:
                rejected[found[0]] = False
                break
    return WindowFit(alpha, flux, columns, rejected)


def column_can_be_fitted(data: SliceData, defaults: ModeDefaults, window: int, breakpoints: int, column: int) -> bool:
    """Whether a column would get a spline of its own with another window or number of breakpoints.

    Parameters
    ----------
    data : SliceData
        The slice.
    defaults : ModeDefaults
        The mode's values.
    window, breakpoints : int
        Columns on each side, and spline intervals.
    column : int
        The column.

    Returns
    -------
    bool
    """
    alpha, flux, _ = _window_points(data, window, column)
    return alpha.size > 0 and _fit_points(data, breakpoints, defaults, alpha, flux) is not None


def _window_points(data: SliceData, window: int, column: int) -> tuple[Floats, Floats, Integers]:
    """Alpha, normalised flux and column of a window's points, sorted exactly as the pipeline sorts them."""
    start, stop = max(column - window, 0), min(column + window, data.flux.shape[1])
    alpha = data.alpha[:, start:stop]
    with np.errstate(all="ignore"):
        flux = data.trimmed[:, start:stop] / data.norm[start:stop]
    finite = np.isfinite(alpha) & np.isfinite(flux)
    columns = np.broadcast_to(np.arange(start, stop), alpha.shape)[finite]
    order = np.argsort(alpha[finite])
    return alpha[finite][order].astype(float), flux[finite][order].astype(float), columns[order]


def _fit_points(
    data: SliceData, breakpoints: int, defaults: ModeDefaults, alpha: Floats, flux: Floats
) -> tuple[Integers, Floats, Floats] | None:
    """Return points used (indices), knots and polynomials of a window's fit, in the pipeline's own arithmetic.

    ``bspline_fit`` with scipy's solver; the choice of points by their spacing is the kernel's. None: no fit.
    """
    # A single fit takes all points that are not isolated.
    status, *_, used = _fit_window(data, breakpoints, defaults, alpha, flux, 1)
    if status != 1:
        return None
    return _fit_with_rejection(alpha, flux, used, breakpoints, defaults, data.alpha.dtype == np.float32)


def _fit_window(
    data: SliceData, breakpoints: int, defaults: ModeDefaults, alpha: Floats, flux: Floats, iterations: int
) -> tuple[int, int, int, int, Floats, Floats, Integers]:
    """Return what the kernel of this name returns, and its outputs: knots, polynomials, points of the last fit."""
    knots, poly = np.empty(4), np.empty((breakpoints + 4, 4))
    scratch = kernels.make_scratch(alpha.size, breakpoints)
    found = kernels.fit_window(
        alpha,
        flux,
        alpha.size,
        breakpoints,
        defaults.space_ratio,
        defaults.sigma,
        iterations,
        data.alpha.dtype == np.float32,
        knots,
        poly,
        scratch,
    )
    return *found, knots, poly, np.flatnonzero(scratch[0])


def _fit_with_rejection(
    alpha: Floats, flux: Floats, used: Integers, breakpoints: int, defaults: ModeDefaults, single: bool
) -> tuple[Integers, Floats, Floats] | None:
    with loading():
        from scipy.interpolate import PPoly, make_lsq_spline

    original = used.size
    knots, t = np.empty(4), np.empty(breakpoints + 12)
    spline, fitted, of = None, used, knots
    for iteration in range(defaults.iterations):
        x, y = alpha[used], flux[used]
        intervals = kernels.describe_knots(x[0], x[-1], breakpoints, single, knots)
        kernels.make_knots(knots, intervals, t)
        try:
            trial = make_lsq_spline(x, y, t[: intervals + 7], k=3)
        except ValueError:
            break
        values = trial(x)
        if np.isnan(values).any():
            break
        spline, fitted, of = trial, used, knots.copy()
        difference = y - values
        rejected = np.abs(difference) > defaults.sigma * np.std(difference)
        if iteration == defaults.iterations - 1 or (~rejected).sum() < 0.8 * original or not rejected.any():
            break
        used = used[~rejected]
    if spline is None:
        return None
    pieces = PPoly.from_spline(spline)  # type: ignore[arg-type]  # the stubs know of tuples only
    return fitted, of, _centred(pieces.c[:, 3:-3], pieces.x[3:-3])


def _centred(coefficients: Floats, edges: Floats) -> Floats:
    """Polynomials in ``x - left edge``, highest power first, as the kernels keep them (see `kernels.spline`)."""
    half = 0.5 * np.diff(edges)
    c3, c2, c1, c0 = coefficients
    return np.stack(
        [
            c0 + half * (c1 + half * (c2 + half * c3)),
            half * (c1 + half * (2 * c2 + 3 * half * c3)),
            half**2 * (c2 + 3 * half * c3),
            half**3 * c3,
        ],
        axis=1,
    )


def _settle(data: SliceData, fit: TraceFit, defaults: ModeDefaults, columns: Integers) -> None:
    """Fit columns again, in place, whose outcome depends on numpy's unstable sort, on rounding or on the solver.

    All are the pipeline's own only when its own sort and, where that is not enough, its solver are used.
    """
    order = defaults.column_order(fit.fate.size)
    for column in columns:
        alpha, flux, _ = _window_points(data, fit.window, column)
        found = _fit_settled(data, fit.breakpoints, defaults, alpha, flux)
        if found is None and not (fit.fate[order[: np.flatnonzero(order == column)[0]]] == Fate.FITTED).any():
            found = _fit_settled(data, fit.breakpoints - 3, defaults, alpha, flux)
        if found is None:
            fit.fate[column] = Fate.TOO_SPARSE
            continue
        used, fit.knots[column], poly = found
        fit.intervals[column] = len(poly)
        fit.poly[column, : len(poly)] = poly
        fit.rejected[column] = alpha.size - used


def _fit_settled(
    data: SliceData, breakpoints: int, defaults: ModeDefaults, alpha: Floats, flux: Floats
) -> tuple[int, Floats, Floats] | None:
    """Return the number of points used, knots and polynomials of a window's fit; points are in the pipeline's order."""
    status, intervals, count, doubt, knots, poly, _ = _fit_window(
        data, breakpoints, defaults, alpha, flux, defaults.iterations
    )
    if doubt != kernels.SOLVER:
        return (count, knots, poly[:intervals]) if status == 1 else None
    found = _fit_points(data, breakpoints, defaults, alpha, flux)
    return None if found is None else (found[0].size, *found[1:])


def evaluate_column(fit: TraceFit, column: int, alpha: Floats) -> Floats:
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


def _scaled(data: SliceData) -> Singles:
    with np.errstate(all="ignore"):
        scaled: Singles = data.trimmed / data.norm
        return scaled
