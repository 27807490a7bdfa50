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
    bands = [item.exposure.bands for item in bench.opened(keys, recipe.cube)]
    for k, key in enumerate(keys):
        share = part_of(progress, k / len(keys), (k + 1) / len(keys))
        numbers = None if slices is None else slices.get(key, ())
        found += tune_alone(bench, key, recipe, is_single(k, bands), share, numbers)
    return tuned(recipe, found)


def tune_alone(
    bench: Bench,
    key: str,
    recipe: Recipe,
    single: bool,
    progress: Progress,
    numbers: Collection[int] | None = None,
) -> list[SliceTuning]:
    """Tune slices of one of the exposures of a product; `tuned` makes the recipe of what is found in all of them.

    ``single`` says whether no other exposure of the product has one of its bands, see `is_single`; ``numbers`` are the
    slices, None for all.
    """
    [item] = bench.opened([key], recipe.cube)
    every = every_slice(recipe)
    if numbers is None:
        fits = item.fitted(every, part_of(progress, 0.0, 0.6))
    else:
        fits = {n: item.fit(n, every) for n in item.prepared.slices if n in numbers}
    return tune_exposure(item.prepared, fits, part_of(progress, 0.6, 1.0), single)


def is_single(k: int, bands: Sequence[Collection[str]]) -> bool:
    """Whether no other exposure than the k-th has one of its bands, given the bands of all."""
    return sum(not set(bands[k]).isdisjoint(others) for others in bands) == 1
