"""Where the spline of a slice is used: finds compact sources from the alpha of steep pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from atm_viewer.engine.arrays import Integers, Mask, Reals, Singles
from atm_viewer.engine.recipe import PIPELINE, FitParams, RegionRange
from atm_viewer.engine.threads import without_warnings

#: Steep pixels that a slice needs to have any compact source in the pipeline (``require_npt``). With
#: ``peak_cut = "source"`` a peak that has as many in itself counts, however many another peak has.
FEWEST_STEEP = 50

#: Height that a peak of the histogram needs in the pipeline, over that of the highest.
LOWEST_PEAK = 0.2

Range = tuple[float, float]


@dataclass(frozen=True)
class CompactSource:
    """A separate peak in the histogram of a slice's steep pixels.

    Parameters
    ----------
    alpha : float
        Where it is, in the pipeline's unit (lower edge of its bin, from which the pipeline counts).
    steep : int
        Steep pixels in its bin, which is half a native pixel wide.
    share : float
        The same over those of the highest peak it is judged against.
    in_reach : bool
        Whether the pipeline's histogram can find it.
    used : bool
        Whether the spline is used about it.
    """

    alpha: float
    steep: int
    share: float
    in_reach: bool
    used: bool


@dataclass(frozen=True)
class Use:
    """Where the spline of a slice is used, and where a single rule is in the way.

    Ranges are ``low < alpha <= high`` in the pipeline's unit.

    Parameters
    ----------
    ranges : list of (float, float)
        Where the spline is used.
    out_of_reach : list of (float, float)
        About compact sources that the histogram does not reach.
    dropped : list of (float, float)
        About compact sources whose peak is too low beside the highest.
    sources : tuple of CompactSource
        All compact sources, ascending; empty where they do not decide.
    reach : float
        The pipeline's histogram spans this much to both sides of alpha 0, in the pipeline's unit.
    kept_out : tuple of (float, float)
        Where regions on the sky say that the spline is not used.
    """

    ranges: list[Range]
    out_of_reach: list[Range]
    dropped: list[Range]
    sources: tuple[CompactSource, ...]
    reach: float
    kept_out: tuple[Range, ...] = ()


#: Of a slice without splines.
NO_USE = Use([], [], [], (), 0.0)


def find_use(
    params: FitParams,
    steep: Singles,
    step: float,
    intervals: int,
    pad: int,
    arcsec: float,
    only_regions: bool = False,
) -> Use:
    """Find the alpha ranges in which the spline of a slice is used.

    ``use`` of the recipe when it is given; everywhere for a slope limit of 0 or less; else within ``pad`` native
    pixels of compact sources, found as peaks of the histogram of steep pixels (``_is_compact_source``). The
    pipeline's histogram reaches ``step * intervals / 4`` to both sides of alpha 0, and peaks under a fifth of the
    highest are dropped. ``reach = "slice"`` looks for peaks in the whole slice, and with ``peak_cut = "source"`` a
    peak counts by its own steep pixels; neither takes away what the pipeline uses. Regions on the sky then add their
    ranges, or take them away.

    Parameters
    ----------
    params : FitParams
        Parameters of the slice.
    steep : ndarray, shape (n,)
        Alpha of pixels over the slope limit, in the pipeline's unit.
    step : float
        Native distance of pixels along the slice, in the same unit and the exposure's precision.
    intervals : int
        Spline intervals of the first fitted slice: the pipeline's number of bins for all slices.
    pad : int
        Native pixels about a source in which the spline is used.
    arcsec : float
        Arcseconds in the pipeline's unit of alpha.
    only_regions : bool
        Whether the slice is fitted for regions alone.

    Returns
    -------
    Use
    """
    reach = float(step * intervals / 4)
    if only_regions:
        use = Use([], [], [], (), reach)
    elif params.use is not None:
        use = Use([_half_open(low, high, arcsec) for low, high in params.use], [], [], (), reach)
    elif params.slope_limit <= 0:
        use = Use([(-np.inf, np.inf)], [], [], (), reach)
    elif steep.size < FEWEST_STEEP:
        use = Use([], [], [], (), reach)
    else:
        use = _about_sources(params, steep, step, intervals, pad, reach)
    return _with_regions(use, params.regions.ranges, arcsec) if params.regions.ranges else use


def _half_open(low: float, high: float, arcsec: float) -> Range:
    """Range of the recipe [arcsec], whose ends are both included, as ``low < alpha <= high`` in the pipeline's unit."""
    return float(np.nextafter(low / arcsec, -np.inf)), high / arcsec


