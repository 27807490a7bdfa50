"""The remedy of larger apertures: from one spaxel up to twice the width of the point-spread function."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atm_viewer.engine.analysis.fringe import STATES
from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.analysis.normalise import DEGREE, normalised, offsets
from atm_viewer.engine.cube.place_spectra import PlaceSpectra
from atm_viewer.engine.psf import SOURCES, psf_fwhm
from atm_viewer.engine.results.remedy import AFTER, BEFORE, Remedy, RemedyCurve, RemedyPlot

#: Radii of the apertures, in widths (FWHM) of the point-spread function.
RADII = (0.5, 0.75, 1.0, 1.5, 2.0)
#: Radius of the aperture that the others are held against, in the same unit.
REFERENCE = 3.0


def compare_apertures(
    before: PlaceSpectra, after: PlaceSpectra, instrument: str, radii: Sequence[float] = RADII, degree: int = DEGREE
) -> Remedy:
    """Compare the spectra of apertures that grow with the point-spread function.

    Parameters
    ----------
    before, after : PlaceSpectra
        Spaxels about the apertures' centre, out to `REFERENCE` widths.
    instrument : str
        ``MIRI`` or ``NIRSPEC``; the point-spread function is that of `psf_fwhm`.
    radii : sequence of float
        Radii in widths; one spaxel comes first.
    degree : int
        Of the polynomials by which spectra are divided.

    Returns
    -------
    Remedy
        Noise is against the aperture of `REFERENCE` widths of the same cube, about a cubic.
    """
    wavelength = before.wavelength
    fwhm = psf_fwhm(instrument, wavelength)
    middle = float(psf_fwhm(instrument, (wavelength[0] + wavelength[-1]) / 2))
    x, y = before.nearest(0.0, 0.0)
    noises, spectra = [], []
    for block in (before, after):
        own = block.nearest(*before.offset(x, y))
        series = [block.spectrum(*own), *(block.aperture(k * fwhm) for k in radii)]
        reference = block.aperture(REFERENCE * fwhm)
        spectra.append(series)
        noises.append([100 * resampling_noise(one, reference) for one in series])
    # A spaxel has the area of a circle of this radius.
    sizes = [before.spaxel / np.sqrt(np.pi), *(k * middle for k in radii)]
    names = [f"spaxel (x {x}, y {y})", *(f"{k:g} FWHM" for k in radii)]
    rows = tuple(
        (name, float(size), float(size / middle), noises[0][k], noises[1][k])
        for k, (name, size) in enumerate(zip(names, sizes, strict=True))
    )
    columns = ("aperture", "radius [″]", "radius [FWHM]", "noise before [%]", "noise after [%]")
    note = (
        f"{SOURCES[instrument]}; {middle:.3f}″ in the middle of the band. Aperture radii scale with it. Noise: 1.4826 "
        f"MAD of spectrum / {REFERENCE:g}-FWHM aperture from a cubic. The spaxel is plotted at the radius of a circle "
        "of its area."
    )
    flat = [[normalised(wavelength, one, degree) for one in series] for series in spectra]
    shifts = offsets(flat[0])
    plots = []
    for column, series in enumerate(flat):
        curves = [
            RemedyCurve(wavelength, one + shifts[k], k / max(len(series) - 1, 1), names[k])
            for k, one in enumerate(series)
        ]
        title, name = STATES[column], "normalised flux + offset"
        plots.append(RemedyPlot(title, 0, column, "wavelength", "µm", name, "", tuple(curves)))
    lines = tuple(
        RemedyCurve(np.array(sizes), np.array(noise), role, label)
        for noise, role, label in zip(noises, (BEFORE, AFTER), STATES, strict=True)
    )
    title = "noise against radius"
    plots.append(RemedyPlot(title, 1, 0, "radius", "arcsec", "noise", "%", lines, columns=2))
    return Remedy("apertures", "Apertures", tuple(plots), columns, rows, note)
