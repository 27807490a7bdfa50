"""Corrected exposures: oversampled with their trace models, as ``fit_and_oversample`` of the pipeline returns them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from atm_viewer.engine.compact import NO_USE, Use, find_use, within
from atm_viewer.engine.defaults import ModeDefaults, mode_defaults
from atm_viewer.engine.exposure import Exposure
from atm_viewer.engine.kernels import resample as kernels
from atm_viewer.engine.packing import Frame
from atm_viewer.engine.recipe import FitParams, Recipe
from atm_viewer.engine.reports import CorrectionReport
from atm_viewer.engine.slice_report import report_slice
from atm_viewer.engine.slices import Background, SliceData, cut_slice, measure_background
from atm_viewer.engine.threads import in_threads
from atm_viewer.engine.trace_fit import TraceFit, fit_slice
from atm_viewer.engine.why import NativeSlice, map_why, tell_why

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
class OversampledSlice:
    """One slice after adaptive trace modelling; dispersion along x.

    Parameters
    ----------
    number : int
        Slice number.
    row : int
        First row of the cut-out in the oversampled (rotated) exposure.
    inside : ndarray of bool, shape (factor * rows, columns)
        Pixels of the slice.
    sci, err : ndarray of float32, same shape
        Science and error arrays [unit of the exposure]; NaN where invalid.
    variances : dict of str to ndarray
        Variances [unit squared].
    dq : ndarray of uint32, same shape
        Flags.
    trace : ndarray of float32, same shape
        Spline where it is used; NaN elsewhere.
    native : NativeSlice or None
        The same for the detector's own pixels, and why; None for an exposure as it is.
    """

    number: int
    row: int
    inside: np.ndarray
    sci: np.ndarray
    err: np.ndarray
    variances: dict[str, np.ndarray]
    dq: np.ndarray
    trace: np.ndarray
    native: NativeSlice | None = None

    @property
    def rows(self) -> slice:
        """Rows of the cut-out in the oversampled exposure."""
        return slice(self.row, self.row + self.sci.shape[0])


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


def part_of(progress: Progress, begin: float, end: float) -> Progress:
    """Progress of a part of the work, which takes the whole from one fraction to another."""
    return lambda step, fraction: progress(step, begin + (end - begin) * fraction)


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
    cuts = in_threads(
        lambda number: cut_slice(exposure, number, background.offset),
        exposure.slices,
        lambda number, fraction: progress(f"Collapsing slice {number}", fraction),
    )
    slices = dict(zip(exposure.slices, cuts, strict=True))
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
    params = {number: recipe.params(number, prepared.exposure.name) for number in prepared.slices}
    known = known or {}

    def fit(number: int) -> TraceFit:
        threshold = prepared.background.threshold(number, params[number].fit_threshold)
        return fit_slice(prepared.slices[number], params[number], prepared.defaults, threshold)

    missing = [number for number in params if fit_key(number, params[number]) not in known]
    made = in_threads(fit, missing, lambda number, fraction: progress(f"Fitting slice {number}", fraction))
    fits = dict(zip(missing, made, strict=True))
    return {n: fits[n] if n in fits else known[fit_key(n, params[n])] for n in params}


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
    prepared = prepare(exposure, part_of(progress, 0.0, 0.1))
    fits = fit_slices(prepared, recipe, part_of(progress, 0.1, 0.7))
    coordinates = None
    if recipe.oversample > 1:
        progress("Computing oversampled coordinates", 0.7)
        coordinates = exposure.oversampled_coordinates(recipe.oversample)
    return oversample(prepared, fits, recipe, coordinates, part_of(progress, 0.8, 1.0))


def oversample(
    prepared: Prepared,
    fits: Mapping[int, TraceFit],
    recipe: Recipe,
    coordinates: tuple[Frame, Frame] | None,
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
    coordinates : (ndarray or PackedFrame, same) or None
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
    intervals = compact_intervals(fits, prepared)
    frames = _empty_frames(prepared.exposure, recipe.oversample)

    def work(number: int) -> OversampledSlice:
        fine = oversample_slice(prepared, number, fits[number], recipe, coordinates, intervals)
        for name, cut in {
            "sci": fine.sci,
            "err": fine.err,
            "dq": fine.dq,
            "trace": fine.trace,
            **fine.variances,
        }.items():
            np.copyto(prepared.exposure.to_dispersion(frames[name])[fine.rows], cut, where=fine.inside)
        return fine

    fine = in_threads(
        work, prepared.slices, lambda number, fraction: progress(f"Oversampling slice {number}", 0.9 * fraction)
    )
    progress("Assembling the exposure", 0.9)
    exposure = prepared.exposure
    # Side by side: the one is Python, the other copying.
    parts: list[Callable[[], Any]] = [
        lambda: np.ascontiguousarray(exposure.to_detector(np.asarray(coordinates[1]))),
        lambda: report_correction(prepared, fits, recipe, fine, begun),
    ]
    wavelength, report = in_threads(lambda part: part(), parts)
    return Corrected(
        oversample=recipe.oversample,
        wavelength=wavelength,
        regions=np.repeat(exposure.regions, recipe.oversample, axis=_across(exposure)),
        report=report,
        sci=frames["sci"],
        err=frames["err"],
        dq=frames["dq"],
        trace=frames["trace"],
        **{name: frames.get(name) for name in _VARIANCES},
    )


def _across(exposure: Exposure) -> int:
    """Axis of the detector's arrays that runs along the slices."""
    return 1 if exposure.rotated else 0


