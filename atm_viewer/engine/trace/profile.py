"""The fit of one column of a slice, collected for display."""

from __future__ import annotations

import numpy as np

from atm_viewer.engine.arrays import Floats, Mask, Singles
from atm_viewer.engine.io.slices import SliceData
from atm_viewer.engine.recipe import PIPELINE
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.results.profile import SliceProfile
from atm_viewer.engine.threads import without_warnings
from atm_viewer.engine.trace.prepared import Prepared
from atm_viewer.engine.trace.trace_fit import TraceFit, evaluate_column, fit_column_window
from atm_viewer.engine.trace.traces import slice_use

#: Points that the spline is drawn through.
FINE = 600


def slice_profile(
    prepared: Prepared,
    fit: TraceFit,
    factor: float,
    column: int,
    intervals: int,
    wavelengths: Singles,
) -> SliceProfile:
    """Show the fit of one column of one slice.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fit : TraceFit
        Trace model of the slice.
    factor : float
        Oversampling factor.
    column : int
        The column.
    intervals : int
        See `slice_use`.
    wavelengths : ndarray, shape (columns,)
        See `column_wavelengths`.

    Returns
    -------
    SliceProfile
    """
    exposure, data = prepared.exposure, prepared.slices[fit.number]
    arcsec = exposure.coordinates.arcsec
    window = fit_column_window(data, fit, prepared.defaults, column)
    low, high = fit.bounds[column]
    source = int(fit.source[column])
    grid, knots = np.zeros(0), np.zeros(0)
    if source >= 0:
        grid = np.linspace(low, high, FINE)
        _, first, step, _ = fit.knots[source]
        knots = (first + step * np.arange(fit.intervals[source] - 1)) * arcsec
    pixels, slope, counted = column_slope(data, fit, column, factor)
    near = fit.params.reach == PIPELINE
    return SliceProfile(
        exposure=exposure.key,
        number=fit.number,
        column=column,
        fate=Fate(int(fit.fate[column])),
        reused_from=source if fit.fate[column] == Fate.REUSED else -1,
        wavelength=float(wavelengths[column]),
        alpha=window.alpha * arcsec,
        flux=window.flux,
        distance=(window.column - column).astype(np.int32),
        rejected=window.rejected,
        spline_alpha=grid * arcsec,
        spline_flux=evaluate_column(fit, column, grid),
        breakpoints=knots,
        bounds=(float(low * arcsec), float(high * arcsec)),
        norm=float(data.norm[column]),
        scale=float(fit.scale[column]),
        pixels=pixels * arcsec,
        slope=slope,
        counted=counted,
        use=_within_slice(data, slice_use(prepared, fit, factor, intervals).ranges, arcsec),
        reach=float(data.native_step * intervals / 4 * arcsec) if intervals and near else float("nan"),
        window=fit.window,
        level=(float(prepared.background.mean[fit.number]), float(prepared.background.rms[fit.number])),
        fates=fit.fate.astype(np.uint8),
        wavelengths=wavelengths,
    )


def column_slope(data: SliceData, fit: TraceFit, column: int, factor: float) -> tuple[Floats, Floats, Mask]:
    """Slope of a column's normalised spline from pixel to pixel, as ``oversample_flux`` and ``_trace_image`` take it.

    Parameters
    ----------
    data : SliceData
        The slice.
    fit : TraceFit
        Its trace model.
    column : int
        The column.
    factor : float
        Oversampling factor: so many pixels at either end never count as steep.

    Returns
    -------
    alpha : ndarray of float64, shape (k,)
        Pixels within the spline's bounds, in the pipeline's unit, in the detector's order; empty without a spline.
    slope : ndarray of float64, shape (k,)
        Change from the pixel before; 0 for the first one.
    counted : ndarray of bool, shape (k,)
        Pixels that can count as steep.
    """
    if fit.source[column] < 0:
        return np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool)
    low, high = fit.bounds[column]
    alpha = data.alpha[:, column].astype(float)
    alpha = alpha[np.isfinite(alpha) & (alpha >= low) & (alpha <= high)]
    order = np.argsort(alpha)
    values = np.empty(alpha.size)
    values[order] = evaluate_column(fit, column, alpha[order])
    slope = np.abs(np.diff(values, prepend=values[:1]))
    counted = np.ones(slope.size, dtype=bool)
    # Without oversampling the outermost values are NaN, and so is the slope beside the first of them.
    counted[: int(factor) if factor > 1 else 2] = False
    counted[max(slope.size - int(factor), 0) :] = False
    return alpha, slope, counted


def column_wavelengths(prepared: Prepared, number: int) -> Singles:
    """Median wavelength of each column of a slice [um], float32; NaN where the slice has no pixel."""
    data, exposure = prepared.slices[number], prepared.exposure
    frame = exposure.to_dispersion(exposure.coordinates.wavelength)
    cut = np.where(data.inside, frame[data.row : data.row + data.inside.shape[0]], np.nan)
    with without_warnings():
        return np.nanmedian(cut, axis=0).astype(np.float32)


def _within_slice(data: SliceData, ranges: list[tuple[float, float]], arcsec: float) -> tuple[tuple[float, float], ...]:
    """Ranges [arcsec] that end where the slice does."""
    if not np.isfinite(data.alpha).any():
        return ()
    low, high = np.nanmin(data.alpha), np.nanmax(data.alpha)
    return tuple((float(max(a, low) * arcsec), float(min(b, high) * arcsec)) for a, b in ranges)
