"""Emission and absorption lines, measured in spaxel and aperture, before and after correction."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class LineFlux:
    """A line measured above a local continuum, see `atm_viewer.engine.analysis.line_flux`.

    Parameters
    ----------
    flux, flux_err : float
        Integral over the line [W/m2], negative in absorption; NaN where it cannot be measured.
    width, width_err : float
        Equivalent width [um], positive in absorption.
    continuum : float
        Continuum in the middle of the line [Jy].
    """

    flux: float
    flux_err: float
    width: float
    width_err: float
    continuum: float


@dataclass(frozen=True)
class ExpectedFlux:
    """Flux that a line should have in a spaxel, see `atm_viewer.engine.analysis.line_share`.

    Parameters
    ----------
    flux, flux_err : float
        The aperture's flux before correction times the spaxel's share of it [W/m2]; NaN where it cannot be told. The
        error is the aperture's, without that of the share.
    like_continuum : float
        Part of the line that is distributed as the continuum is, from 0 to 1: the share is the surer the more it is.
    """

    flux: float = math.nan
    flux_err: float = math.nan
    like_continuum: float = math.nan


@dataclass(frozen=True)
class MeasuredLine:
    """One line in the spectra of a spaxel and of an aperture, before and after.

    Parameters
    ----------
    name : str
        Name of the line.
    wavelength, half : float
        Middle and half of the range that is integrated over, observed [um].
    spaxel, aperture : (LineFlux, LineFlux)
        Before and after.
    expected : ExpectedFlux
        Of the spaxel.
    """

    name: str
    wavelength: float
    half: float
    spaxel: tuple[LineFlux, LineFlux]
    aperture: tuple[LineFlux, LineFlux]
    expected: ExpectedFlux = ExpectedFlux()


@dataclass(frozen=True)
class Conservation:
    """Flux in an aperture after correction over that before, over wavelength.

    Parameters
    ----------
    mean, scatter : float
        Median, and 1.4826 times the median absolute deviation.
    total : float
        Sum over all planes after over that before.
    planes : int
        Number of planes with both.
    """

    mean: float
    scatter: float
    total: float
    planes: int


@dataclass(frozen=True, eq=False)
class LineReport:
    """Lines at a place on the sky, and how well the aperture keeps its flux.

    Parameters
    ----------
    band : str
        Band of the cube.
    lines : tuple of MeasuredLine
        Those within the band.
    conservation : Conservation
        Of the aperture.
    """

    band: str
    lines: tuple[MeasuredLine, ...]
    conservation: Conservation

    def line(self, name: str) -> MeasuredLine | None:
        """Return the line of that name; None when it is not in the band."""
        return next((line for line in self.lines if line.name == name), None)
