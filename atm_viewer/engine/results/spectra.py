"""Spectra of one position on the sky, before and after correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atm_viewer.engine.arrays import Floats, Mask

#: Part of an aperture's best coverage that a plane must have. The sum is that of the spaxels with data, as in the
#: pipeline's ``extract_1d``, but has no value where more of them are missing than at other wavelengths.
LEAST_COVERED = 0.5


@dataclass(frozen=True, eq=False)
class SpaxelSpectra:
    """Spectra at one sky position, before and after, equal to those of the cubes.

    Parameters
    ----------
    band : str
        Band of the cube.
    ra, dec : float
        Centre of the spaxel, ICRS [deg].
    spaxel : (int, int)
        Zero-based (x, y) in the cube.
    unit : str
        Unit of spaxel spectra.
    solid_angle : float
        Of a spaxel [sr].
    wavelength : ndarray, shape (n,)
        Wavelength of the cube's planes [um].
    before, after, before_err, after_err : ndarray, shape (n,)
        Spectrum of the spaxel and its error [``unit``]; NaN without coverage.
    radius : float
        Radius of the aperture [arcsec].
    aperture_before, aperture_after, aperture_before_err, aperture_after_err : ndarray, shape (n,)
        Flux density within the covered part of the aperture and its error [Jy]; NaN where more is missing than at
        other wavelengths, see `LEAST_COVERED`, and everywhere in spectra of the ``spaxel_only``.
    noise_before, noise_after : float
        Resampling noise: 1.4826 MAD of spaxel over aperture, about a cubic; a fraction, NaN if undefined.
    fringe_free : bool
        Residual fringes are removed from all four spectra (RF1D); NaN where the pipeline's fit failed.
    coverage_before, coverage_after : ndarray, shape (n,), or None
        Share of the aperture that has data, 0 to 1; None where unknown.
    spaxel_only : bool
        The aperture has not been drizzled yet.
    """

    band: str
    ra: float
    dec: float
    spaxel: tuple[int, int]
    unit: str
    solid_angle: float
    wavelength: Floats
    before: Floats
    after: Floats
    before_err: Floats
    after_err: Floats
    radius: float
    aperture_before: Floats
    aperture_after: Floats
    aperture_before_err: Floats
    aperture_after_err: Floats
    noise_before: float
    noise_after: float
    fringe_free: bool = False
    coverage_before: Floats | None = None
    coverage_after: Floats | None = None
    spaxel_only: bool = False

    @property
    def uncovered(self) -> str:
        """Say where the aperture lacks data, as a sentence; empty when it lacks none, or only all of it."""
        shares = [share for share in (self.coverage_before, self.coverage_after) if share is not None and share.any()]
        missing = sum(int(((share > 0.0) & ~enough_covered(share)).sum()) for share in shares)
        part = min((float(share.max()) for share in shares), default=1.0)
        if part > 0.9995 and not missing:
            return ""
        whole, values = part > 0.9995, sum(share.size for share in shares)
        said = "" if whole else f"{part:.0%} of the aperture has data, and its flux is that of this part; "
        return (
            f"{self.band}: {said}{missing} of {values} values before and after are missing, "
            f"where less than {LEAST_COVERED:.0%} of {'the aperture has data' if whole else 'it has'}."
        )


def enough_covered(share: Floats) -> Mask:
    """Planes in which an aperture is covered at least half as well as it is at best, see `LEAST_COVERED`.

    Parameters
    ----------
    share : ndarray of float64, shape (planes,)
        Share of the aperture that has data.

    Returns
    -------
    ndarray of bool, shape (planes,)
    """
    enough: Mask = (share > 0.0) & (share >= LEAST_COVERED * np.max(share, initial=0.0))
    return enough


@dataclass(frozen=True, eq=False)
class HoveredSpectrum:
    """Spectrum of a single spaxel before correction, that of the cube but for rounding.

    Parameters
    ----------
    band : str
        Band of the cube.
    spaxel : (int, int)
        Zero-based (x, y) in the cube.
    unit : str
        Unit of ``flux``.
    wavelength : ndarray, shape (n,)
        Wavelength of the cube's planes [um].
    flux : ndarray, shape (n,)
        The spectrum; NaN without coverage.
    """

    band: str
    spaxel: tuple[int, int]
    unit: str
    wavelength: Floats
    flux: Floats


@dataclass(frozen=True, eq=False)
class FilledShare:
    """How much of a spaxel's spectrum after correction comes from pixels that the spline fills.

    Parameters
    ----------
    band : str
        Band of the cube.
    wavelength : ndarray, shape (n,)
        Wavelength of the cube's planes [um].
    share : ndarray, shape (n,)
        Share of the weight of pixels flagged FLUX_ESTIMATED, 0 to 1; NaN without coverage.
    """

    band: str
    wavelength: Floats
    share: Floats


@dataclass(frozen=True, eq=False)
class PredictedArtifact:
    """What a spaxel and an aperture would show of a point source of constant spectrum, without noise.

    Parameters
    ----------
    band : str
        Band of the cube.
    place, source : (float, float)
        ICRS positions of spaxel and aperture, and of the source [deg].
    radius : float
        Radius of the aperture [arcsec].
    wavelength : ndarray, shape (n,)
        Wavelength of the cube's planes [um].
    before, after : ndarray, shape (n,)
        Spaxel over aperture before and after correction; NaN without coverage.
    noise_before, noise_after : float
        As in `SpaxelSpectra`.
    fwhm : float
        Width of the source's image in the middle of the band [arcsec].
    fitted : tuple of int
        Slices in which the spline is used.
    seconds : float
        Time it took [s].
    """

    band: str
    place: tuple[float, float]
    source: tuple[float, float]
    radius: float
    wavelength: Floats
    before: Floats
    after: Floats
    noise_before: float
    noise_after: float
    fwhm: float
    fitted: tuple[int, ...]
    seconds: float
