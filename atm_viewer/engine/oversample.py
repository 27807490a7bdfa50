"""Corrected exposures: oversampled with their trace models, as ``fit_and_oversample`` of the pipeline returns them."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.coordinates import oversampled_coordinates
from atm_viewer.engine.defaults import ModeDefaults, mode_defaults
from atm_viewer.engine.exposure import Exposure
from atm_viewer.engine.kernels import resample as kernels
from atm_viewer.engine.recipe import FitParams, Recipe
from atm_viewer.engine.reports import CorrectionReport, Fate, SliceReport
from atm_viewer.engine.slices import Background, SliceData, cut_slice, measure_background
from atm_viewer.engine.trace_fit import TraceFit, fit_slice

Progress = Callable[[str, float], None]

DO_NOT_USE = 1
FLUX_ESTIMATED = 1 << 28  # stdatamodels.jwst.datamodels.dqflags.pixel["FLUX_ESTIMATED"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a correction needs of an exposure and does not depend on the recipe.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    defaults : ModeDefaults
        The mode's values.
    background : Background
        Statistics for the thresholds.
    slices : dict of int to SliceData
        Cut-outs by slice number, ascending.
    """

    exposure: Exposure
    defaults: ModeDefaults
    background: Background
    slices: Mapping[int, SliceData]


@dataclass(frozen=True, eq=False)
class Corrected:
    """An exposure after adaptive trace modelling, in the detector's frame.

    With ``oversample`` 1 only ``trace`` differs from the exposure.

    Parameters
    ----------
    oversample : int
        Factor by which pixels were divided along the slices (x in MIRI, y in NIRSpec).
    sci, err : ndarray of float32
        Science and error arrays [unit of the exposure]; NaN where invalid.
    var_poisson, var_rnoise, var_flat : ndarray of float32, or None
        Variances [unit squared]; None when the exposure has none.
    dq : ndarray of uint32
        Flags; FLUX_ESTIMATED in place of DO_NOT_USE where the spline fills in.
    wavelength : ndarray of float32
        Wavelength [um].
    regions : ndarray of int32
        Region map.
    trace : ndarray of float32
        Trace model where the spline is used [unit of the exposure]; NaN elsewhere.
    report : CorrectionReport
        What was decided for each slice.
    """

    oversample: int
    sci: np.ndarray
    err: np.ndarray
    var_poisson: np.ndarray | None
    var_rnoise: np.ndarray | None
    var_flat: np.ndarray | None
    dq: np.ndarray
    wavelength: np.ndarray
    regions: np.ndarray
    trace: np.ndarray
    report: CorrectionReport


def _quiet(step: str, fraction: float) -> None:
    """Progress that nobody watches."""


def prepare(exposure: Exposure, progress: Progress | None = None) -> Prepared:
    """Cut an exposure into slices and measure its background.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    Prepared
    """
    progress = progress or _quiet
    background = measure_background(exposure)
    slices = {}
    for k, number in enumerate(exposure.slices):
        progress(f"Collapsing slice {number}", k / len(exposure.slices))
        slices[number] = cut_slice(exposure, number, background.offset)
    defaults = mode_defaults(exposure.instrument, exposure.detector, exposure.grating)
    return Prepared(exposure, defaults, background, slices)


def fit_slices(
    prepared: Prepared,
    recipe: Recipe,
    progress: Progress | None = None,
    known: Mapping[tuple, TraceFit] | None = None,
) -> dict[int, TraceFit]:
    """Fit the trace model of every slice of an exposure.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    recipe : Recipe
        Parameters.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.
    known : mapping, optional
        Earlier fits by `fit_key`; those that still hold are taken from there.

    Returns
    -------
    dict of int to TraceFit
        By slice number, ascending.
    """
    progress = progress or _quiet
    fits = {}
    for k, (number, data) in enumerate(prepared.slices.items()):
        progress(f"Fitting slice {number}", k / len(prepared.slices))
        params = recipe.params(number, prepared.exposure.name)
        found = known.get(fit_key(number, params)) if known else None
        fits[number] = found or fit_slice(
            data, params, prepared.defaults, prepared.background.threshold(number, params.fit_threshold)
        )
    return fits


