"""Reports how each slice was fitted, with a one-sentence reason."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.io.slices import SliceData
from atm_viewer.engine.recipe import PARAMETERS, FitParams
from atm_viewer.engine.results.correction import SliceReport
from atm_viewer.engine.results.pixels import Fate
from atm_viewer.engine.trace.compact import Use
from atm_viewer.engine.trace.trace_fit import TraceFit


def report_slice(exposure: Exposure, data: SliceData, fit: TraceFit, share: float, use: Use) -> SliceReport:
    """Tell how a slice was fitted.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    data : SliceData
        The slice.
    fit : TraceFit
        Its trace model.
    share : float
        Share of its valid pixels where the spline is used.
    use : Use
        Where the spline is used.

    Returns
    -------
    SliceReport
    """
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
        reason=_reason(data, fit, counts, use, exposure) + _region_words(fit.params),
        alpha=data.profile.alpha * arcsec,
        flux=data.profile.flux,
        window=fit.window,
        breakpoints=fit.breakpoints,
        compact=tuple((float(max(a, low) * arcsec), float(min(b, high) * arcsec)) for a, b in use.ranges),
        params=fit.params,
    )


def region_names(params: FitParams) -> str:
    """Name the regions for which a slice is fitted."""
    names = dict.fromkeys(r.name for r in params.regions.ranges if r.use == "spline")
    quoted = [f"“{name}”" for name in names]
    return f"region{'s' if len(quoted) > 1 else ''} {' and '.join(quoted)}"


def _region_words(params: FitParams) -> str:
    """Say in one sentence what regions decide in a slice; empty when nothing."""
    parts: list[str] = []
    for name in params.regions.names:
        said = []
        for use, verb in (("spline", "uses the spline"), ("interpolate", "interpolates")):
            ranges = [r for r in params.regions.ranges if (r.name, r.use) == (name, use)]
            if ranges:
                spans = (f"{r.low:+.2f}″ to {r.high:+.2f}″".replace("-", "−") for r in ranges)
                said.append(f"{verb} at α {' and '.join(spans)}")
        values = [p for p, owner in params.regions.values if owner == name]
        if values:
            texts = (f"{p} {PARAMETERS[p].text(getattr(params, p))} {PARAMETERS[p].unit}".rstrip() for p in values)
            said.append(f"sets {', '.join(texts)}")
        parts.append(f"“{name}” {' and '.join(said)}")
    return f" Region {'; region '.join(parts)}." if parts else ""


def _reason(data: SliceData, fit: TraceFit, counts: Mapping[Fate, int], use: Use, exposure: Exposure) -> str:
    peak, unit = data.profile.peak, exposure.unit
    if np.isnan(peak):
        return "Empty: the slice has no valid pixel."
    below = f"its peak of {peak:.4g} {unit} is not above the threshold of {fit.threshold:.4g} {unit}"
    if not (data.over_threshold(fit.threshold) or fit.only_regions):
        return f"Not fitted: {below}."
    if not fit.has_splines:
        return "Not fitted: no column has enough valid pixels without gaps."
    columns = counts[Fate.FITTED] + counts[Fate.REUSED]
    text = f"{columns} columns have a spline"
    if counts[Fate.REUSED]:
        text += f" ({counts[Fate.REUSED]} of them reuse another column's)"
    if fit.only_regions:
        return f"{text}, for {region_names(fit.params)} only: {below}."
    arcsec = exposure.coordinates.arcsec
    left_out = max(
        (s for s in use.sources if not s.used and fit.params.regions.at(s.alpha * arcsec) is None),
        key=lambda s: s.steep,
        default=None,
    )
    missed = ""
    if left_out is not None:
        why = "has less than 20 % of the steep pixels of a stronger one"
        if use.out_of_reach:
            why = f"lies outside the pipeline's reach of ±{use.reach * arcsec:.2f}″"
        missed = f"the compact source at α {left_out.alpha * arcsec:+.2f}″ {why}".replace("-", "−")
    if not use.ranges and use.kept_out:
        return f"{text} but do not use it."
    if not use.ranges:
        missed = missed or "no compact source within reach is steeper than the slope limit"
        return f"{text} but do not use it: {missed}."
    return f"{text}; {missed}." if missed else f"{text}."