def _empty_frames(exposure: Exposure, factor: int) -> dict[str, np.ndarray]:
    """Arrays of an oversampled exposure without any slice, in the detector's frame."""
    dq = np.repeat(exposure.dq, factor, axis=_across(exposure)) | np.uint32(DO_NOT_USE)
    names = ("sci", "err", "trace", *exposure.variances)
    return {"dq": dq} | {name: np.full(dq.shape, np.nan, dtype=np.float32) for name in names}


def oversample_slice(
    prepared: Prepared,
    number: int,
    fit: TraceFit,
    recipe: Recipe,
    coordinates: tuple[Frame, Frame],
    intervals: int,
) -> OversampledSlice:
    """Oversample one slice with its trace model.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    number : int
        Slice number.
    fit : TraceFit
        Its trace model.
    recipe : Recipe
        Parameters.
    coordinates : (ndarray or PackedFrame, same)
        Oversampled alpha and wavelength of the exposure, see `oversampled_coordinates`.
    intervals : int
        See `compact_intervals`.

    Returns
    -------
    OversampledSlice
    """
    data, factor = prepared.slices[number], recipe.oversample
    params = recipe.params(number, prepared.exposure.name)
    shape = data.flux.shape[0] * factor, data.flux.shape[1]
    rows = slice(data.row * factor, data.row * factor + shape[0])
    sci, spline, residual, reached = (np.full(shape, np.nan) for _ in range(4))
    slopes = np.zeros(data.flux.shape)
    kernels.oversample_slice(
        data.flux,
        data.alpha,
        data.inside,
        data.row,
        factor,
        prepared.defaults.oversample_ngood,
        prepared.defaults.trim_ends,
        coordinates[0][rows],
        fit.source,
        fit.knots,
        fit.intervals,
        fit.poly,
        fit.scale,
        fit.bounds,
        sci,
        spline,
        residual,
        reached,
        slopes,
    )
    use = _find_use(prepared, data, fit, params, data.alpha[slopes > params.slope_limit], intervals)
    unused = ~within(reached, use.ranges)
    if params.wavelengths is not None:
        wavelength = coordinates[1][rows]
        unused |= ~((wavelength >= params.wavelengths[0]) & (wavelength <= params.wavelengths[1]))
    defined = np.isfinite(spline)
    spline[unused] = np.nan
    at = np.isfinite(spline)
    native = _native_slice(prepared, data, fit, params, use, factor, defined, at)
    sci[at] = spline[at]
    if not recipe.psf_optimal:
        at &= np.isfinite(residual)
        sci[at] += residual[at]
    if prepared.background.offset is not None:
        sci += prepared.background.offset
        spline += prepared.background.offset
    return _with_errors(prepared, data, factor, sci, spline, native)


