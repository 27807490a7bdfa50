"""Slices of an exposure: cut-outs with the dispersion along x, their collapsed profiles and flux thresholds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atm_viewer.engine.arrays import Floats, Frame, Reals, Singles
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.kernels.order import bin_medians, median
from atm_viewer.engine.statistics import sigma_clipped
from atm_viewer.engine.threads import in_threads, without_warnings

#: Numbers that numpy adds without halving them (its ``PW_BLOCKSIZE``).
_SUMMED_AT_ONCE = 128


@dataclass(frozen=True, eq=False)
class Background:
    """Clipped statistics of an exposure that the flux thresholds are based on.

    Parameters
    ----------
    offset : float or None
        Negative mean that is subtracted before fitting and added back at the end; None when the mean is not
        negative.
    mean, rms : dict of int to float
        By slice number: clipped mean and standard deviation of the slice's channel (MIRI) or of the whole
        exposure (NIRSpec) [unit of the exposure], after the offset is taken off.
    """

    offset: float | None
    mean: dict[int, float]
    rms: dict[int, float]

    def threshold(self, number: int, fit_threshold: float) -> float:
        """Flux that the slice's peak must exceed; ``-inf`` when ``fit_threshold`` is 0 or less."""
        if fit_threshold <= 0:
            return -np.inf
        return self.mean[number] + fit_threshold * self.rms[number]


@dataclass(frozen=True, eq=False)
class CollapsedProfile:
    """Spatial profile of a slice, median over wavelength in bins of half a native pixel (``_crossdisp_profile``).

    All arrays have shape (n,); bins without a valid point are NaN.

    Parameters
    ----------
    alpha : ndarray
        Centres of the bins, in the pipeline's unit of alpha.
    flux, err, snr : ndarray
        Median flux and error [unit of the exposure] and median ratio of the two.
    """

    alpha: Floats
    flux: Floats
    err: Floats
    snr: Floats

    @cached_property
    def peak(self) -> float:
        """Highest median flux; NaN for an empty slice."""
        return float(np.nanmax(self.flux)) if np.isfinite(self.flux).any() else np.nan


@dataclass(frozen=True, eq=False)
class SliceData:
    """One slice, cut out of an exposure; dispersion along x.

    Parameters
    ----------
    number : int
        Slice number.
    row : int
        First row of the cut-out in the (rotated) exposure.
    flux, alpha : ndarray, shape (rows, columns)
        In the exposure's precision, which the fit depends on; NaN outside of the slice.
    inside : ndarray of bool, shape (rows, columns)
        Pixels of the slice.
    native_step : float
        Median distance of pixels along a column, in alpha.
    profile : CollapsedProfile
        As it is.
    trimmed : ndarray, shape (rows, columns)
        ``flux`` without noisy edges (`_trim_edges`): what is fitted.
    trimmed_profile : CollapsedProfile
        Profile of ``trimmed``.
    norm : ndarray, shape (columns,)
        Sum over each column of ``trimmed``, of positive values only where a negative nod is present.
    """

    number: int
    row: int
    flux: np.ndarray
    alpha: np.ndarray
    inside: np.ndarray
    native_step: float
    profile: CollapsedProfile
    trimmed: np.ndarray
    trimmed_profile: CollapsedProfile
    norm: np.ndarray

    def over_threshold(self, threshold: float) -> bool:
        """Whether the slice is fitted: its peak exceeds the threshold before and after trimming."""
        if threshold == -np.inf:
            return True
        return self.profile.peak > threshold and self.trimmed_profile.peak > threshold


