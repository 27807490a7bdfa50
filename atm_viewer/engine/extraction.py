"""Specification of the spectra to extract: exposures, recipe, band, position and aperture."""

from __future__ import annotations

from dataclasses import dataclass

from atm_viewer.engine.recipe import Recipe

#: Radius of the aperture that goes with the spectrum of a spaxel where none is asked for [arcsec].
RADIUS = 0.5


@dataclass(frozen=True)
class Extraction:
    """Which spectra are wanted, before and after correction.

    Parameters
    ----------
    exposures : tuple of str
        Keys of the exposures; those without the band are left out.
    recipe : Recipe
        Parameters of the correction.
    band : str
        Band, as the pipeline names its cubes.
    ra, dec : float
        ICRS position [deg].
    radius : float
        Radius of the aperture about the position [arcsec]; 0 where none is asked for.
    """

    exposures: tuple[str, ...]
    recipe: Recipe
    band: str
    ra: float
    dec: float
    radius: float = 0.0

    @property
    def place(self) -> tuple[float, float]:
        """The position, RA and Dec."""
        return self.ra, self.dec