def _with_errors(
    prepared: Prepared,
    data: SliceData,
    factor: int,
    sci: np.ndarray,
    trace: np.ndarray,
    native: NativeSlice,
) -> OversampledSlice:
    """Add errors and flags, and make NaN and flags agree in all of them (``match_nans_and_flags``)."""
    exposure = prepared.exposure
    rows = slice(data.row, data.row + data.flux.shape[0])
    dq = np.empty(sci.shape, dtype=np.uint32)
    estimated, invalid = np.empty((2, *sci.shape), dtype=bool)
    flags = exposure.to_dispersion(exposure.dq)[rows]
    kernels.oversample_flags(
        flags, sci, factor, np.uint32(DO_NOT_USE), np.uint32(FLUX_ESTIMATED), dq, estimated, invalid
    )
    density = exposure.unit.strip().lower() in ("jy", "mjy", "ujy")
    if density:
        sci = sci / factor
        trace = trace / factor

    inflation = 0.23 * factor + 0.77
    errors: dict[str, np.ndarray] = {}
    for name, frame in {"err": exposure.err, **exposure.variances}.items():
        power = 2 if name.startswith("var") else 1
        errors[name] = np.empty(sci.shape, dtype=np.float32)
        kernels.oversample_errors(
            exposure.to_dispersion(frame)[rows],
            power == 2,
            data.inside,
            data.row,
            factor,
            prepared.defaults.oversample_ngood,
            estimated,
            np.float32(inflation**power),
            np.float32(factor**power if density else 1),
            errors[name],
            invalid,
        )
    sci = sci.astype(np.float32)
    dq[invalid] |= DO_NOT_USE
    for array in (sci, *errors.values()):
        array[invalid] = np.nan
    return OversampledSlice(
        number=data.number,
        row=data.row * factor,
        inside=np.repeat(data.inside, factor, axis=0),
        sci=sci,
        err=errors.pop("err"),
        variances=errors,
        dq=dq,
        trace=trace.astype(np.float32),
        native=native,
    )


_VARIANCES = ("var_poisson", "var_rnoise", "var_flat")


def report_correction(
    prepared: Prepared,
    fits: Mapping[int, TraceFit],
    recipe: Recipe,
    fine: list[OversampledSlice],
    begun: float,
) -> CorrectionReport:
    """Tell what was decided for each slice and each pixel.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fits : mapping of int to TraceFit
        Trace models of its slices.
    recipe : Recipe
        Parameters.
    fine : list of OversampledSlice
        The slices; empty for oversampling by 1, where the trace model at the detector's pixels decides.
    begun : float
        Time the work began, by `time.perf_counter`.

    Returns
    -------
    CorrectionReport
    """
    exposure = prepared.exposure
    slices = {f.number: f.native for f in fine if f.native is not None} or trace_slices(prepared, fits, recipe)
    shares = {}
    for f in fine:
        valid = f.inside & np.isfinite(f.sci)
        shares[f.number] = float((np.isfinite(f.trace) & valid).sum() / max(valid.sum(), 1))
    reports = []
    for number, data in prepared.slices.items():
        if number not in shares:
            valid = np.isfinite(data.flux)
            shares[number] = float((np.isfinite(slices[number].trace) & valid).sum() / max(valid.sum(), 1))
        reports.append(report_slice(exposure, data, fits[number], shares[number], slices[number].use))
    trace = _assemble(prepared, {n: s.trace for n, s in slices.items()}, np.float32(np.nan))
    if prepared.background.offset is not None:
        trace += prepared.background.offset
    classes = _assemble(prepared, {n: s.why for n, s in slices.items()}, np.uint8(0))
    why = map_why(classes, slices, fits)
    return CorrectionReport(exposure.key, tuple(reports), trace, time.perf_counter() - begun, why)


def _assemble(prepared: Prepared, cuts: Mapping[int, np.ndarray], empty: np.generic) -> np.ndarray:
    """Image in the detector's frame of cut-outs by slice number."""
    frame = np.full(prepared.exposure.sci.shape, empty)
    rotated = prepared.exposure.to_dispersion(frame)
    for number, cut in cuts.items():
        data = prepared.slices[number]
        np.copyto(rotated[data.row : data.row + cut.shape[0]], cut, where=data.inside)
    return frame


def _find_use(
    prepared: Prepared, data: SliceData, fit: TraceFit, params: FitParams, steep: np.ndarray, intervals: int
) -> Use:
    if not fit.has_splines:
        return NO_USE
    arcsec = prepared.exposure.coordinates.arcsec
    return find_use(params, steep, data.native_step, intervals, prepared.defaults.pad, arcsec)