def _with_regions(use: Use, ranges: Iterable[RegionRange], arcsec: float) -> Use:
    """Add and take away what regions say, one after the other."""
    used, kept_out = list(use.ranges), list[Range]()
    for one in ranges:
        low, high = _half_open(one.low, one.high, arcsec)
        used, kept_out = ([part for r in parts for part in _without(r, low, high)] for parts in (used, kept_out))
        (used if one.use == "spline" else kept_out).append((low, high))
    return replace(use, ranges=merged(used), kept_out=tuple(merged(kept_out)))


def _without(one: Range, low: float, high: float) -> list[Range]:
    """Parts of a range that lie outside of another one."""
    return [(a, b) for a, b in ((one[0], min(one[1], low)), (max(one[0], high), one[1])) if a < b]


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Ranges in ascending order, those that meet put together."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found


def _about_sources(params: FitParams, steep: np.ndarray, step: float, intervals: int, pad: int, reach: float) -> Use:
    """Find where the spline is used about compact sources."""
    sources = _find_sources(params, steep, step, intervals)

    def about(wanted: Iterable[CompactSource]) -> list[Range]:
        return [(s.alpha - pad * step, s.alpha + pad * step) for s in wanted]

    beyond = [not s.used and not s.in_reach and params.reach == PIPELINE for s in sources]
    return Use(
        about(s for s in sources if s.used),
        about(s for s, out in zip(sources, beyond, strict=True) if out),
        about(s for s, out in zip(sources, beyond, strict=True) if not s.used and not out),
        sources,
        reach,
    )


def _find_sources(params: FitParams, steep: Singles, step: float, intervals: int) -> tuple[CompactSource, ...]:
    edge = step * intervals / 4
    with without_warnings():
        histogram, _ = np.histogram(steep, bins=intervals, range=(-edge, edge), density=True)
        histogram = histogram / np.nanmax(histogram)
    pipelines = {k for k in find_peaks(histogram) if histogram[k] >= LOWEST_PEAK}

    # The same bins go on to both ends of the slice, and one more, so that a peak at the end is one.
    counts, _ = np.histogram(steep, bins=intervals, range=(-edge, edge))
    below, above = _beyond(-steep, edge, step)[::-1], _beyond(steep, edge, step)
    first, counts = -below.size, np.concatenate([below, counts, above])
    inner = slice(below.size, below.size + intervals)
    highest = counts.max() if params.reach != PIPELINE else counts[inner].max()
    positions = np.arange(first, intervals + above.size) * step / 2 - edge
    sources = []
    for k in find_peaks(counts):
        bin_, steep_here = k + first, int(counts[k])
        in_reach = 0 < bin_ < intervals - 1
        own = steep_here >= FEWEST_STEEP
        high = steep_here >= LOWEST_PEAK * highest
        seen = in_reach or params.reach != PIPELINE
        used = bin_ in pipelines or (seen and (high or (own and params.peak_cut != PIPELINE)))
        if used or own or steep_here >= LOWEST_PEAK * counts.max():
            share = steep_here / highest if highest else np.inf
            sources.append(
                CompactSource(
                    float(positions[k]), steep_here, float(share), bin_ in pipelines or bool(in_reach), bool(used)
                )
            )
    return tuple(sources)


def find_peaks(values: np.ndarray) -> Integers:
    """Find local maxima as `scipy.signal.find_peaks` does, whose import alone takes half a second and 50 MB.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Values.

    Returns
    -------
    ndarray of int, shape (peaks,)
        Indices of values that are higher than both neighbours. Of several equal ones that is the middle, the
        left of two. The first and the last value are none, and there is none beside NaN.
    """
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])[: values.size])
    heights = values[starts]
    ends = np.append(starts[1:], values.size) - 1
    high = np.flatnonzero((heights[1:-1] > heights[:-2]) & (heights[1:-1] > heights[2:])) + 1
    middle: Integers = (starts[high] + ends[high]) // 2
    return middle


def _beyond(steep: Singles, edge: float, step: float) -> Integers:
    """Histogram of what lies above the edge, outwards, in bins of half a step, and an empty bin."""
    outside = steep[steep > edge]
    bins = 1 + (int((outside.max() - edge) / (step / 2)) + 1 if outside.size else 0)
    return np.histogram(outside, bins=bins, range=(edge, edge + bins * step / 2))[0]


def within(alpha: Reals, ranges: Iterable[Range]) -> Mask:
    """Whether positions lie in any of some ranges ``low < alpha <= high``."""
    inside = np.zeros(alpha.shape, dtype=bool)
    for low, high in ranges:
        inside |= (alpha > low) & (alpha <= high)
    return inside
