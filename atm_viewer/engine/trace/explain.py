"""Explains in one sentence how a pixel was treated, and which parameter would change that."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from atm_viewer.engine.recipe import PIPELINE, FitParams, RegionRange
from atm_viewer.engine.results.pixels import PixelReport, Why
from atm_viewer.engine.trace.compact import CompactSource, find_use, within
from atm_viewer.engine.trace.oversample import OversampledSlice
from atm_viewer.engine.trace.prepared import Prepared
from atm_viewer.engine.trace.slice_report import region_names
from atm_viewer.engine.trace.trace_fit import TraceFit, column_can_be_fitted
from atm_viewer.engine.trace.traces import slice_slopes
from atm_viewer.engine.trace.why import NativeSlice

#: Slope limits that are tried, when it is told which one would change what became of a pixel.
_LIMITS = (0.001, 0.002, 0.005, *(k / 100 for k in range(1, 11)), 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)


@dataclass(frozen=True)
class Facts:
    """What is known of a pixel and its surroundings; numbers that do not matter for its class may be missing.

    Parameters
    ----------
    why : Why
        What became of it.
    number, column : int
        Slice and column.
    alpha, wavelength : float
        Where it is [arcsec, um].
    unit : str
        Unit of peak and threshold.
    params : FitParams
        Parameters in force in the slice.
    only_regions : bool
        Whether the slice is fitted for regions alone.
    oversample : float
        Oversampling factor.
    missing : bool
        Whether the input has no valid value here.
    outermost : bool
        Whether it is the first or last pixel of its column in the slice.
    parts : int
        Into how many of the pixels it is divided into the spline goes.
    peak, threshold, sigma : float
        Peak of the slice, the threshold, and the highest ``fit_threshold`` that would fit the slice.
    good, needed : int
        Finite pixels of the column; it needs more than ``needed``.
    window, breakpoints : int
        Values in force.
    wider, fewer : int or None
        Window and number of breakpoints with which the column could be fitted.
    reused_from : int
        Column whose spline is used; -1 for the own.
    bounds : (float, float)
        Range of the spline [arcsec].
    slope : float
        Of the normalised spline at the pixel.
    limit : float or None
        Slope limit that would turn used into not used, or the reverse; None when none would.
    reach : float
        The pipeline's histogram spans this much to both sides [arcsec].
    source : CompactSource or None
        The compact source that it is about, alpha in arcsec.
    """

    why: Why
    number: int
    column: int
    alpha: float
    wavelength: float
    unit: str
    params: FitParams
    only_regions: bool = False
    oversample: float = 3
    divided: int = 3
    missing: bool = False
    outermost: bool = False
    parts: int = 0
    peak: float = math.nan
    threshold: float = math.nan
    sigma: float = math.nan
    good: int = 0
    needed: int = 0
    window: int = 0
    breakpoints: int = 0
    wider: int | None = None
    fewer: int | None = None
    reused_from: int = -1
    bounds: tuple[float, float] = (math.nan, math.nan)
    slope: float = math.nan
    limit: float | None = None
    reach: float = math.nan
    source: CompactSource | None = None

    @property
    def region(self) -> RegionRange | None:
        """Region that decides whether the spline is used here."""
        return self.params.regions.at(self.alpha)


def explain_pixel(
    prepared: Prepared,
    fit: TraceFit,
    factor: float,
    intervals: int,
    native: NativeSlice,
    fine: OversampledSlice | None,
    x: int,
    y: int,
) -> PixelReport:
    """Tell what happened to a pixel.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    fit : TraceFit
        Trace model of the pixel's slice.
    factor : float
        Oversampling factor.
    intervals : int
        See `compact_intervals`.
    native : NativeSlice
        What became of the slice's own pixels.
    fine : OversampledSlice or None
        The oversampled slice, None for oversampling by 1.
    x, y : int
        Zero-based pixel of the detector, in the slice.

    Returns
    -------
    PixelReport
    """
    exposure, data = prepared.exposure, prepared.slices[fit.number]
    # A pixel's place in the frame with dispersion along x, as `Exposure.to_dispersion` turns it.
    height = exposure.sci.shape[1]
    row, column = (height - 1 - x, y) if exposure.rotated else (y, x)
    row -= data.row
    division = exposure.division(factor)
    begin, end = division.starts(data.row, data.flux.shape[0])[row : row + 2]
    params, arcsec = fit.params, exposure.coordinates.arcsec
    alpha, why = float(data.alpha[row, column]), Why(int(native.why[row, column]))
    mean, rms = prepared.background.mean[fit.number], prepared.background.rms[fit.number]
    peak = min(data.profile.peak, data.trimmed_profile.peak)
    facts = Facts(
        why=why,
        number=fit.number,
        column=column,
        alpha=alpha * arcsec,
        wavelength=float(exposure.coordinates.wavelength[y, x]),
        unit=exposure.unit,
        params=params,
        only_regions=fit.only_regions,
        oversample=factor,
        divided=int(end - begin),
        missing=bool(np.isnan(data.flux[row, column]) or exposure.dq[y, x] & 1),
        outermost=row in np.flatnonzero(data.inside[:, column])[[0, -1]],
        parts=1 if fine is None else int(np.isfinite(fine.trace[begin:end, column]).sum()),
        peak=peak,
        threshold=float(fit.threshold),
        sigma=(peak - mean) / rms if rms > 0 else math.nan,
        good=int((np.isfinite(data.trimmed[:, column]) & np.isfinite(data.alpha[:, column])).sum()),
        needed=fit.require_ngood,
        window=fit.window,
        breakpoints=fit.breakpoints,
        reused_from=int(fit.source[column]) if fit.source[column] != column else -1,
        bounds=(float(fit.bounds[column, 0] * arcsec), float(fit.bounds[column, 1] * arcsec)),
        reach=native.use.reach * arcsec,
    )
    if why == Why.TOO_SPARSE or facts.reused_from >= 0:
        windows = (round(fit.window * f) for f in (1.5, 2, 3, 4))
        numbers = (round(fit.breakpoints * f) for f in (0.8, 0.65, 0.5, 0.35))

        def can(window: int, breakpoints: int) -> bool:
            return column_can_be_fitted(data, prepared.defaults, window, breakpoints, column)

        facts = replace(
            facts,
            wider=next((n for n in windows if can(n, fit.breakpoints)), None),
            fewer=next((n for n in numbers if n >= 4 and can(fit.window, n)), None),
        )
    if fit.source[column] >= 0 and math.isfinite(alpha):
        slopes = slice_slopes(data, fit, factor)
        nearest = min(native.use.sources, key=lambda s: abs(s.alpha - alpha), default=None)
        if nearest is not None:
            nearest = replace(nearest, alpha=nearest.alpha * arcsec)

        step = float(data.native_step)
        first = prepared.fine_rows(fit.number, factor).start
        parts = alpha + step * (division.at[first + begin : first + end] - (data.row + row))

        def is_used(limit: float) -> bool:
            trial, steep = replace(params, slope_limit=limit), data.alpha[slopes > limit]
            use = find_use(trial, steep, data.native_step, intervals, prepared.defaults.pad, arcsec, fit.only_regions)
            return bool(within(parts, use.ranges).any())

        facts = replace(
            facts,
            slope=float(slopes[row, column]),
            limit=None if facts.region else _turning_limit(params, why >= Why.USED, is_used),
            source=nearest,
        )
    return PixelReport(exposure.key, x, y, fit.number, column, why, tell(facts))


def _turning_limit(params: FitParams, used: bool, is_used: Callable[[float], bool]) -> float | None:
    """Slope limit nearest to the one in force with which a pixel is used and was not, or the reverse."""
    if params.use is not None:
        return None
    if used:
        return next((limit for limit in _LIMITS if limit > params.slope_limit and not is_used(limit)), None)
    lower = (limit for limit in reversed(_LIMITS) if limit < params.slope_limit)
    return next((limit for limit in lower if is_used(limit)), 0.0)


def tell(facts: Facts) -> str:
    """Say what happened to a pixel and which parameter would change it.

    Parameters
    ----------
    facts : Facts
        What is known.

    Returns
    -------
    str
        One sentence.
    """
    where = f"Slice {facts.number}, column {facts.column}, α {facts.alpha:.2f}″"
    # Minus signs everywhere but in names, which are quoted.
    return re.sub("“[^”]*”|-", _minus, f"{where}: {_SENTENCES[facts.why](facts)}.")


def _minus(found: re.Match[str]) -> str:
    return "−" if found[0] == "-" else found[0]


def _left(facts: Facts) -> str:
    """Say what happens to a pixel without a spline."""
    if facts.oversample == 1:
        return "the trace model leaves the pixel out"
    if facts.missing:
        return "the pixel stays without a value"
    if facts.outermost and facts.params.edges == PIPELINE:
        return "the pixel is dropped as the outermost of its column (edges = “keep” would interpolate it)"
    return "the pixel is interpolated"


def _below_threshold(facts: Facts) -> str:
    fitted = f"fitted for {region_names(facts.params)} only" if facts.only_regions else "not fitted"
    text = (
        f"the slice is {fitted}, because its peak of {facts.peak:.4g} {facts.unit} is not above the threshold of "
        f"{facts.threshold:.4g} {facts.unit} (fit_threshold {facts.params.fit_threshold:g} σ), so {_left(facts)}"
    )
    if facts.sigma > 0.1:
        # Rounded down, or the peak would not exceed it.
        step = 10.0 ** (math.floor(math.log10(facts.sigma)) - 1)
        aim = "let slope_limit decide" if facts.only_regions else "fit it"
        return f"{text}; lower fit_threshold to {math.floor(facts.sigma / step * 0.999) * step:g} σ to {aim}"
    return f"{text}; set fit_threshold to 0 to fit every slice"


def _too_few(facts: Facts) -> str:
    return (
        f"the column has only {facts.good} valid pixels in the slice and needs more than {facts.needed} for a spline, "
        f"so {_left(facts)}; no parameter changes that"
    )


def _remedy(facts: Facts, aim: str) -> str:
    found = []
    if facts.wider is not None:
        found.append(f"widen window from {facts.window} to {facts.wider} columns")
    if facts.fewer is not None:
        found.append(f"reduce breakpoints from {facts.breakpoints} to {facts.fewer}")
    return f"{' or '.join(found)} {aim}" if found else "neither a wider window nor fewer breakpoints would change that"


def _too_sparse(facts: Facts) -> str:
    return (
        f"the points of {facts.window} columns on each side leave gaps too wide for {facts.breakpoints} breakpoints, "
        f"or the fit failed, and there is no earlier spline to reuse, so {_left(facts)}; "
        f"{_remedy(facts, 'to get a spline')}"
    )


def _end_of_spline(facts: Facts) -> str:
    low, high = facts.bounds
    if low <= facts.alpha <= high:
        return f"the outermost pixels of the spline are dropped, so {_left(facts)}; no parameter changes that"
    return (
        f"the spline does not reach here: the points it was fitted to span α {low:.2f}″ to {high:.2f}″, so "
        f"{_left(facts)}; a window wider than {facts.window} columns may extend it"
    )


def _lower_limit(facts: Facts) -> str:
    if facts.limit is None:
        return ""
    if facts.limit == 0:
        return "set slope_limit to 0 to use the spline in the whole slice"
    return f"lower slope_limit to {facts.limit:g} to use the spline"


def _below_slope(facts: Facts) -> str:
    limit = facts.params.slope_limit
    slope = f"{facts.slope:.2g}" if facts.slope >= 0.001 else "less than 0.001"
    if facts.slope > limit:
        reason = (
            f"its slope of {slope} is above slope_limit {limit:g} here, but too few columns of the slice are "
            "as steep at this α to make a compact source"
        )
    else:
        reason = f"its slope of {slope} is below slope_limit {limit:g} and there is no compact source nearby"
    return f"the column has a spline, but {reason}, so {_left(facts)}; {_lower_limit(facts)}"


def _not_wanted(facts: Facts) -> str:
    use, waves = facts.params.use, facts.params.wavelengths
    if facts.region is not None and facts.region.use == "interpolate":
        return (
            f"the column has a spline, but α lies in the region “{facts.region.name}”, which interpolates, so "
            f"{_left(facts)}; change the region to use the spline"
        )
    if use is not None and not any(low <= facts.alpha <= high for low, high in use):
        ranges = ", ".join(f"{low:g}…{high:g}″" for low, high in use) or "none"
        return (
            f"the column has a spline, but α lies outside the recipe's use range ({ranges}), so {_left(facts)}; widen "
            "use, or remove it so that slope_limit decides"
        )
    span = f"{waves[0]:g}…{waves[1]:g} µm" if waves else "all"
    return (
        f"the column has a spline, but its wavelength of {facts.wavelength:.4f} µm lies outside the recipe's "
        f"wavelengths ({span}), so {_left(facts)}; widen wavelengths to use the spline"
    )


def _out_of_reach(facts: Facts) -> str:
    source = facts.source
    at = f"at α {source.alpha:.2f}″ " if source is not None else ""
    return (
        f"the compact source {at}lies outside the ±{facts.reach:.2f}″ in which the pipeline looks for sources, so "
        f"{_left(facts)}; set reach = “slice” to find it (beyond the pipeline), or set a use range for the slice"
    )


def _second_source(facts: Facts) -> str:
    source = facts.source
    at = f"at α {source.alpha:.2f}″ " if source is not None else ""
    share = f"{100 * source.share:.0f} %" if source is not None else "less than 20 %"
    lower = _lower_limit(facts)
    return (
        f"the compact source {at}has {share} of the steep pixels of the slice's strongest peak, and the pipeline drops "
        f"sources with less than 20 %, so {_left(facts)}; set peak_cut = “source” to keep it (beyond the pipeline)"
        + (f", or {lower}" if lower else "")
    )


def _reason_used(facts: Facts) -> str:
    if facts.region is not None:
        return f"α lies in the region “{facts.region.name}”, which uses the spline"
    if facts.params.use is not None:
        return "α lies within the recipe's use range"
    if facts.params.slope_limit <= 0:
        return "slope_limit 0 uses the spline everywhere"
    at = f" at α {facts.source.alpha:.2f}″" if facts.source is not None else ""
    limit = facts.params.slope_limit
    return f"it is close to the compact source{at}, where the spline is steeper than slope_limit {limit:g}"


def _how_to_leave(facts: Facts) -> str:
    if facts.region is not None:
        return "change the region to interpolate instead"
    if facts.params.use is not None:
        return "narrow use to interpolate instead"
    if facts.limit is not None:
        return f"raise slope_limit to {facts.limit:g}, or set a use range for the slice, to interpolate instead"
    return "set a use range for the slice to interpolate instead"


def _partly(facts: Facts) -> str:
    return f" in {facts.parts} of its {facts.divided} parts" if 0 < facts.parts < facts.divided else ""


def _used(facts: Facts) -> str:
    made = "the trace model uses" if facts.oversample == 1 else "the pixel takes"
    return f"{made} the column's own spline{_partly(facts)}, because {_reason_used(facts)}; {_how_to_leave(facts)}"


def _reused(facts: Facts) -> str:
    made = "the trace model uses" if facts.oversample == 1 else "the pixel takes"
    return (
        f"the column's own fit failed, and {made} the spline of column {facts.reused_from}{_partly(facts)}; "
        f"{_remedy(facts, 'to get its own spline')}"
    )


def _filled(facts: Facts) -> str:
    of = f"the spline of column {facts.reused_from}" if facts.reused_from >= 0 else "the column's own spline"
    what = _partly(facts).removeprefix(" ") or "it"
    if facts.oversample == 1:
        return f"the input has no valid value; the trace model uses {of}, and an oversample above 1 would fill it"
    return (
        f"the input has no valid value and {of} fills {what} (flag FLUX_ESTIMATED), because "
        f"{_reason_used(facts)}; {_how_to_leave(facts).replace('interpolate instead', 'leave it empty')}"
    )


_SENTENCES = {
    Why.BELOW_THRESHOLD: _below_threshold,
    Why.TOO_FEW_POINTS: _too_few,
    Why.TOO_SPARSE: _too_sparse,
    Why.END_OF_SPLINE: _end_of_spline,
    Why.BELOW_SLOPE: _below_slope,
    Why.NOT_WANTED: _not_wanted,
    Why.OUT_OF_REACH: _out_of_reach,
    Why.SECOND_SOURCE: _second_source,
    Why.USED: _used,
    Why.REUSED: _reused,
    Why.FILLED: _filled,
}
