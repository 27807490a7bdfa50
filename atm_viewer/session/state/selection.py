"""Initial selection, and lookup of slices, columns, bands and levels of an exposure."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import numpy as np

from atm_viewer.engine.recipe import Polygon
from atm_viewer.engine.results.correction import CorrectionReport
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.session.edits.scope import slice_band

#: Pixels that are enough for statistics on the window's thread; more would be felt.
_SAMPLE = 200_000
#: Share of the brightest spaxel's light below which a spaxel counts as empty.
FAINT = 0.03
#: What `columns_of` found: the window asks again and again, and looking through all pixels would be felt.
_columns: WeakKeyDictionary[ExposureView, dict[int, tuple[int, int]]] = WeakKeyDictionary()


def slices_of(view: ExposureView) -> tuple[int, ...]:
    """Slice numbers, ascending: `ExposureView.slices` without the sort, which would be felt in the window."""
    counts = np.bincount(np.maximum(view.regions, 0).ravel())
    return tuple(int(n) for n in np.flatnonzero(counts) if n > 0)


def columns_of(view: ExposureView, number: int) -> tuple[int, int]:
    """First and last column (element along dispersion) of a slice; (0, 0) when the slice has no pixel."""
    known = _columns.setdefault(view, {})
    if number not in known:
        columns = np.flatnonzero((view.regions == number).any(axis=1 - view.dispersion_axis))
        known[number] = (int(columns[0]), int(columns[-1])) if columns.size else (0, 0)
    return known[number]


def band_of(view: ExposureView, number: int) -> str:
    """Band of a slice of an exposure."""
    return slice_band(view.bands, number)


def brightest_slice(view: ExposureView, slices: tuple[int, ...], report: CorrectionReport | None = None) -> int:
    """Slice to look at first.

    Parameters
    ----------
    view : ExposureView
        The exposure.
    slices : tuple of int
        Slices to choose from.
    report : CorrectionReport or None
        Gives the peaks of the collapsed profiles; without it the 95th percentile of a sample of the slice's pixels
        stands for the peak (a point source covers about a tenth of a slice).

    Returns
    -------
    int
        Number of the brightest slice; the first one when none has a finite pixel, 0 when there is none.
    """
    if report is not None:
        peaks = {s.number: s.peak for s in report.slices if s.number in slices and math.isfinite(s.peak)}
    else:
        step = max(1, view.sci.size // _SAMPLE)
        rows = (slice(None, None, step), slice(None))
        sample = rows if view.dispersion_axis == 0 else rows[::-1]
        regions, sci = view.regions[sample], view.sci[sample]
        good = np.isfinite(sci) & (regions > 0)
        regions, sci = regions[good], sci[good]
        order = np.argsort(regions, kind="stable")
        regions, sci = regions[order], sci[order]
        peaks = {}
        for number in slices:
            values = sci[np.searchsorted(regions, number) : np.searchsorted(regions, number, side="right")]
            if values.size:
                peaks[number] = float(np.percentile(values, 95))
    return max(peaks, key=lambda number: peaks[number], default=next(iter(slices), 0))


def slices_across(view: ExposureView, number: int) -> tuple[int, ...]:
    """Slices of a slice's band in their order on the sky, across the slices.

    Parameters
    ----------
    view : ExposureView
        The exposure. In MIRI the slices are numbered in that order, in NIRSpec they are not: odd numbers lie on one
        side of the field, even ones on the other.
    number : int
        The slice.

    Returns
    -------
    tuple of int
        The slice itself included; numbers grow on the whole.
    """
    step = max(1, 10 * view.sci.size // _SAMPLE)
    rows = (slice(None, None, step), slice(None))
    sample = rows if view.dispersion_axis == 0 else rows[::-1]
    regions, ra, dec = view.regions[sample], view.ra[sample], view.dec[sample]
    same = regions > 0 if view.instrument != "MIRI" else regions // 100 == number // 100
    good = same & np.isfinite(ra) & np.isfinite(dec)
    regions, ra, dec = regions[good], ra[good], dec[good]
    if not regions.size:
        return (number,)
    east = ((ra - ra[0] + 180.0) % 360.0 - 180.0) * np.cos(np.radians(dec))
    counts = np.bincount(regions)
    numbers = np.flatnonzero(counts)
    centres = np.stack([np.bincount(regions, values)[numbers] / counts[numbers] for values in (east, dec)], axis=1)
    centres -= centres.mean(axis=0)
    place = centres @ np.linalg.svd(centres)[2][0]  # along the line that the slices' centres lie on
    if place @ (numbers - numbers.mean()) < 0:
        place = -place
    return tuple(int(n) for n in numbers[np.argsort(place, kind="stable")])


def threshold_for(flux: float, level: tuple[float, float]) -> float | None:
    """Threshold in sigma that puts the flux threshold at a value, to three digits; None when it cannot be said."""
    mean, sigma = level
    if not sigma > 0 or not math.isfinite(flux):
        return None
    value = (flux - mean) / sigma
    return float(f"{max(value, 0.0):.3g}")


def spaxel_of(image: SkyImage, ra: float, dec: float) -> tuple[int, int]:
    """Zero-based (x, y) of the spaxel at a position [deg]; may lie outside of the grid."""
    east, north = image.offsets(ra, dec)
    return int(np.floor(image.x0 - east / image.spaxel + 0.5)), int(np.floor(image.y0 + north / image.spaxel + 0.5))


def spaxel_centre(image: SkyImage, ra: float, dec: float) -> tuple[float, float]:
    """Centre [deg] of the spaxel at a position [deg]."""
    centre = image.position(*_centre_offset(image, ra, dec))
    return float(centre[0]), float(centre[1])


def _centre_offset(image: SkyImage, ra: float, dec: float) -> tuple[float, float]:
    """Centre of the spaxel at a position [deg], as an offset in the image [arcsec]."""
    x, y = spaxel_of(image, ra, dec)
    return (image.x0 - x) * image.spaxel, (y - image.y0) * image.spaxel


def spaxel_outline(image: SkyImage, ra: float, dec: float) -> Polygon:
    """Edge on the sky of the spaxel at a position [deg]."""
    east, north = _centre_offset(image, ra, dec)
    half = image.spaxel / 2.0
    corners = [(east - half, north - half), (east + half, north - half)]
    corners += [(east + half, north + half), (east - half, north + half)]
    places = (image.position(*corner) for corner in corners)
    return Polygon(tuple((float(a), float(d)) for a, d in places))


def holds(image: SkyImage, ra: float, dec: float) -> bool:
    """Whether a position [deg] falls on the grid."""
    x, y = spaxel_of(image, ra, dec)
    ny, nx = image.image.shape
    return bool(0 <= x < nx and 0 <= y < ny)


def covers(image: SkyImage, ra: float, dec: float) -> bool:
    """Whether a position [deg] falls on a spaxel with data."""
    x, y = spaxel_of(image, ra, dec)
    return holds(image, ra, dec) and bool(np.isfinite(image.image[y, x]))


def lit(image: SkyImage, ra: float, dec: float) -> bool:
    """Whether a position [deg] falls on a spaxel with light of a source, not on an empty corner of the field."""
    if not covers(image, ra, dec):
        return False
    x, y = spaxel_of(image, ra, dec)
    dark, top = float(np.nanmedian(image.image)), float(np.nanmax(image.image))
    return bool(image.image[y, x] - dark > FAINT * (top - dark))
