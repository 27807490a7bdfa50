"""A point source without noise, as the pixels of an exposure would see it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from atm_viewer.engine.arrays import Floats, Integers
from atm_viewer.engine.cube.apertures import Circle
from atm_viewer.engine.cube.footprints import Footprints, SkyMapper
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.progress import Progress, no_progress
from atm_viewer.engine.psf import SIGMA_TO_FWHM, psf_fwhm
from atm_viewer.engine.tangent import TangentPlane
from atm_viewer.engine.threads import in_threads, loading
from atm_viewer.engine.trace.oversample import OversampledSlice

#: Slices within so many FWHM of the source, beyond the aperture, are made.
_REACH = 2.5
#: Flux of the source [unit of the exposure times arcsec²]; the errors are 1.
_FLUX = 1000.0


@dataclass(frozen=True)
class PointSource:
    """A point source: ICRS position [deg]."""

    ra: float
    dec: float

    @property
    def plane(self) -> TangentPlane:
        """Plane that touches the sky at the source."""
        return TangentPlane(self.ra, self.dec)

    def is_near(self, exposure: Exposure, mapper: SkyMapper, number: int, reach: float) -> bool:
        """Whether a slice is within a distance [arcsec], and some more, of the source; arguments as `put_source`."""
        wide = psf_fwhm(exposure.instrument, float(np.nanmax(exposure.column_wavelengths[number])))
        pixels = exposure.slice_pixels(number)
        y, x = np.unravel_index(pixels[np.unique(np.linspace(0, pixels.size - 1, 400).astype(int))], exposure.sci.shape)
        sampled = _footprints(mapper, x, y, number).on(self.plane)
        distance = np.hypot(sampled[0][4], sampled[1][4])
        return not np.nanmin(distance, initial=np.inf) > reach + _REACH * wide + mapper.slice_width(number)

    def flux(self, exposure: Exposure, mapper: SkyMapper, number: int, pixels: Integers) -> tuple[Integers, Floats]:
        """Mean surface brightness over pixels of a slice, given by flat indices, as far as they are on the sky."""
        y, x = np.unravel_index(pixels, exposure.sci.shape)
        foot = _footprints(mapper, x, y, number)
        fwhm = psf_fwhm(exposure.instrument, foot.wavelength)
        return foot.y * exposure.sci.shape[1] + foot.x, pixel_flux(foot, self.plane, fwhm, mapper.edge)


def put_source(
    exposure: Exposure,
    mapper: SkyMapper,
    band: str,
    source: PointSource,
    reach: float,
    progress: Progress = no_progress,
) -> Exposure:
    """Make the exposure that a point source alone would give, without noise.

    Parameters
    ----------
    exposure : Exposure
        Gives geometry and bad pixels.
    mapper : SkyMapper
        Its footprints.
    band : str
        Band whose slices are made.
    source : PointSource
        The source.
    reach : float
        Slices within this distance of the source [arcsec], and some more, are made; the others are left out.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    Exposure
        With errors of 1 and no variances.
    """
    flux = np.full(exposure.sci.shape, np.nan, dtype=np.float32)
    regions = np.zeros(exposure.regions.shape, dtype=exposure.regions.dtype)

    def add(number: int) -> None:
        if source.is_near(exposure, mapper, number, reach):
            regions.ravel()[exposure.slice_pixels(number)] = number
            pixels, values = source.flux(exposure, mapper, number, exposure.slice_pixels(number))
            flux.ravel()[pixels] = values

    of_band = [number for number in exposure.slices if exposure.band_of(number) == band]
    in_threads(add, of_band, lambda _, part: progress("Simulating the source", 0.2 * part))
    invalid = ~np.isfinite(exposure.sci)
    flux[invalid] = np.nan
    err = np.where(np.isfinite(flux), np.float32(1.0), np.float32(np.nan))
    return replace(exposure, sci=flux, err=err, variances={}, regions=regions)


def source_slice(
    exposure: Exposure, mapper: SkyMapper, number: int, source: PointSource, reach: float, circle: Circle
) -> OversampledSlice:
    """Make what is drizzled of one slice of the exposure that `put_source` makes.

    Parameters
    ----------
    exposure, mapper, source, reach
        As for `put_source`.
    number : int
        The slice.
    circle : Circle
        Pixels that may touch its spaxels are made.

    Returns
    -------
    OversampledSlice
        NaN in pixels that cannot count.
    """
    rows, pixels, width = exposure.slice_rows[number], exposure.slice_pixels(number), exposure.sci.shape[1]
    regions, real, dq = (exposure.to_dispersion(a)[rows] for a in (exposure.regions, exposure.sci, exposure.dq))
    sci = np.full(real.shape, np.nan, dtype=np.float32)
    if source.is_near(exposure, mapper, number, reach):
        near = circle.near_pixels(exposure, mapper, number, pixels)
        pixels, flux = source.flux(exposure, mapper, number, pixels[near])
        y, x = np.divmod(pixels, width)
        sci[(width - 1 - x - rows.start, y) if exposure.rotated else (y - rows.start, x)] = flux
    sci[~np.isfinite(real)] = np.nan
    return OversampledSlice(
        number=number,
        row=rows.start,
        inside=np.ascontiguousarray(regions == number),
        sci=sci,
        err=np.where(np.isfinite(sci), np.float32(1.0), np.float32(np.nan)),
        variances={},
        dq=np.ascontiguousarray(dq),
        trace=np.broadcast_to(np.float32(np.nan), sci.shape),
    )


def pixel_flux(foot: Footprints, plane: TangentPlane, fwhm: Floats, edge: float) -> Floats:
    """Mean surface brightness of a point source at the origin of a plane over each pixel's rectangle on the sky.

    Parameters
    ----------
    foot : Footprints
        The pixels.
    plane : TangentPlane
        It touches the sky at the source.
    fwhm : ndarray, shape (n,)
        Width of the source's image at their wavelengths [arcsec].
    edge : float
        Distance of a pixel's centre from the ends of its footprint along the slice [pixel].

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    xi, eta = foot.on(plane)
    corners = np.stack([xi[:4], eta[:4]])
    along = (corners[:, 2] + corners[:, 3] - corners[:, 0] - corners[:, 1]) / 2.0 / (2.0 * edge)
    across = (corners[:, 1] + corners[:, 2] - corners[:, 0] - corners[:, 3]) / 2.0
    centre = corners.mean(axis=1)
    sigma = fwhm / SIGMA_TO_FWHM
    mean = np.full(fwhm.shape, _FLUX)
    for side in (along, across):
        width = np.hypot(*side)
        mean *= _mean_in_bin((centre * side).sum(axis=0) / width, width, sigma)
    return mean


def _mean_in_bin(offset: Floats, width: Floats, sigma: Floats) -> Floats:
    """Mean of a normal distribution over a bin at an offset from its centre."""
    with loading():
        from scipy.special import erf

    scale = 1.0 / (np.sqrt(2.0) * sigma)
    mean: Floats = (erf((offset + width / 2.0) * scale) - erf((offset - width / 2.0) * scale)) / (2.0 * width)
    return mean


def _footprints(mapper: SkyMapper, x: Integers, y: Integers, number: int) -> Footprints:
    return mapper.footprints(x, y, np.full(x.size, number), 1)