def fit_key(number: int, params: FitParams) -> tuple:
    """Return what the fit of a slice depends on: a key for reuse."""
    return number, params.fit_threshold, params.window, params.breakpoints


def correct_exposure(exposure: Exposure, recipe: Recipe, progress: Progress | None = None) -> Corrected:
    """Fit trace models to an exposure and oversample it with them.

    Equals ``jwst.adaptive_trace_model.trace_model.fit_and_oversample`` for a recipe without overrides.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    recipe : Recipe
        Parameters.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    Corrected
    """
    progress = progress or _quiet
    prepared = prepare(exposure, lambda step, f: progress(step, 0.1 * f))
    fits = fit_slices(prepared, recipe, lambda step, f: progress(step, 0.1 + 0.6 * f))
    coordinates = None
    if recipe.oversample > 1:
        progress("Computing oversampled coordinates", 0.7)
        coordinates = oversampled_coordinates(exposure.model, recipe.oversample)
    return oversample(prepared, fits, recipe, coordinates, lambda step, f: progress(step, 0.8 + 0.2 * f))


def oversample(
    prepared: Prepared,
    fits: Mapping[int, TraceFit],
    recipe: Recipe,
    coordinates: tuple[np.ndarray, np.ndarray] | None,
    progress: Progress | None = None,
) -> Corrected:
    """Oversample an exposure with its trace models (``oversample_flux`` and the end of ``fit_and_oversample``).

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fits : mapping of int to TraceFit
        Trace models of its slices.
    recipe : Recipe
        Parameters.
    coordinates : (ndarray, ndarray) or None
        Oversampled alpha and wavelength, see `oversampled_coordinates`; not needed for factor 1.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    Corrected
    """
    progress = progress or _quiet
    begun = time.perf_counter()
    if recipe.oversample == 1 or coordinates is None:
        return _only_trace(prepared, fits, recipe, begun)
    exposure = prepared.exposure
    factor = recipe.oversample
    alpha_os, wave_os = coordinates
    linear = np.full(alpha_os.shape, np.nan)
    spline = np.full(alpha_os.shape, np.nan)
    used = np.full(alpha_os.shape, np.nan)
    residual = np.full(alpha_os.shape, np.nan)
    intervals = compact_intervals(fits, prepared)
    slice_ranges: dict[int, list[tuple[float, float]]] = {}
    for k, (number, data) in enumerate(prepared.slices.items()):
        progress(f"Oversampling slice {number}", 0.7 * k / len(fits))
        params = recipe.params(number, exposure.name)
        fit = fits[number]
        reached = np.full((data.flux.shape[0] * factor, data.flux.shape[1]), np.nan)
        steep = np.zeros(data.flux.shape, dtype=bool)
        kernels.oversample_slice(
            data.flux,
            data.alpha,
            data.inside,
            data.row,
            factor,
            prepared.defaults.oversample_ngood,
            prepared.defaults.trim_ends,
            params.slope_limit,
            alpha_os,
            fit.source,
            fit.knots,
            fit.intervals,
            fit.poly,
            fit.scale,
            fit.bounds,
            linear,
            spline,
            residual,
            reached,
            steep,
        )
        if not fit.has_splines:
            slice_ranges[number] = []
            continue
        ranges = use_ranges(prepared, data, params, data.alpha[steep], intervals)
        slice_ranges[number] = ranges
        rows = slice(data.row * factor, (data.row + data.flux.shape[0]) * factor)
        compact = _within(reached, ranges)
        if params.wavelengths is not None:
            compact &= (wave_os[rows] >= params.wavelengths[0]) & (wave_os[rows] <= params.wavelengths[1])
        used[rows][compact] = spline[rows][compact]

    progress("Oversampling errors", 0.7)
    sci = linear
    at = np.isfinite(used)
    sci[at] = used[at]
    if not recipe.psf_optimal:
        both = at & np.isfinite(residual)
        sci[both] += residual[both]
    report = _report(prepared, fits, recipe, slice_ranges, used, sci)
    trace = used
    if prepared.background.offset is not None:
        sci = sci + prepared.background.offset
        trace = trace + prepared.background.offset
    return _finish(prepared, recipe, sci, trace, wave_os, report, begun, progress)


