"""Answers how open exposures are best corrected: an automatic recipe."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from atm_viewer.engine.analysis.tuning import every_slice, tune_exposure, tuned
from atm_viewer.engine.progress import Progress, part_of
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.tuning import SliceTuning, Tuning
from atm_viewer.engine.service.bench import Bench


def tune(
    bench: Bench,
    keys: Sequence[str],
    recipe: Recipe,
    slices: Mapping[str, Collection[int]] | None,
    progress: Progress,
) -> Tuning:
    """Make a recipe that uses the spline of each slice where it errs less than interpolation.

    Parameters
    ----------
    bench : Bench
        Has the exposures open; fits that are there are used, and new ones kept.
    keys : sequence of str
        Keys of the exposures that go into one product, or several of different bands.
    recipe : Recipe
        What it begins with, see `tuned`.
    slices : mapping of str to collection of int, or None
        Slices that are tuned, by the exposures' keys; None: all.
    progress : callable
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    Tuning
    """
    found: list[SliceTuning] = []
    every, items = every_slice(recipe), bench.opened(keys, recipe.cube)
    bands = [set(item.exposure.bands) for item in items]
    for k, (key, item) in enumerate(zip(keys, items, strict=True)):
        share = part_of(progress, k / len(keys), (k + 1) / len(keys))
        if slices is None:
            fits = item.fitted(every, part_of(share, 0.0, 0.6))
        else:
            fits = {n: item.fit(n, every) for n in item.prepared.slices if n in slices.get(key, ())}
        single = sum(not bands[k].isdisjoint(others) for others in bands) == 1
        found += tune_exposure(item.prepared, fits, part_of(share, 0.6, 1.0), single)
    return tuned(recipe, found)
