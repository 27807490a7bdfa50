"""Spectra in other units and on other axes, and smoothed for display: numpy arrays in and out.

astropy does the conversions. It is imported on first use, since the first window must not wait for it; `load` does so
ahead of time, on a thread that may.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import numpy as np

from atm_viewer.engine.psf import SIGMA_TO_FWHM

#: Units that spectra can be shown in, as written on the axis, and what is in them; what astropy reads is in `_ASTROPY`.
FLUX_UNITS = {
    "MJy/sr": "brightness",
    "Jy": "F<sub>ν</sub> per spaxel",
    "mJy": "F<sub>ν</sub> per spaxel",
    "µJy": "F<sub>ν</sub> per spaxel",
    "erg/s/cm²/Å": "F<sub>λ</sub> per spaxel",
    "erg/s/cm²": "νF<sub>ν</sub> per spaxel",
}
_ASTROPY = {
    **{"MJy/sr": "MJy / sr", "Jy": "Jy", "mJy": "mJy", "µJy": "uJy"},
    **{"erg/s/cm²/Å": "erg / (s cm2 AA)", "erg/s/cm²": "erg / (s cm2)"},
}

#: Kinds of the horizontal axis: name on the axis, unit.
AXES = {
    "wavelength": ("wavelength", "µm"),
    "rest wavelength": ("rest wavelength", "µm"),
    "frequency": ("frequency", "THz"),
    "velocity": ("velocity", "km/s"),
}

_SPEED_OF_LIGHT = 299792.458  # km/s

#: One value or several; what is made of them is of the same kind.
Values = TypeVar("Values", float, np.ndarray)


def load() -> None:
    """Import astropy's units."""
    import astropy.units  # noqa: F401


def flux_factor(given: str, unit: str, wavelength: np.ndarray, solid_angle: float) -> np.ndarray:
    """Factor at each wavelength that takes a spectrum from one unit to another.

    Parameters
    ----------
    given, unit : str
        Unit of the spectrum, and the unit wanted, of `FLUX_UNITS`.
    wavelength : ndarray
        Wavelength [um].
    solid_angle : float
        Of the spaxel or the aperture [sr]: a surface brightness (MJy/sr) times this is a flux density, and a flux
        density over this is the mean surface brightness.

    Returns
    -------
    ndarray
        The factor; for values and their errors alike.
    """
    wavelength = np.asarray(wavelength, dtype=float)
    if given == unit:
        return np.ones(wavelength.shape)
    from astropy import units as u

    values = np.ones(wavelength.shape) * u.Unit(_ASTROPY[given])
    if "sr" in given:
        values = values * solid_angle * u.sr
    target = u.Unit(_ASTROPY[unit])
    if "sr" in unit:
        target = target * u.sr
        values = values / solid_angle
    factor: np.ndarray = values.to_value(target, equivalencies=u.spectral_density(wavelength * u.um))
    return factor


def to_axis(kind: str, wavelength: Values, redshift: float = 0.0, line: float = 1.0) -> Values:
    """Positions on an axis.

    Parameters
    ----------
    kind : str
        One of `AXES`.
    wavelength : float or ndarray
        Observed wavelength [um].
    redshift : float
        Of the source: for ``rest wavelength`` and ``velocity``.
    line : float
        Rest wavelength [um] of the line that velocities are about.

    Returns
    -------
    float or ndarray
        In the axis's unit; velocities by the optical convention, c (λ/λ₀ − 1), about the redshifted line.
    """
    if kind == "frequency":
        from astropy import units as u

        made: Values = (wavelength * u.um).to_value("THz", u.spectral())
        return made
    if kind == "velocity":
        from astropy import units as u

        made = (wavelength * u.um).to_value("km / s", u.doppler_optical(line * (1.0 + redshift) * u.um))
        return made
    return wavelength / (1.0 + redshift) if kind == "rest wavelength" else wavelength


def from_axis(kind: str, position: Values, redshift: float = 0.0, line: float = 1.0) -> Values:
    """Observed wavelength [um] of positions on an axis: the inverse of `to_axis`; NaN where there is none."""
    if kind == "frequency":
        from astropy import units as u

        with np.errstate(divide="ignore", invalid="ignore"):
            made: Values = (position * u.THz).to_value("um", u.spectral())
        return made
    if kind == "velocity":
        from astropy import units as u

        made = (position * u.km / u.s).to_value("um", u.doppler_optical(line * (1.0 + redshift) * u.um))
        return made
    return position * (1.0 + redshift) if kind == "rest wavelength" else position


def smooth(
    values: np.ndarray,
    wavelength: np.ndarray,
    kernel: str,
    width: float,
    unit: str,
    region: tuple[float, float] | None = None,
) -> np.ndarray:
    """Smooth a spectrum for display.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Spectrum; NaN neither counts nor is filled.
    wavelength : ndarray, shape (n,)
        Wavelength of the planes [um], evenly spaced.
    kernel : str
        ``boxcar`` or ``gaussian``.
    width : float
        Full width of the boxcar, or full width at half maximum of the Gaussian.
    unit : str
        Unit of the width: ``planes``, or ``km/s``, in which case it grows with wavelength.
    region : (float, float) or None
        Wavelengths [um] between which to smooth; None for everywhere.

    Returns
    -------
    ndarray, shape (n,)
        Weighted means of the finite values around each plane.
    """
    if values.size < 2 or not width > 0:
        return values
    weights = _weights(kernel, width, unit, values.size, float(wavelength[0]), float(wavelength[-1]))
    finite = np.isfinite(values)
    total = _weighted_sums(np.where(finite, values, 0.0), weights)
    weight = _weighted_sums(finite.astype(float), weights)
    chosen = finite & (weight > 0)
    if region is not None:
        chosen &= (wavelength >= region[0]) & (wavelength <= region[1])
    return np.where(chosen, total / np.where(weight > 0, weight, 1.0), values)


@lru_cache(maxsize=4)
def _weights(kernel: str, width: float, unit: str, size: int, first: float, last: float) -> np.ndarray:
    """Weights of the planes around each of ``size`` planes between two wavelengths; one row when all have the same."""
    wide = np.full(1, width)
    if unit == "km/s":
        wide = width / _SPEED_OF_LIGHT * np.linspace(first, last, size) * (size - 1) / (last - first)
    share = 0.5 if kernel == "boxcar" else 3.0 / SIGMA_TO_FWHM
    reach = int(min(np.ceil(share * wide.max()), size - 1))
    steps = np.arange(-reach, reach + 1)
    if kernel == "boxcar":  # planes at the ends of the box count by the part that lies within
        weights: np.ndarray = np.clip(wide[:, None] / 2.0 + 0.5 - np.abs(steps), 0.0, 1.0)
    else:
        weights = np.exp(-0.5 * (steps * SIGMA_TO_FWHM / wide[:, None]) ** 2)
    return weights


def _weighted_sums(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    padded = np.pad(values, weights.shape[1] // 2)
    if len(weights) == 1:
        return np.convolve(padded, weights[0], "valid")
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[1])
    sums: np.ndarray = np.einsum("ij,ij->i", weights, windows)
    return sums


def spans(flags: np.ndarray, wavelength: np.ndarray) -> list[tuple[float, float]]:
    """Ranges of wavelength [um], from edge to edge of the planes, in which flags are set."""
    if not flags.any():
        return []
    half = np.gradient(wavelength) / 2.0 if wavelength.size > 1 else np.zeros(1)
    steps = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    first, last = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1) - 1
    return [(float(wavelength[a] - half[a]), float(wavelength[b] + half[b])) for a, b in zip(first, last, strict=True)]