def use_ranges(
    prepared: Prepared, data: SliceData, params: FitParams, steep: np.ndarray, intervals: int
) -> list[tuple[float, float]]:
    """Alpha ranges, ``low < alpha <= high`` in the pipeline's unit, in which the spline of a slice is used.

    ``use`` of the recipe when it is given; everywhere for a slope limit of 0 or less; else within ``pad`` native
    pixels of compact sources, found as peaks of the histogram of steep pixels (``_is_compact_source``). The
    histogram reaches ``native_step * intervals / 4`` to both sides of the slice's centre, and peaks under a fifth
    of the highest are dropped.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    data : SliceData
        The slice.
    params : FitParams
        Its parameters.
    steep : ndarray, shape (n,)
        Alpha of pixels over the slope limit.
    intervals : int
        Spline intervals of the first fitted slice, see `compact_intervals`.

    Returns
    -------
    list of (float, float)
    """
    if params.use is not None:
        arcsec = prepared.exposure.coordinates.arcsec
        return [(np.nextafter(low / arcsec, -np.inf), high / arcsec) for low, high in params.use]
    if params.slope_limit <= 0:
        return [(-np.inf, np.inf)]
    if steep.size < 50:
        return []
    from scipy.signal import find_peaks

    step = data.native_step
    edge = step * intervals / 4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        histogram, _ = np.histogram(steep, bins=intervals, range=(-edge, edge), density=True)
        histogram = histogram / np.nanmax(histogram)
    bins = np.arange(intervals) * step / 2 - edge
    peaks, _ = find_peaks(histogram, height=0.2)
    pad = prepared.defaults.pad
    return [(bins[k] - pad * step, bins[k] + pad * step) for k in peaks]


def compact_intervals(fits: Mapping[int, TraceFit], prepared: Prepared) -> int:
    """Spline intervals of the first fitted column of the first fitted slice.

    The pipeline finds the compact sources of every slice with this one number.
    """
    for number, fit in fits.items():
        good = np.isfinite(prepared.slices[number].flux).sum(axis=0) > prepared.defaults.oversample_ngood
        columns = np.flatnonzero((fit.source >= 0) & good)
        if columns.size:
            return int(fit.intervals[fit.source[columns[0]]])
    return 0


def _within(alpha: np.ndarray, ranges: list[tuple[float, float]]) -> np.ndarray:
    inside = np.zeros(alpha.shape, dtype=bool)
    for low, high in ranges:
        inside |= (alpha > low) & (alpha <= high)
    return inside


