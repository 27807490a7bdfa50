"""Reports how each slice was fitted, with a one-sentence reason."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.io.slices import SliceData
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
        reason=_reason(data, fit, counts, use, exposure),
        alpha=data.profile.alpha * arcsec,
        flux=data.profile.flux,
        window=fit.window,
        breakpoints=fit.breakpoints,
        compact=tuple((float(max(a, low) * arcsec), float(min(b, high) * arcsec)) for a, b in use.ranges),
    )


def _reason(data: SliceData, fit: TraceFit, counts: Mapping[Fate, int], use: Use, exposure: Exposure) -> str:
    peak, unit = data.profile.peak, exposure.unit
    if np.isnan(peak):
        return "Empty: the slice has no valid pixel."
    if not data.over_threshold(fit.threshold):
        return f"Not fitted: its peak of {peak:.4g} {unit} is not above the threshold of {fit.threshold:.4g} {unit}."
    if not fit.has_splines:
        return "Not fitted: no column has enough valid pixels without gaps."
    columns = counts[Fate.FITTED] + counts[Fate.REUSED]
    text = f"{columns} columns have a spline"
    if counts[Fate.REUSED]:
        text += f" ({counts[Fate.REUSED]} of them reuse another column's)"
    arcsec = exposure.coordinates.arcsec
    left_out = max((s for s in use.sources if not s.used), key=lambda s: s.steep, default=None)
    missed = ""
    if left_out is not None:
        why = "has less than 20 % of the steep pixels of a stronger one"
        if use.out_of_reach:
            why = f"lies outside the pipeline's reach of ±{use.reach * arcsec:.2f}″"
        missed = f"the compact source at α {left_out.alpha * arcsec:+.2f}″ {why}".replace("-", "−")
    if not use.ranges:
        missed = missed or "no compact source within reach is steeper than the slope limit"
        return f"{text} but do not use it: {missed}."
    return f"{text}; {missed}." if missed else f"{text}."