def measure_background(exposure: Exposure) -> Background:
    """Clipped statistics of an exposure (``fit_and_oversample``).

    Parameters
    ----------
    exposure : Exposure
        The exposure.

    Returns
    -------
    Background
    """
    flux = exposure.to_dispersion(exposure.sci)
    regions = exposure.to_dispersion(exposure.regions)
    channels = sorted({n // 100 for n in exposure.slices}) if exposure.instrument == "MIRI" else []

    def clip(flux: Reals, channel: int | None) -> tuple[float, float]:
        if channel is None:
            return sigma_clipped(flux[regions > 0], 0.0)
        return sigma_clipped(flux[(regions >= channel * 100) & (regions < channel * 100 + 100)], np.nan)

    # All at once, though channels have to be clipped again where the mean is negative, which is rare.
    with without_warnings():
        (mean, rms), *each = in_threads(lambda channel: clip(flux, channel), [None, *channels])
        offset = None
        if mean < 0:
            offset = mean
            flux = flux - mean
            mean = 0.0
            each = in_threads(lambda channel: clip(flux, channel), channels)
    if not channels:
        return Background(offset, dict.fromkeys(exposure.slices, mean), dict.fromkeys(exposure.slices, rms))
    found = dict(zip(channels, each, strict=True))
    means, sigmas = ({n: found[n // 100][k] for n in exposure.slices} for k in (0, 1))
    return Background(offset, means, sigmas)


def cut_slices(
    exposure: Exposure, offset: float | None, begun: Callable[[int, float], None] | None = None
) -> dict[int, SliceData]:
    """Cut all slices out of an exposure and collapse them.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    offset : float or None
        Of the exposure's `Background`, taken off the flux.
    begun : callable, optional
        ``begun(number, fraction)``, see `in_threads`.

    Returns
    -------
    dict of int to SliceData
        By slice number, ascending.
    """
    # Unpacked here and not kept: who corrects an exposure needs alpha of the cut-outs only. Those of NIRSpec are rows.
    alpha: Frame = exposure.coordinates.packed_pixels[0]
    if exposure.rotated:
        alpha = exposure.to_dispersion(alpha[:])
    with without_warnings():
        cuts = in_threads(lambda number: _cut_slice(exposure, alpha, number, offset), exposure.slices, begun)
    return dict(zip(exposure.slices, cuts, strict=True))


def _cut_slice(exposure: Exposure, frame: Frame, number: int, offset: float | None) -> SliceData:
    regions = exposure.to_dispersion(exposure.regions)
    cut = exposure.slice_rows[number]
    inside = np.ascontiguousarray(regions[cut] == number)
    flux = exposure.to_dispersion(exposure.sci)[cut]
    if offset is not None:
        # In the pipeline this also turns every later array into the offset's precision.
        flux = flux - offset
    flux = np.where(inside, flux, np.asarray(np.nan, flux.dtype))
    err = np.where(inside, exposure.to_dispersion(exposure.err)[cut], np.nan).astype(flux.dtype, copy=False)
    alpha = np.where(inside, frame[cut], np.nan).astype(flux.dtype, copy=False)
    native_step = _native_step(alpha)
    profile = collapse(flux, err, alpha, native_step)
    trimmed = _trim_edges(flux, alpha, profile)
    trimmed_profile = profile if trimmed is flux else collapse(trimmed, err, alpha, native_step)
    norm = _column_sums(trimmed, cut, regions.shape[0], exposure.rotated, trimmed_profile)
    return SliceData(number, cut.start, flux, alpha, inside, native_step, profile, trimmed, trimmed_profile, norm)


def collapse(flux: Reals, err: Reals, alpha: Reals, native_step: float) -> CollapsedProfile:
    """Spatial profile of a slice (``_crossdisp_profile``).

    Parameters
    ----------
    flux, err, alpha : ndarray, shape (rows, columns)
        Cut-outs of the slice.
    native_step : float
        Median distance of pixels along a column, in the precision of ``alpha``.

    Returns
    -------
    CollapsedProfile
        Empty when no pixel is valid.
    """
    valid = np.isfinite(flux) & np.isfinite(err) & np.isfinite(alpha) & (err > 0)
    if not valid.any():
        return CollapsedProfile(*(np.zeros(0) for _ in range(4)))
    step = native_step / 2.0
    centres = np.arange(np.nanmin(alpha), np.nanmax(alpha), step)
    binned = np.empty((3, centres.size))
    bin_medians(alpha[valid], flux[valid], err[valid], centres - step / 2.0, centres + step / 2.0, step, binned)
    return CollapsedProfile(centres, *binned)


def _native_step(alpha: Singles) -> float:
    steps = np.diff(alpha, axis=0).ravel()
    known = steps[~np.isnan(steps)]
    step: float = np.abs(alpha.dtype.type(median(known) if known.size else np.nan))
    return step


def _trim_edges(flux: Singles, alpha: Singles, profile: CollapsedProfile) -> Singles:
    """Flux without edges where the signal is low but the error high (``_trim_edges``); the same array if none is."""
    valid = np.isfinite(profile.snr)
    if not valid.any():
        return flux
    mean, rms = sigma_clipped(profile.err[valid], 0.0)
    bad = (np.abs(profile.snr) < 5) & (profile.err > mean + 5 * rms)
    if not bad.any() or bad.all():
        return flux
    trimmed = flux.copy()
    below, above = profile.alpha[bad & (profile.alpha < 0)], profile.alpha[bad & (profile.alpha > 0)]
    if below.size:
        trimmed[alpha <= below.max()] = np.nan
    if above.size:
        trimmed[alpha >= above.min()] = np.nan
    return trimmed


def _column_sums(flux: Singles, cut: slice, rows: int, rotated: bool, profile: CollapsedProfile) -> Singles:
    """Sum of each column, in numpy's order of summation over the whole frame.

    Float32 sums depend on that order: pairwise with fixed blocks along the columns of a rotated (MIRI) frame,
    whose memory runs along them; row after row in NIRSpec.
    """
    low = profile.snr.size and np.nanmin(profile.snr) < -5.0
    flux = np.where(np.isnan(flux), 0, flux)
    if rotated and not low:
        return _pairwise_sums(flux, cut.start, rows)
    if rotated:
        frame = np.zeros((flux.shape[1], rows), dtype=flux.dtype).T
        frame[cut] = flux
        flux = frame
    sums: Singles = np.sum(flux, where=(flux > 0), axis=0) if low else np.sum(flux, axis=0)
    return sums


def _pairwise_sums(flux: Singles, row: int, rows: int) -> Singles:
    """`numpy.sum` of the columns of a frame, which are contiguous and 0 but for ``flux`` from ``row`` on.

    Numpy adds as many numbers as are in a block in one go, and of more it adds the sums of either half: those of parts
    without flux need not be taken.
    """
    if not flux.shape[0]:
        return np.zeros(flux.shape[1], flux.dtype)
    if rows <= _SUMMED_AT_ONCE:
        part = np.zeros((flux.shape[1], rows), flux.dtype).T
        part[row : row + flux.shape[0]] = flux
        sums: Singles = part.sum(axis=0)
        return sums
    half = rows // 2 // 8 * 8
    below = max(half - row, 0)
    return _pairwise_sums(flux[:below], row, half) + _pairwise_sums(flux[below:], max(row - half, 0), rows - half)