def _finish(
    prepared: Prepared,
    recipe: Recipe,
    sci: np.ndarray,
    trace: np.ndarray,
    wave_os: np.ndarray,
    report: CorrectionReport,
    begun: float,
    progress: Progress,
) -> Corrected:
    """Errors, flags and everything else of the oversampled exposure."""
    exposure = prepared.exposure
    factor = recipe.oversample
    dq = np.repeat(exposure.to_dispersion(exposure.dq), factor, axis=0)
    regions = np.repeat(exposure.to_dispersion(exposure.regions), factor, axis=0)
    estimated = ~np.isnan(sci) & ((dq & DO_NOT_USE) > 0)
    dq[estimated] = (dq[estimated] ^ DO_NOT_USE) | FLUX_ESTIMATED

    errors: dict[str, np.ndarray] = {}
    inflation = 0.23 * factor + 0.77
    density = exposure.unit.strip().lower() in ("jy", "mjy", "ujy")
    arrays = {"err": exposure.err, **exposure.variances}
    for k, (name, array) in enumerate(arrays.items()):
        progress(f"Oversampling {name}", 0.7 + 0.25 * k / len(arrays))
        variance = name.startswith("var")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            array = exposure.to_dispersion(np.sqrt(array) if variance else array)
            fine = np.full(sci.shape, np.nan, dtype=np.float32)
            for data in prepared.slices.values():
                rows = slice(data.row, data.row + data.flux.shape[0])
                kernels.oversample_values(
                    array[rows], data.inside, data.row, factor, prepared.defaults.oversample_ngood, fine
                )
            fine[np.repeat(~np.isfinite(array), factor, axis=0) & ~estimated] = np.nan
            if variance:
                fine = fine**2
                fine *= inflation**2
            else:
                fine *= inflation
            if density:
                fine /= factor**2 if variance else factor
        errors[name] = fine
    if density:
        sci = sci / factor
        trace = trace / factor

    progress("Matching flags", 0.95)
    sci = sci.astype(np.float32)
    invalid = np.isnan(sci) | ((dq & DO_NOT_USE) > 0)
    for array in errors.values():
        invalid |= np.isnan(array)
    dq[invalid] |= DO_NOT_USE
    for array in (sci, *errors.values()):
        array[invalid] = np.nan

    def detector(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(exposure.to_detector(array))

    return Corrected(
        oversample=factor,
        sci=detector(sci),
        dq=detector(dq),
        wavelength=detector(wave_os),
        regions=detector(regions),
        trace=detector(trace.astype(np.float32)),
        report=_timed(report, begun),
        err=detector(errors["err"]),
        **{name: detector(errors[name]) if name in errors else None for name in _VARIANCES},
    )


_VARIANCES = ("var_poisson", "var_rnoise", "var_flat")


def trace_image(
    prepared: Prepared, fits: Mapping[int, TraceFit], recipe: Recipe
) -> tuple[np.ndarray, dict[int, list[tuple[float, float]]]]:
    """Trace model at the detector's own pixels, where the spline is used (``_trace_image``).

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fits : mapping of int to TraceFit
        Trace models of its slices.
    recipe : Recipe
        Parameters.

    Returns
    -------
    trace : ndarray of float32, shape (ny, nx)
        In the detector's frame [unit of the exposure]; NaN where no spline is used.
    ranges : dict of int to list of (float, float)
        By slice: alpha ranges in which the spline is used, in the pipeline's unit.
    """
    exposure = prepared.exposure
    trace = np.full(exposure.to_dispersion(exposure.sci).shape, np.nan, dtype=np.float32)
    wavelength = exposure.to_dispersion(exposure.coordinates.wavelength)
    # Here the pipeline counts the intervals of the first spline, whether its column has data or not.
    first = next((f for f in fits.values() if f.has_splines), None)
    intervals = 0 if first is None else int(first.intervals[first.source[np.flatnonzero(first.source >= 0)[0]]])
    all_ranges: dict[int, list[tuple[float, float]]] = {}
    for number, data in prepared.slices.items():
        fit = fits[number]
        all_ranges[number] = []
        if not fit.has_splines:
            continue
        params = recipe.params(number, exposure.name)
        values = np.full(data.alpha.shape, np.nan, dtype=np.float32)
        steep = np.zeros(data.alpha.shape, dtype=bool)
        kernels.trace_slice(
            data.alpha,
            fit.source,
            fit.knots,
            fit.intervals,
            fit.poly,
            fit.scale,
            fit.bounds,
            params.slope_limit,
            values,
            steep,
        )
        ranges = use_ranges(prepared, data, params, data.alpha[steep], intervals)
        all_ranges[number] = ranges
        rows = slice(data.row, data.row + data.alpha.shape[0])
        used = _within(data.alpha, ranges)
        if params.wavelengths is not None:
            used &= (wavelength[rows] >= params.wavelengths[0]) & (wavelength[rows] <= params.wavelengths[1])
        trace[rows][used] = values[used]
    if prepared.background.offset is not None:
        trace += prepared.background.offset
    return np.ascontiguousarray(exposure.to_detector(trace)), all_ranges


def _only_trace(prepared: Prepared, fits: Mapping[int, TraceFit], recipe: Recipe, begun: float) -> Corrected:
    exposure = prepared.exposure
    trace, ranges = trace_image(prepared, fits, recipe)
    report = _report(
        prepared,
        fits,
        recipe,
        ranges,
        exposure.to_dispersion(trace),
        exposure.to_dispersion(exposure.sci),
    )
    return Corrected(
        oversample=1,
        sci=exposure.sci,
        err=exposure.err,
        dq=exposure.dq,
        wavelength=exposure.coordinates.wavelength.astype(np.float32),
        regions=exposure.regions,
        trace=trace,
        report=_timed(report, begun),
        **{name: exposure.variances.get(name) for name in _VARIANCES},
    )


def _timed(report: CorrectionReport, begun: float) -> CorrectionReport:
    return CorrectionReport(report.exposure, report.slices, report.trace, time.perf_counter() - begun)


def _report(
    prepared: Prepared,
    fits: Mapping[int, TraceFit],
    recipe: Recipe,
    ranges: Mapping[int, list[tuple[float, float]]],
    used: np.ndarray,
    sci: np.ndarray,
) -> CorrectionReport:
    """Rows per slice; ``used`` and ``sci`` are frames with the dispersion along x, oversampled or not."""
    exposure = prepared.exposure
    factor = recipe.oversample
    rows = []
    for number, data in prepared.slices.items():
        fit = fits[number]
        at = slice(data.row * factor, (data.row + data.flux.shape[0]) * factor)
        inside = np.repeat(data.inside, factor, axis=0) & np.isfinite(sci[at])
        share = float((np.isfinite(used[at]) & inside).sum() / max(inside.sum(), 1))
        rows.append(_slice_report(exposure, data, fit, share, ranges[number]))
    trace = exposure.to_detector(used) if factor == 1 else trace_image(prepared, fits, recipe)[0]
    return CorrectionReport(exposure.key, tuple(rows), np.ascontiguousarray(trace), 0.0)


def _slice_report(
    exposure: Exposure, data: SliceData, fit: TraceFit, share: float, ranges: list[tuple[float, float]]
) -> SliceReport:
    counts = {fate: int((fit.fate == fate).sum()) for fate in Fate}
    arcsec = exposure.coordinates.arcsec
    finite = np.isfinite(data.alpha).any()
    low, high = (np.nanmin(data.alpha), np.nanmax(data.alpha)) if finite else (np.nan, np.nan)
    return SliceReport(
        number=data.number,
        band=exposure.band_of(data.number),
        peak=data.profile.peak,
        threshold=float(fit.threshold),
        fitted=counts[Fate.FITTED],
        reused=counts[Fate.REUSED],
        sparse=counts[Fate.TOO_SPARSE],
        few=counts[Fate.TOO_FEW_POINTS],
        empty=counts[Fate.EMPTY],
        used=share,
        reason=_reason(data, fit, counts, ranges, exposure.unit),
        alpha=data.profile.alpha * arcsec,
        flux=data.profile.flux,
        window=fit.window,
        breakpoints=fit.breakpoints,
        compact=tuple((float(max(a, low) * arcsec), float(min(b, high) * arcsec)) for a, b in ranges),
    )


def _reason(
    data: SliceData, fit: TraceFit, counts: Mapping[Fate, int], ranges: list[tuple[float, float]], unit: str
) -> str:
    peak = data.profile.peak
    if np.isnan(peak):
        return "Empty: the slice has no valid pixel."
    if not data.over_threshold(fit.threshold):
        return f"Not fitted: its peak of {peak:.4g} {unit} is not above the threshold of {fit.threshold:.4g} {unit}."
    if not fit.has_splines:
        return "Not fitted: no column has enough valid pixels without gaps."
    columns = counts[Fate.FITTED] + counts[Fate.REUSED]
    text = f"{columns} columns have a spline"
    if counts[Fate.REUSED]:
        text += f" ({counts[Fate.REUSED]} of them reused from another column)"
    if not ranges:
        return f"{text}, but it is used nowhere: no compact source is steeper than the slope limit within reach."
    return f"{text}."