def _native_slice(
    prepared: Prepared,
    data: SliceData,
    fit: TraceFit,
    params: FitParams,
    use: Use,
    factor: int,
    defined: np.ndarray,
    used: np.ndarray,
) -> NativeSlice:
    """Tell what became of a slice's own pixels; ``defined`` and ``used`` say it of the oversampled ones."""
    dq = prepared.exposure.to_dispersion(prepared.exposure.dq)[data.row : data.row + data.flux.shape[0]]
    why, counts = tell_why(
        data, fit, params, use, prepared.defaults.oversample_ngood, (dq & DO_NOT_USE) > 0, factor, defined, used
    )
    trace, _ = _trace_values(data, fit)
    trace[~_wanted(prepared, data, params, use)] = np.nan
    return NativeSlice(trace, why, counts, use)


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


def trace_slices(prepared: Prepared, fits: Mapping[int, TraceFit], recipe: Recipe) -> dict[int, NativeSlice]:
    """Trace models at the detector's own pixels, where the spline is used (``_trace_image``).

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
    dict of int to NativeSlice
        By slice number; without the background's offset.
    """
    # Here the pipeline counts the intervals of the first spline, whether its column has data or not.
    first = next((f for f in fits.values() if f.has_splines), None)
    intervals = 0 if first is None else int(first.intervals[first.source[np.flatnonzero(first.source >= 0)[0]]])

    def work(number: int) -> NativeSlice:
        return trace_slice(prepared, fits[number], recipe, intervals)

    return dict(zip(prepared.slices, in_threads(work, prepared.slices), strict=True))


def trace_slice(prepared: Prepared, fit: TraceFit, recipe: Recipe, intervals: int) -> NativeSlice:
    """Make the trace model of one slice at its own pixels, see `trace_slices`."""
    data = prepared.slices[fit.number]
    params = recipe.params(fit.number, prepared.exposure.name)
    trace, slopes = _trace_values(data, fit)
    use = _find_use(prepared, data, fit, params, data.alpha[slopes > params.slope_limit], intervals)
    wanted = _wanted(prepared, data, params, use)
    defined = np.isfinite(trace)
    # Columns are not oversampled here, so none has too few pixels for it.
    dq = prepared.exposure.to_dispersion(prepared.exposure.dq)[data.row : data.row + data.flux.shape[0]]
    why, counts = tell_why(data, fit, params, use, -1, (dq & DO_NOT_USE) > 0, 1, defined, defined & wanted)
    trace[~wanted] = np.nan
    return NativeSlice(trace, why, counts, use)


def slice_slopes(data: SliceData, fit: TraceFit, factor: int) -> np.ndarray:
    """Slopes of the normalised splines at a slice's own pixels, as the slope limit is compared with.

    Parameters
    ----------
    data : SliceData
        The slice.
    fit : TraceFit
        Its trace model.
    factor : int
        Oversampling factor: so many pixels at either end of a spline never count as steep.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        0 where there is none that counts.
    """
    return _trace_values(data, fit, factor)[1]


def _trace_values(data: SliceData, fit: TraceFit, factor: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Scaled splines and normalised slopes at a slice's own pixels."""
    trace = np.full(data.alpha.shape, np.nan, dtype=np.float32)
    slopes = np.zeros(data.alpha.shape)
    # Without oversampling the outermost values are NaN, so the slope beside the first of them never counts.
    ends = (2, 1) if factor == 1 else (factor, factor)
    if fit.has_splines:
        splines = fit.source, fit.knots, fit.intervals, fit.poly, fit.scale, fit.bounds
        kernels.trace_slice(data.alpha, *splines, *ends, trace, slopes)
    return trace, slopes


def _wanted(prepared: Prepared, data: SliceData, params: FitParams, use: Use) -> np.ndarray:
    """Whether a slice's own pixels lie where its spline is used."""
    wanted = within(data.alpha, use.ranges)
    if params.wavelengths is not None:
        wavelength = prepared.exposure.to_dispersion(prepared.exposure.coordinates.wavelength)
        wavelength = wavelength[data.row : data.row + data.alpha.shape[0]]
        wanted &= (wavelength >= params.wavelengths[0]) & (wavelength <= params.wavelengths[1])
    return wanted


def _only_trace(prepared: Prepared, fits: Mapping[int, TraceFit], recipe: Recipe, begun: float) -> Corrected:
    exposure = prepared.exposure
    report = report_correction(prepared, fits, recipe, [], begun)
    return Corrected(
        oversample=1,
        sci=exposure.sci,
        err=exposure.err,
        dq=exposure.dq,
        wavelength=exposure.coordinates.wavelength.astype(np.float32),
        regions=exposure.regions,
        trace=report.trace,
        report=report,
        **{name: exposure.variances.get(name) for name in _VARIANCES},
    )
