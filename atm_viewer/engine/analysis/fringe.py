"""Residual fringes of MIRI spectra (RF1D), removed with the pipeline's ``fit_residual_fringes_1d``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.analysis.normalise import normalised, offsets, scatter
from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.results.remedy import AFTER, BEFORE, UNDER, Remedy, RemedyCurve, RemedyPlot
from atm_viewer.engine.threads import without_warnings

STATES = ("standard cube", "ATM cube")

#: Spectra before and after correction, of the spaxel and of the aperture.
Pairs = Sequence[Sequence[Floats]]


def channel_of(band: str) -> int | None:
    """Channel of a MIRI band as the pipeline names its cubes; None for others, which have no fringes."""
    return int(band[2]) if band.startswith("ch") and band[2:3].isdigit() else None


def without_fringes(wavelength: Floats, flux: Floats, channel: int) -> Floats:
    """Remove residual fringes from a spectrum.

    Parameters
    ----------
    wavelength, flux : ndarray, shape (n,)
        The spectrum [um; any unit]; what is not positive is left as it is.
    channel : int
        MRS channel; channels 3 and 4 have a second, dichroic fringe.

    Returns
    -------
    ndarray of float64, shape (n,)
        All NaN where the pipeline's fit fails: with too few points for it, or where nothing is positive.
    """
    from jwst.residual_fringe.utils import fit_residual_fringes_1d

    if np.count_nonzero(flux > 0) < 50:
        return np.full(flux.shape, np.nan)
    try:
        with without_warnings():
            found = fit_residual_fringes_1d(np.array(flux, dtype=float), wavelength, channel=channel)
    except (ValueError, TypeError, IndexError, np.linalg.LinAlgError):
        return np.full(flux.shape, np.nan)
    return np.asarray(found)


def compare_fringes(
    wavelength: Floats,
    spaxel: tuple[Floats, Floats],
    aperture: tuple[Floats, Floats],
    channel: int,
    degree: int,
) -> Remedy:
    """Tell what RF1D does to the spectra of a spaxel and its aperture, apart from what the correction does.

    Parameters
    ----------
    wavelength : ndarray, shape (n,)
        Wavelengths [um].
    spaxel, aperture : (ndarray, ndarray)
        Spectra before and after correction.
    channel : int
        MRS channel.
    degree : int
        Of the polynomials by which spectra are divided.

    Returns
    -------
    Remedy
        The table has the noise of the spaxel against the aperture: before and after, without and with RF1D; the
        aperture's spectrum is freed of fringes when that of the spaxel is.
    """
    clean = [[without_fringes(wavelength, s, channel) for s in pair] for pair in (spaxel, aperture)]
    rows: list[tuple[str | int | float, ...]] = []
    for name, pair, freed in (("spaxel", spaxel, clean[0]), ("aperture", aperture, clean[1])):
        for k, state in enumerate(("before", "after")):
            with np.errstate(invalid="ignore", divide="ignore"):
                removed = pair[k] / freed[k] - 1.0
            flat, flat_freed = (normalised(wavelength, s, degree) for s in (pair[k], freed[k]))
            noise = [np.nan, np.nan]
            if name == "spaxel":
                noise = [resampling_noise(pair[k], aperture[k]), resampling_noise(freed[k], clean[1][k])]
            amplitude = float(np.sqrt(np.nanmean(removed**2))) if np.isfinite(removed).any() else np.nan
            rows.append(
                (f"{name}, {state}", *(100 * v for v in (*noise, scatter(flat), scatter(flat_freed), amplitude)))
            )
    before, after = rows[0], rows[1]
    note = (
        "Noise of the spaxel relative to its aperture: standard "
        f"{before[1]:.2f} %, with RF1D alone {before[2]:.2f} %, with ATM alone {after[1]:.2f} %, with both "
        f"{after[2]:.2f} %. RF1D fits sines with periods near 2.9 cm⁻¹ (channels 3 and 4: also near 0.4 cm⁻¹)."
    )
    columns = (
        *("spectrum", "noise [%]", "noise, RF1D [%]", "scatter [%]", "scatter, RF1D [%]", "fringes removed, rms [%]"),
    )
    plots = _plots(wavelength, (spaxel, aperture), clean, degree)
    return Remedy("fringes", "Residual fringes (RF1D)", plots, columns, tuple(rows), note)


def _plots(wavelength: Floats, spectra: Pairs, clean: Pairs, degree: int) -> tuple[RemedyPlot, ...]:
    flat = [[normalised(wavelength, s, degree) for s in pair] for pair in spectra]
    flat_clean = [[normalised(wavelength, s, degree) for s in pair] for pair in clean]
    shifts = offsets([pair[0] for pair in flat])
    plots = []
    for k, state in enumerate(STATES):
        curves = []
        for row, name in enumerate(("spaxel", "aperture")):
            shift = shifts[row]
            curves += [
                RemedyCurve(wavelength, flat[row][k] + shift, UNDER, "without RF1D" if row == 0 else ""),
                RemedyCurve(wavelength, flat_clean[row][k] + shift, float(row), f"{name}, RF1D"),
            ]
        plots.append(RemedyPlot(state, 0, k, "wavelength", "µm", "normalised flux + offset", "", tuple(curves)))
    models = []
    for k, role in enumerate((BEFORE, AFTER)):
        with np.errstate(invalid="ignore", divide="ignore"):
            models.append(
                RemedyCurve(wavelength, 100 * (spectra[0][k] / clean[0][k] - 1), role, f"spaxel, {STATES[k]}")
            )
    title = "what RF1D removes"
    return (*plots, RemedyPlot(title, 1, 0, "wavelength", "µm", "residual fringes", "%", tuple(models), columns=2))
