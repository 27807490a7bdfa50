"""Table of the measured values of spaxels: one row per spaxel, columns with units and descriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer.engine.output.provenance import current_versions
from atm_viewer.engine.recipe import Recipe, dump_recipe
from atm_viewer.engine.results.exposure_view import ExposureShifts
from atm_viewer.engine.results.noise import SpaxelMetrics
from atm_viewer.engine.results.sky_image import Coverage

#: Name, unit, description and value of each column, but for lines.
_COLUMNS: tuple[tuple[str, str, str, Callable[[SpaxelMetrics], Any]], ...] = (
    ("band", "", "band of the cube", lambda m: m.periods.band),
    ("x", "", "zero-based spaxel of the cube before correction", lambda m: m.x),
    ("y", "", "zero-based spaxel of the cube before correction", lambda m: m.y),
    ("ra", "deg", "ICRS right ascension of the spaxel", lambda m: m.ra),
    ("dec", "deg", "ICRS declination of the spaxel", lambda m: m.dec),
    ("brightness", "unit", "median over wavelength before correction", lambda m: m.brightness),
    ("planes", "", "planes of the cube with a value before correction", lambda m: m.planes[0]),
    ("planes_lost", "", "those of them without a value after correction", lambda m: m.planes[1]),
    (
        "noise_before",
        "percent",
        "scatter (1.4826 MAD) of spaxel / aperture from a cubic, before correction",
        lambda m: 100 * m.periods.noise_before,
    ),
    ("noise_after", "percent", "the same after correction", lambda m: 100 * m.periods.noise_after),
    (
        "amplitude_before",
        "percent",
        "amplitude of the oscillation in phase with the pixels (fundamental and harmonic), before correction",
        lambda m: 100 * m.periods.modulation_before.amplitude,
    ),
    (
        "amplitude_after",
        "percent",
        "the same after correction",
        lambda m: 100 * m.periods.modulation_after.amplitude,
    ),
    (
        "explained_before",
        "percent",
        "fraction of the variance around a smooth trend that has this phase, before correction",
        lambda m: 100 * m.periods.modulation_before.explained,
    ),
    (
        "explained_after",
        "percent",
        "the same after correction",
        lambda m: 100 * m.periods.modulation_after.explained,
    ),
    ("period_least", "um", "shortest predicted period of resampling noise", lambda m: _least(m.periods.periods.period)),
    (
        "period_ratio",
        "",
        "strongest period before correction divided by that of the predicted wave, median over wavelength",
        lambda m: m.periods.agreement.ratio,
    ),
    ("period_scatter", "", "its scatter (1.4826 MAD)", lambda m: m.periods.agreement.scatter),
    (
        "resampling_before",
        "percent",
        "resampling noise in the variance around a smooth trend, before correction, as in the verdict",
        lambda m: 100 * m.verdict.shares[0],
    ),
    ("resampling_after", "percent", "the same after correction", lambda m: 100 * m.verdict.shares[1]),
    ("left", "", "the largest part of the variance after correction", lambda m: m.verdict.left),
    ("verdict", "", "what oscillates in spaxel / aperture, and what is left", lambda m: m.verdict.sentence),
    (
        "conserved",
        "",
        "flux in the aperture after correction divided by flux before, median over wavelength",
        lambda m: m.lines.conservation.mean,
    ),
    ("conserved_scatter", "", "its scatter (1.4826 MAD)", lambda m: m.lines.conservation.scatter),
)
#: Of lines: where, what and unit; numbers of `LineFlux`.
_OF_LINES = (
    ("flux", "W / m2", "flux above the continuum"),
    ("flux_err", "W / m2", "its error"),
    ("width", "um", "equivalent width, positive in absorption"),
    ("width_err", "um", "its error"),
)
#: The same of `ExpectedFlux`.
_EXPECTED = (
    ("flux", "W / m2", "flux of the aperture before correction times the spaxel's share of the line's light"),
    ("flux_err", "W / m2", "error of the aperture's flux times the share"),
    ("like_continuum", "", "part of the line that is distributed as the continuum is; the share is surer with more"),
)


def metrics_table(rows: Sequence[SpaxelMetrics], lines: Sequence[str]) -> Any:
    """Make a table.

    Parameters
    ----------
    rows : sequence of SpaxelMetrics
        In the table's order.
    lines : sequence of str
        Names of lines; those outside of a row's band are NaN.

    Returns
    -------
    astropy.table.Table
    """
    from astropy.table import Table

    table = Table()
    for name, unit, about, value in (*_COLUMNS, *_line_columns(lines)):
        table[name] = [value(row) for row in rows]
        table[name].description = about
        if unit:
            table[name].unit = (rows[0].unit if rows else "") if unit == "unit" else unit
    return table


def metrics_meta(
    paths: Sequence[str],
    recipe: Recipe,
    radius: str,
    lines: Mapping[str, float],
    speed: float,
    coverage: Sequence[Coverage] = (),
    shifts: Sequence[ExposureShifts] = (),
) -> dict[str, Any]:
    """Say how a table was made.

    Parameters
    ----------
    paths : sequence of str
        The exposures.
    recipe : Recipe
        Parameters.
    radius : str
        Radius of the apertures, in words.
    lines : mapping of str to float
        Observed wavelengths of the lines [um].
    speed : float
        Full width of the lines' ranges [km/s].
    coverage : sequence of Coverage
        What correction takes away in each band.
    shifts : sequence of ExposureShifts
        How the exposures of each band lie against each other.

    Returns
    -------
    dict
        For the table's ``meta``.
    """
    return {
        "exposures": [Path(path).name for path in paths],
        "recipe": dump_recipe(recipe),
        "beyond_pipeline": list(recipe.beyond_pipeline),
        "aperture": radius,
        "lines": {name: f"{wavelength:.6g} um" for name, wavelength in lines.items()},
        "line_range": f"{speed:g} km/s",
        "coverage": {one.band: one.summary for one in coverage},
        "shifts": {one.band: _shifts_in_words(one) for one in shifts},
        "versions": current_versions(),
    }


def _shifts_in_words(shifts: ExposureShifts) -> dict[str, str]:
    """Place of the brightest source against that in the other exposures."""
    found = zip(shifts.names, shifts.shift.tolist(), strict=True)
    return {
        name: f"{east:+.3f} arcsec east, {north:+.3f} arcsec north" for name, (east, north) in found if east == east
    }


def _least(period: np.ndarray) -> float:
    return float(np.nanmin(period)) if np.isfinite(period).any() else float("nan")


def _line_columns(lines: Sequence[str]) -> Iterator[tuple[str, str, str, Callable[[SpaxelMetrics], Any]]]:
    for line in lines:
        for where in ("spaxel", "aperture"):
            for k, when in enumerate(("before", "after")):
                for name, unit, about in _OF_LINES:
                    value = partial(_line_value, line, where, k, name)
                    yield f"{line} {where} {when} {name}", unit, f"{line}, {where}, {when}: {about}", value
        for name, unit, about in _EXPECTED:
            yield f"{line} spaxel expected {name}", unit, f"{line}, spaxel: {about}", partial(_expected, line, name)


def _line_value(line: str, where: str, k: int, name: str, metrics: SpaxelMetrics) -> float:
    found = metrics.lines.line(line)
    return float("nan") if found is None else float(getattr(getattr(found, where)[k], name))


def _expected(line: str, name: str, metrics: SpaxelMetrics) -> float:
    found = metrics.lines.line(line)
    return float("nan") if found is None else float(getattr(found.expected, name))
