"""Spectra of the brightest spaxels, before and after, without and with residual fringes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from atm_viewer.engine.analysis.fringe import STATES, without_fringes
from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.analysis.normalise import DEGREE, normalised, offsets
from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.cube.place_spectra import PlaceSpectra
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.results.remedy import APERTURE, UNDER, Remedy, RemedyCurve, RemedyPlot

RANKS = (1, 2, 4, 8, 16)


def compare_ranked(
    before: PlaceSpectra,
    after: PlaceSpectra,
    radius: float,
    ranks: Sequence[int] = RANKS,
    degree: int = DEGREE,
    channel: int | None = None,
    begun: Callable[[float], None] = lambda fraction: None,
) -> Remedy:
    """Compare the spectra of some of the brightest spaxels with that of an aperture.

    Parameters
    ----------
    before, after : PlaceSpectra
        Spaxels about the aperture's centre. Brightness is that before correction; after it, the spaxel at the same
        place counts, since the grids of the two cubes may differ.
    radius : float
        Radius of the aperture [arcsec]; ranks are those of the spaxels with their centres in it.
    ranks : sequence of int
        Which: 1 for the brightest.
    degree : int
        Of the polynomials by which spectra are divided.
    channel : int or None
        MRS channel, to have residual fringes removed too.
    begun : callable
        ``begun(fraction)`` is called now and then.

    Returns
    -------
    Remedy

    Raises
    ------
    InputError
        The aperture has fewer spaxels than the highest rank.
    """
    order = before.ranked(radius)
    wanted = sorted(set(ranks))
    if not wanted or wanted[0] < 1 or wanted[-1] > len(order):
        raise InputError(f"The aperture of {radius:g}″ has {len(order)} spaxels; choose ranks from 1 to {len(order)}.")
    spaxels = [order[rank - 1] for rank in wanted]
    spectra = [
        [before.aperture(radius), *(before.spectrum(*at) for at in spaxels)],
        [after.aperture(radius), *(after.spectrum(*after.nearest(*before.offset(*at))) for at in spaxels)],
    ]
    wavelength = before.wavelength
    versions = [spectra]
    if channel is not None:
        count = 2 * len(spectra[0])
        freed: list[list[Floats]] = [[], []]
        for k, state in enumerate(spectra):
            for one in state:
                begun((len(freed[0]) + len(freed[1])) / count)
                freed[k].append(without_fringes(wavelength, one, channel))
        versions.append(freed)
    noises = [
        [[100 * resampling_noise(one, state[0]) for one in state[1:]] for state in version] for version in versions
    ]
    rows: tuple[tuple[str | int | float, ...], ...] = tuple(
        (ordinal(rank), *at, *(noise[state][k] for noise in noises for state in (0, 1)))
        for k, (rank, at) in enumerate(zip(wanted, spaxels, strict=True))
    )
    columns: tuple[str, ...] = ("brightest", "x [spaxel]", "y [spaxel]", "noise before [%]", "noise after [%]")
    if channel is not None:
        columns = (*columns, "before, RF1D [%]", "after, RF1D [%]")
    labels = [f"aperture r = {radius:.2f}″"]
    labels += [f"{ordinal(rank)} (x {x}, y {y})" for rank, (x, y) in zip(wanted, spaxels, strict=True)]
    note = (
        "Noise: 1.4826 MAD of spaxel / aperture from a cubic. Spectra are divided by a polynomial of degree "
        f"{degree} (outliers clipped) and offset."
    )
    return Remedy("ranked", "Ranked spaxels", _plots(wavelength, versions, labels, degree), columns, rows, note)


def with_cube(found: Remedy, name: str, wavelength: Floats, spectra: Sequence[Floats], degree: int = DEGREE) -> Remedy:
    """Put a cube from elsewhere beside what `compare_ranked` has found: a panel, and a column of noise.

    Parameters
    ----------
    found : Remedy
        Of the exposures.
    name : str
        Name of the cube.
    wavelength : ndarray, shape (n,)
        Its wavelengths [um].
    spectra : sequence of ndarray, shape (n,)
        Its spectra of the aperture, and of the spaxels at the same places.
    degree : int
        Of the polynomials by which spectra are divided.

    Returns
    -------
    Remedy
    """
    first = found.plots[0]
    aperture, *others = (normalised(wavelength, one, degree) for one in spectra)
    curves = [RemedyCurve(wavelength, aperture, APERTURE, first.curves[0].label)]
    for one, under, over in zip(others, first.curves[1::2], first.curves[2::2], strict=True):
        shift = float(np.nanmedian(under.y - first.curves[0].y))
        curves.append(RemedyCurve(wavelength, aperture + shift, UNDER))
        curves.append(RemedyCurve(wavelength, one + shift, over.role, over.label))
    column = max(plot.column for plot in found.plots) + 1
    plots = (*found.plots, replace(first, title=name, column=column, curves=tuple(curves)))
    noises = [100 * resampling_noise(one, spectra[0]) for one in spectra[1:]]
    rows = tuple((*row, noise) for row, noise in zip(found.rows, noises, strict=True))
    return replace(found, plots=plots, columns=(*found.columns, f"{name} [%]"), rows=rows)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _plots(
    wavelength: Floats,
    versions: Sequence[Sequence[Sequence[Floats]]],
    labels: Sequence[str],
    degree: int,
) -> tuple[RemedyPlot, ...]:
    flat = [[[normalised(wavelength, one, degree) for one in state] for state in version] for version in versions]
    shifts = offsets(flat[0][0])
    plots = []
    for row, version in enumerate(flat):
        for column, state in enumerate(version):
            curves = [RemedyCurve(wavelength, state[0], APERTURE, labels[0])]
            for k, one in enumerate(state[1:]):
                shift = shifts[k + 1]
                place = k / max(len(state) - 2, 1)
                curves.append(RemedyCurve(wavelength, state[0] + shift, UNDER))
                curves.append(RemedyCurve(wavelength, one + shift, place, labels[k + 1]))
            title = STATES[column] + (", residual fringes removed (RF1D)" if row else "")
            name = "normalised flux + offset"
            plots.append(RemedyPlot(title, row, column, "wavelength", "µm", name, "", tuple(curves)))
    return tuple(plots)
