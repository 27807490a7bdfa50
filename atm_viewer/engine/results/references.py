"""Cubes and extracted spectra from elsewhere, with which the open exposures are compared."""

from __future__ import annotations

from dataclasses import dataclass

from atm_viewer.engine.arrays import Floats

#: Kinds of files: cubes, and extracted spectra.
CUBE, EXTRACTED = "s3d", "x1d"
#: So many can be open at once: as many as can be told apart beside before, after and aperture.
MOST_REFERENCES = 4


@dataclass(frozen=True)
class ReferenceFile:
    """A file that was read.

    Parameters
    ----------
    path : str
        Its absolute path.
    kind : str
        `CUBE` or `EXTRACTED`.
    unit : str
        Unit of its spectra.
    ranges : tuple of (float, float)
        Wavelengths that it has, from to [um]; several for several bands.
    """

    path: str
    kind: str
    unit: str
    ranges: tuple[tuple[float, float], ...]

    def overlaps(self, low: float, high: float) -> bool:
        """Whether it has any wavelength of a range [um]."""
        return any(first <= high and last >= low for first, last in self.ranges)


@dataclass(frozen=True, eq=False)
class ReferenceSpectrum:
    """Spectrum of a file at a place, by the definitions of `SpaxelSpectra`.

    Parameters
    ----------
    path : str
        The file.
    kind : str
        `CUBE`, or `EXTRACTED`: such a spectrum is that of the file, whatever the place; its surface brightness is in
        ``flux``, and its flux density in ``aperture``.
    spaxel : (int, int)
        Zero-based (x, y) in the cube; (-1, -1) outside of it.
    ra, dec : float
        Centre of the spaxel, ICRS [deg].
    unit : str
        Unit of ``flux``.
    solid_angle : float
        Of a spaxel [sr]; NaN for extracted spectra.
    wavelength : ndarray, shape (n,)
        Its wavelengths [um].
    flux, flux_err : ndarray, shape (n,)
        Spectrum of the spaxel and its error [``unit``]; NaN without a value.
    radius : float
        Radius of the aperture [arcsec]; NaN for extracted spectra.
    aperture, aperture_err : ndarray, shape (n,)
        Flux density within the aperture and its error [Jy]; NaN without a value.
    noise : float
        Resampling noise; a fraction, NaN if undefined.
    """

    path: str
    kind: str
    spaxel: tuple[int, int]
    ra: float
    dec: float
    unit: str
    solid_angle: float
    wavelength: Floats
    flux: Floats
    flux_err: Floats
    radius: float
    aperture: Floats
    aperture_err: Floats
    noise: float

    @property
    def outside(self) -> bool:
        """Whether the place lies outside of the cube."""
        return self.kind == CUBE and self.spaxel == (-1, -1)
