"""Prepares a correction: extracts and collapses the slices, and fits their trace models."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.io.sky_strips import sky_strips
from atm_viewer.engine.io.slices import Background, SliceData, cut_slices, measure_background
from atm_viewer.engine.progress import Progress, no_progress
from atm_viewer.engine.recipe import FitParams, Recipe, Stage
from atm_viewer.engine.results.sky_strips import SkyStrips
from atm_viewer.engine.trace.defaults import ModeDefaults, mode_defaults
from atm_viewer.engine.trace.trace_fit import TraceFit, fit_each


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a correction needs of an exposure and does not depend on the recipe.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    defaults : ModeDefaults
        The mode's values.
    background : Background
        Statistics for the thresholds.
    slices : dict of int to SliceData
        Cut-outs by slice number, ascending.
    """

    exposure: Exposure
    defaults: ModeDefaults
    background: Background
    slices: Mapping[int, SliceData]

    @cached_property
    def strips(self) -> SkyStrips:
        """The slices on the sky, by which regions are found in them."""
        arcsec = self.exposure.coordinates.arcsec
        return sky_strips(self.exposure, {n: float(data.native_step) * arcsec for n, data in self.slices.items()})

    def fine_rows(self, number: int, factor: float) -> slice:
        """Rows of a slice in oversampled arrays with the dispersion along x."""
        data = self.slices[number]
        return self.exposure.division(factor).cut(data.row, data.flux.shape[0])


def prepare(exposure: Exposure, progress: Progress | None = None) -> Prepared:
    """Cut an exposure into slices and measure its background.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    Prepared
    """
    progress = progress or no_progress
    background = measure_background(exposure)
    slices = cut_slices(
        exposure, background.offset, lambda number, fraction: progress(f"Collapsing slice {number}", fraction)
    )
    defaults = mode_defaults(exposure.instrument, exposure.detector, exposure.grating)
    return Prepared(exposure, defaults, background, slices)


def fit_slices(
    prepared: Prepared,
    recipe: Recipe,
    progress: Progress | None = None,
    known: Mapping[tuple[Hashable, ...], TraceFit] | None = None,
) -> dict[int, TraceFit]:
    """Fit the trace model of every slice of an exposure.

    Parameters
    ----------
    prepared : Prepared
        The exposure.
    recipe : Recipe
        Parameters.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.
    known : mapping, optional
        Earlier fits by `fit_key`; those that still hold are taken from there.

    Returns
    -------
    dict of int to TraceFit
        By slice number, ascending.
    """
    progress = progress or no_progress
    params = slice_params(prepared, recipe)
    known = known or {}
    held = {n: with_params(known[key], p) for n, p in params.items() if (key := fit_key(n, p)) in known}
    missing = [number for number in params if number not in held]
    made = fit_each(
        [fit_input(prepared, number, params[number]) for number in missing],
        lambda number, fraction: progress(f"Fitting slice {number}", fraction),
    )
    fits = held | dict(zip(missing, made, strict=True))
    return {number: fits[number] for number in params}


def slice_params(prepared: Prepared, recipe: Recipe) -> dict[int, FitParams]:
    """Resolve what applies to each slice of an exposure; fits carry it on to what is made with them.

    Regions on the sky become ranges of slices by the exposure's WCS: see `Region` and `SkyStrips.ranges`.
    """
    name, bands = prepared.exposure.name, prepared.exposure.bands
    touched = prepared.strips.touched(recipe.regions) if recipe.regions else {}
    return {number: recipe.params(number, name, touched.get(number, ()), bands) for number in prepared.slices}


def fit_input(prepared: Prepared, number: int, params: FitParams) -> tuple[SliceData, FitParams, ModeDefaults, float]:
    """Return what `fit_each` takes for a slice of an exposure."""
    threshold = prepared.background.threshold(number, params.fit_threshold)
    return prepared.slices[number], params, prepared.defaults, threshold


def fit_key(number: int, params: FitParams) -> tuple[Hashable, ...]:
    """Return what the fit of a slice depends on: a key for reuse, see `with_params`."""
    return number, *params.of_stage(Stage.FIT)


def with_params(fit: TraceFit, params: FitParams) -> TraceFit:
    """Return the same splines, to be used by other parameters; those of the fit are the same."""
    return fit if fit.params == params else replace(fit, params=params)


def compact_intervals(fits: Mapping[int, TraceFit], prepared: Prepared) -> int:
    """Spline intervals of the first fitted column of the first fitted slice.

    The pipeline finds the compact sources of every slice with this one number. Slices that are fitted for regions
    alone do not count, so that a region changes nothing elsewhere.
    """
    for number, fit in fits.items():
        if fit.only_regions or not fit.has_splines:
            continue
        good = np.isfinite(prepared.slices[number].flux).sum(axis=0) > prepared.defaults.oversample_ngood
        columns = np.flatnonzero((fit.source >= 0) & good)
        if columns.size:
            return int(fit.intervals[fit.source[columns[0]]])
    return 0
