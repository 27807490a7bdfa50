"""Resampling noise of single spaxels and of all bright spaxels of a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.results.lines import LineReport
from atm_viewer.engine.results.periods import PeriodReport
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.engine.results.verdict import Verdict


@dataclass(frozen=True, eq=False)
class SpaxelMetrics:
    """Everything that is measured for one spaxel.

    Parameters
    ----------
    x, y : int
        Zero-based spaxel of the cube.
    ra, dec : float
        Its centre, ICRS [deg].
    brightness : float
        Median over wavelength before correction [``unit``].
    unit : str
        Unit of the exposures.
    periods : PeriodReport
        Predicted and measured periods, and noise.
    planes : (int, int)
        Planes with a value before correction, and those of them without one after.
    lines : LineReport
        Lines and the flux in the aperture.
    verdict : Verdict
        What oscillates, and what is left after correction.
    """

    x: int
    y: int
    ra: float
    dec: float
    brightness: float
    unit: str
    planes: tuple[int, int]
    periods: PeriodReport
    lines: LineReport
    verdict: Verdict


@dataclass(frozen=True, eq=False)
class BandSummary:
    """What a report says about one band.

    Parameters
    ----------
    band : str
        The band.
    exposures : tuple of str
        Keys of the exposures that have it.
    problem : str
        Why there is no spectrum of the place; empty where there is one.
    spectra : SpaxelSpectra or None
        Of the place.
    verdict, coverage : str
        What oscillates there, and which planes the correction takes from the field, in sentences.
    picture : bytes
        PNG file with the spectra, and their ratio to the aperture.
    """

    band: str
    exposures: tuple[str, ...]
    problem: str = ""
    spectra: SpaxelSpectra | None = None
    verdict: str = ""
    coverage: str = ""
    picture: bytes = b""


@dataclass(frozen=True, eq=False)
class NoiseMap:
    """Resampling noise of spaxels, on the grid of the cube before correction.

    Parameters
    ----------
    band : str
        Band of the cube.
    before, after : ndarray of float64, shape (ny, nx)
        `atm_viewer.engine.analysis.noise.resampling_noise` against an aperture about each spaxel; a fraction, NaN for
        spaxels that are too faint.
    brightness : ndarray of float64, shape (ny, nx)
        Median over wavelength before correction [unit of the exposures].
    limit : float
        Spaxels below this brightness are left out.
    radius : float
        Radius of the apertures [arcsec].
    conserved : ndarray of float64, shape (ny, nx)
        Flux in the aperture after over that before, median over wavelength.
    cubes : mapping of str to ndarray of float64, shape (ny, nx)
        Noise of the same places in cubes from elsewhere, by their names; NaN outside of them.
    """

    band: str
    before: Floats
    after: Floats
    brightness: Floats
    limit: float
    radius: float
    conserved: Floats
    cubes: Mapping[str, Floats] = field(default_factory=dict)
