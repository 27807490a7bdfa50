"""The remedy of more dithers: noise of a spaxel for subsets of the exposures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from atm_viewer.engine.analysis.fringe import STATES
from atm_viewer.engine.analysis.noise import resampling_noise
from atm_viewer.engine.analysis.normalise import DEGREE, normalised, offsets
from atm_viewer.engine.arrays import Floats
from atm_viewer.engine.cube.place_spectra import PlaceSpectra
from atm_viewer.engine.results.remedy import AFTER, BEFORE, UNDER, Remedy, RemedyCurve, RemedyPlot

#: Up to so many exposures all subsets are compared; of more, those that follow one another.
MOST_EXPOSURES = 5

#: Gives the spaxels of the cubes before and after of some exposures, by their index.
#: Noise of each subset, before and after [%].
Noise = dict[tuple[int, ...], tuple[float, ...]]
#: Its median over the subsets of a size.
Medians = dict[int, tuple[float, ...]]
#: Normalised spectra of a subset, before and after, of the spaxel and of the aperture.
Flattened = dict[tuple[int, ...], list[list[Floats]]]
Combined = Callable[[Sequence[int]], tuple[PlaceSpectra, PlaceSpectra]]


def subsets(count: int, chosen: Sequence[int] = ()) -> list[tuple[int, ...]]:
    """Subsets of exposures, by index and from the smallest on; the chosen one is among them."""
    if count <= MOST_EXPOSURES:
        found = [s for size in range(1, count + 1) for s in combinations(range(count), size)]
    else:
        found = [tuple(range(start, start + size)) for size in range(1, count + 1) for start in range(count - size + 1)]
    wanted = tuple(sorted(set(chosen)))
    return sorted({*found, wanted} if wanted else found, key=lambda s: (len(s), s))


def compare_dithers(
    combined: Combined,
    names: Sequence[str],
    radius: float,
    chosen: Sequence[int] = (),
    degree: int = DEGREE,
    begun: Callable[[float], None] = lambda fraction: None,
) -> Remedy:
    """Compare the noise of a spaxel for subsets of the exposures.

    Parameters
    ----------
    combined : callable
        Gives the spaxels about the place for a subset.
    names : sequence of str
        Short names of the exposures.
    radius : float
        Radius of the aperture that the spaxel is held against [arcsec].
    chosen : sequence of int
        Indices of the exposures that somebody asks for; none for the first ones.
    degree : int
        Of the polynomials by which spectra are divided.
    begun : callable
        ``begun(fraction)`` is called now and then.

    Returns
    -------
    Remedy
        All subsets are on the grid of the cube of all exposures, so that the spaxel is the same.
    """
    count = len(names)
    wanted = subsets(count, chosen)
    shown = _shown(count, tuple(sorted(set(chosen))))
    noise: Noise = {}
    flat: Flattened = {}
    for k, subset in enumerate(wanted):
        begun(k / len(wanted))
        blocks = combined(subset)
        x, y = blocks[0].nearest(0.0, 0.0)
        pairs = [(b.spectrum(*b.nearest(*blocks[0].offset(x, y))), b.aperture(radius)) for b in blocks]
        noise[subset] = tuple(100 * resampling_noise(*pair) for pair in pairs)
        wavelength = blocks[0].wavelength
        if subset in shown:
            flat[subset] = [[normalised(wavelength, one, degree) for one in pair] for pair in pairs]
    sizes = sorted({len(s) for s in wanted})
    middle = {n: tuple(_median([noise[s][k] for s in wanted if len(s) == n]) for k in (0, 1)) for n in sizes}
    columns = ("exposures", "which", "noise before [%]", "noise after [%]")
    rows: list[tuple[str | int | float, ...]] = [
        (len(s), _which(s, names) + (" (chosen)" if s == tuple(sorted(set(chosen))) else ""), *noise[s]) for s in wanted
    ]
    rows += [(n, "median of all subsets of this size", *middle[n]) for n in sizes if n < count]
    plots = (*_spectra(wavelength, flat, names), _against_number(wanted, noise, middle))
    note = _note(count, tuple(sorted(set(chosen))), noise, middle)
    title = f"Dithers, spaxel x {x}, y {y}"
    return Remedy("dithers", title, plots, columns, tuple(rows), note)


def _shown(count: int, chosen: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Subsets whose spectra are drawn: no dither, two points, four points, all, and what was chosen."""
    found = [tuple(range(n)) for n in (1, 2, 4) if n <= count]
    found += [s for s in (tuple(range(count)), chosen) if s and s not in found]
    return sorted(found, key=lambda s: (len(s), s))


def _median(values: Sequence[float]) -> float:
    finite = [v for v in values if np.isfinite(v)]
    return float(np.median(finite)) if finite else float("nan")


def _which(subset: Sequence[int], names: Sequence[str]) -> str:
    return " + ".join(names[k] for k in subset)


def _spectra(wavelength: Floats, flat: Flattened, names: Sequence[str]) -> list[RemedyPlot]:
    shifts = offsets([one[0][0] for one in flat.values()])
    plots = []
    for column, title in enumerate(STATES):
        curves = []
        for k, (subset, states) in enumerate(flat.items()):
            spaxel, aperture = states[column]
            whole = len(subset) == len(names)
            label = f"all {len(names)}" if whole else f"{len(subset)} (dither {_which(subset, names)})"
            curves.append(RemedyCurve(wavelength, aperture + shifts[k], UNDER, "aperture" if k == 0 else ""))
            curves.append(RemedyCurve(wavelength, spaxel + shifts[k], k / max(len(flat) - 1, 1), label))
        name = "normalised flux + offset"
        plots.append(RemedyPlot(title, 0, column, "wavelength", "µm", name, "", tuple(curves)))
    return plots


def _against_number(wanted: Sequence[tuple[int, ...]], noise: Noise, middle: Medians) -> RemedyPlot:
    curves = []
    for k, role in enumerate((BEFORE, AFTER)):
        sizes = np.array([len(s) for s in wanted], dtype=float)
        curves.append(RemedyCurve(sizes, np.array([noise[s][k] for s in wanted]), role, "", points=True))
        at, values = np.array(list(middle), dtype=float), np.array([m[k] for m in middle.values()])
        curves.append(RemedyCurve(at, values, role, f"{STATES[k]}, median"))
    title = "noise against number of dithers"
    return RemedyPlot(title, 1, 0, "exposures combined", "", "noise", "%", tuple(curves), columns=2)


def _note(count: int, chosen: tuple[int, ...], noise: Noise, middle: Medians) -> str:
    whole = tuple(range(count))
    end = " Noise: 1.4826 MAD of spaxel / aperture from a cubic, on the grid of the full cube."
    if count == 1:
        return "Only one exposure is included. Open and include more dithers to compare subsets." + end
    size = len(chosen) if chosen and chosen != whole else 1
    here = noise[chosen] if chosen and chosen != whole else middle[1]
    missing = count - size
    return (
        f"With {size} of {count} exposures the noise is {here[0]:.2f} %. The {missing} other "
        f"{'exposure changes' if missing == 1 else 'exposures change'} it to {noise[whole][0]:.2f} %, correction alone "
        f"to {here[1]:.2f} %, both to {noise[whole][1]:.2f} %."
    ) + end
