"""Open exposures with their latest results: fits and oversampled slices."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from atm_viewer.engine.analysis.slice_noise import SliceNoise
from atm_viewer.engine.arrays import Floats, PackedFrame, Singles
from atm_viewer.engine.cube.drizzle import DrizzleInput, unchanged_slice
from atm_viewer.engine.cube.footprints import SkyMapper
from atm_viewer.engine.cube.slice_sums import SliceSums
from atm_viewer.engine.give_back import give_back_memory
from atm_viewer.engine.io.exposure import Exposure
from atm_viewer.engine.placement import Placement
from atm_viewer.engine.progress import Progress, part_of
from atm_viewer.engine.recipe import NO_REGIONS, FitParams, Recipe, Stage
from atm_viewer.engine.results.exposure_view import ExposureView
from atm_viewer.engine.threads import processors
from atm_viewer.engine.trace.oversample import (
    OversampledSlice,
    cut_coordinates,
    native_slice_of,
    oversample_slice,
    per_native_pixel,
)
from atm_viewer.engine.trace.prepared import (
    Prepared,
    compact_intervals,
    fit_input,
    fit_key,
    fit_slices,
    slice_params,
    with_params,
)
from atm_viewer.engine.trace.trace_fit import TraceFit, fit_each
from atm_viewer.engine.trace.traces import trace_intervals
from atm_viewer.engine.trace.why import NativeSlice

T = TypeVar("T")

#: Results of a slice that are kept: about as many whole recipes as `OpenItem.fits` has room for. While somebody tunes
#: a slice, new ones take the memory of old ones, since fresh memory can take longer than what is computed. Where more
#: variants than this differ in the same slice, it is fitted again for each.
_ALIKE = 4

#: Memory that exposures take with all that is kept of them [byte], as long as it is no less than the other number for
#: the latter: all of four exposures of NIRSpec or sixteen of MIRI; of more, fits, and slices that a source is in. What
#: is dropped is made again, coordinates within 0.1 s from what is kept on disk.
_MOST, _LEAST = 1750 << 20, 750 << 20
#: Of that, for fits (all of eight exposures of NIRSpec, and of a slice that is being tuned: making a fit again takes
#: longer than all the rest), for coordinates of slices, and for those of an exposure, which each thread needs at once.
_FITS, _CUTS, _COORDINATES = 500 << 20, 50 << 20, 70 << 20
#: Memory that a pixel of an open exposure takes [byte].
_PIXEL = 30
#: So much is dropped until the system is given what is free [byte]: it takes a moment.
_GIVE_BACK = 128 << 20


def size_of(value: Any) -> int:
    """Memory that the arrays of a result take [byte]."""
    if isinstance(value, np.ndarray):
        return value.nbytes if all(value.strides) else 0  # one number in all elements takes no memory
    if isinstance(value, (tuple, list)):
        return sum(map(size_of, value))
    if isinstance(value, dict):
        return sum(map(size_of, value.values()))
    return size_of(vars(value)) if is_dataclass(value) else 0


class Recent(OrderedDict[Hashable, Any]):
    """The last few results by key; several threads may use it.

    Parameters
    ----------
    size : int
        Results that are kept, or what they may cost together; the last one is kept whatever it costs.
    alike : int, optional
        Of those whose keys, tuples, begin with the same, so many are kept.
    cost : callable, optional
        ``cost(value)`` of a result, by default 1.
    """

    def __init__(self, size: int, alike: int | None = None, cost: Callable[[Any], int] | None = None) -> None:
        super().__init__()
        self.size = size
        self._alike, self._cost = alike, cost
        self._costs: Counter[Hashable] = Counter()
        self.dropped = 0  # cost of all that there was no more room for
        self._lock = threading.RLock()

    def get_or_make(self, key: Hashable, make: Callable[[], T]) -> T:
        """Give the result of a key; make it when it is not there."""
        with self._lock:
            if key in self:
                self.move_to_end(key)
                kept: T = self[key]
                return kept
        return self.keep(key, make())

    def get(self, key: Hashable, default: Any = None) -> Any:
        """Give the result of a key, if it is there."""
        with self._lock:
            if key in self:
                self.move_to_end(key)
            return super().get(key, default)

    def keep(self, key: Hashable, value: T) -> T:
        """Keep a result, and give it back."""
        self[key] = value
        return value

    def __setitem__(self, key: Hashable, value: Any) -> None:
        with self._lock:
            super().__setitem__(key, value)
            self._costs[key] = 1 if self._cost is None else self._cost(value)
            self.move_to_end(key)
            if self._alike is not None:
                for other in [k for k in self if k[0] == key[0]][: -self._alike]:  # type: ignore[index]  # keys are tuples where alike is given
                    del self[other]
            self.shrink(self.size)

    @property
    def is_nearly_full(self) -> bool:
        """Whether old results may soon be dropped."""
        return self._costs.total() > 0.9 * self.size

    def shrink(self, size: int) -> None:
        """Drop what was used the longest time ago, until the rest costs no more than this; the last one stays."""
        with self._lock:
            while len(self) > 1 and self._costs.total() > size:
                oldest = next(iter(self))
                self.dropped += self._costs[oldest]
                del self[oldest]

    def __delitem__(self, key: Hashable) -> None:
        with self._lock:
            super().__delitem__(key)
            del self._costs[key]

    def clear(self) -> None:
        """Drop all."""
        with self._lock:
            super().clear()
            self._costs.clear()

    def forget(self, owner: Hashable) -> None:
        """Drop results whose keys, tuples, begin with a tuple that begins with the owner."""
        with self._lock:
            for key in [k for k in self if k[0][0] == owner]:  # type: ignore[index]  # see above
                del self[key]


class Shared:
    """What is kept of all open exposures, as long as there is room: fits, slices and oversampled coordinates.

    Keys begin with (exposure's `OpenItem.owner`, slice number or oversampling factor). For what dithers have in common,
    the key of `Exposure.setting_kept` takes the owner's place.
    """

    def __init__(self) -> None:
        self._given = 0
        self.fits = Recent(_FITS, _ALIKE, size_of)
        self.fine = Recent(0, _ALIKE, size_of)
        self.natives = Recent(0, _ALIKE, size_of)
        self.unchanged = Recent(0, cost=size_of)
        self.coordinates = Recent(0, cost=size_of)
        self.maps = Recent(0, cost=size_of)
        self.cuts = Recent(_CUTS, cost=size_of)
        self.make_room(0)

    def make_room(self, pixels: int) -> None:
        """Keep less when more exposures are open, by the pixels of them all."""
        room = max(_MOST - _PIXEL * pixels, _LEAST) - _FITS - _CUTS
        self.fine.size, self.natives.size, self.unchanged.size, self.maps.size = (
            room * share // 100 for share in (53, 7, 14, 10)
        )
        self.coordinates.size = max(room * 16 // 100, _COORDINATES * max(processors(), 2))

    def mapper(self, exposure: Exposure, owner: Hashable) -> SkyMapper:
        """Footprints of an exposure's pixels."""
        placement = exposure.placement
        return SkyMapper(exposure, lambda number, make: self.maps.get_or_make(((owner, number), placement), make))

    def give_back(self) -> None:
        """Give memory of what was dropped back to the system, when it is much."""
        dropped = sum(kept.dropped for kept in self._all())
        if dropped - self._given > _GIVE_BACK:
            self._given = dropped
            give_back_memory()

    def keep_fits_only(self) -> None:
        """Drop all that is made again in a moment, and fits that were used the longest time ago where they are many."""
        for kept in self._all():
            if kept is self.fits:
                kept.shrink(_FITS // 2)
            else:
                kept.clear()

    def forget(self, owner: Hashable) -> None:
        """Drop all of an exposure, and what perhaps no other exposure has in common with it."""
        for kept in self._all():
            kept.forget(owner)
        self.coordinates.clear()
        self.cuts.clear()

    def _all(self) -> tuple[Recent, ...]:
        return self.fits, self.fine, self.natives, self.unchanged, self.coordinates, self.maps, self.cuts


@dataclass(eq=False)
class OpenItem:
    """An open exposure and what was computed for it."""

    prepared: Prepared
    mapper: SkyMapper
    noise: SliceNoise
    shared: Shared
    owner: Hashable
    factors: set[float] = field(default_factory=set)
    wavelengths: Recent = field(default_factory=lambda: Recent(40))
    resolved: Recent = field(default_factory=lambda: Recent(8))
    sums: SliceSums = field(default_factory=SliceSums)

    @property
    def exposure(self) -> Exposure:
        """The exposure."""
        return self.prepared.exposure

    def placed(self, placement: Placement) -> OpenItem:
        """Return the item with another shift on the sky; what does not depend on it is shared."""
        exposure = self.exposure.placed(placement)
        if exposure is self.exposure:
            return self
        prepared = replace(self.prepared, exposure=exposure)
        return replace(
            self,
            prepared=prepared,
            mapper=self.shared.mapper(exposure, self.owner),
            resolved=Recent(8),
            sums=SliceSums(),
        )

    def view(self) -> ExposureView:
        """Return what the window shows of the exposure."""
        return replace(self.exposure.view(), strips=self.prepared.strips)

    def fitted(self, recipe: Recipe, progress: Progress) -> dict[int, TraceFit]:
        """Trace models of all slices."""
        params = self._all_params(recipe)
        found = {n: self._known_fit(n, params[n]) for n in params}
        known = {fit_key(n, params[n]): fit for n, fit in found.items() if fit is not None}
        fits = fit_slices(self.prepared, recipe, progress, known)
        for fit in fits.values():
            self.keep_fit(fit)
        return fits

    def fit(self, number: int, recipe: Recipe) -> TraceFit:
        """Trace model of one slice."""
        params = self.params(number, recipe)
        found = self._known_fit(number, params)
        if found is None:
            [found] = fit_each([fit_input(self.prepared, number, params)])
            self.keep_fit(found)
        return found

    def params(self, number: int, recipe: Recipe) -> FitParams:
        """Resolve what applies to a slice."""
        return self._all_params(recipe)[number]

    def _all_params(self, recipe: Recipe) -> dict[int, FitParams]:
        return self.resolved.get_or_make(recipe, lambda: slice_params(self.prepared, recipe))

    def keep_fit(self, fit: TraceFit) -> None:
        """Keep the trace model of a slice."""
        self.shared.fits.keep(self._kept_key(fit.number, fit.params), fit)

    def has_fit(self, number: int, recipe: Recipe) -> bool:
        """Whether the trace model of a slice is known."""
        return self._kept_key(number, self.params(number, recipe)) in self.shared.fits

    def _fit_key(self, number: int, params: FitParams) -> tuple[Hashable, ...]:
        """Key of a fit: of threshold and regions, only what they decide."""
        fitted = self._over_threshold(number, params) or params.regions.forced
        return fit_key(number, replace(params, fit_threshold=float(fitted), regions=NO_REGIONS))

    def _kept_key(self, number: int, params: FitParams) -> tuple[Hashable, ...]:
        """`_fit_key` among those of all exposures."""
        number_too, *rest = self._fit_key(number, params)
        return (self.owner, number_too), *rest

    def _over_threshold(self, number: int, params: FitParams) -> bool:
        threshold = self.prepared.background.threshold(number, params.fit_threshold)
        return bool(self.prepared.slices[number].over_threshold(threshold))

    def _known_fit(self, number: int, params: FitParams) -> TraceFit | None:
        """Earlier fit; one with another threshold that decided the same is no different but for that number."""
        fit = self.shared.fits.get(self._kept_key(number, params))
        if fit is None:
            return None
        threshold = self.prepared.background.threshold(number, params.fit_threshold)
        only_regions = params.regions.forced and not self._over_threshold(number, params)
        if (fit.threshold, fit.only_regions) != (threshold, only_regions):
            fit = replace(fit, threshold=threshold, only_regions=only_regions)
        return with_params(fit, params)

    def first_intervals(self, recipe: Recipe) -> int:
        """`compact_intervals` or `trace_intervals`, without fitting more slices than that takes."""
        for number in self.prepared.slices:
            fit = {number: self.fit(number, recipe)}
            intervals = trace_intervals(fit) if recipe.oversample == 1 else compact_intervals(fit, self.prepared)
            if intervals:
                return intervals
        return 0

    def fine_coordinates(self, factor: float) -> tuple[PackedFrame, PackedFrame]:
        """Coordinates on the finer grid."""
        key = ((self.owner, factor),)
        return self.shared.coordinates.get_or_make(key, lambda: self.exposure.oversampled_coordinates(factor))

    def _fine_alpha(self, factor: float) -> PackedFrame:
        """Alpha on the finer grid, once for all dithers."""
        key = ((self.exposure.setting_kept.key, factor),)
        return self.shared.coordinates.get_or_make(key, lambda: self.exposure.oversampled_alpha(factor))

    def fine_cut(self, fit: TraceFit, factor: float) -> tuple[Floats, Singles | None]:
        """Coordinates of a slice on the finer grid, see `cut_coordinates`."""
        if fit.params.wavelengths is not None:
            key = (self.owner, fit.number), factor
            make = partial(cut_coordinates, self.prepared, fit, factor)
            return self.shared.cuts.get_or_make(key, lambda: make(self.fine_coordinates(factor)))
        rows = self.prepared.fine_rows(fit.number, factor)
        shared = (self.exposure.setting_kept.key, rows.start, rows.stop), factor
        return self.shared.cuts.get_or_make(shared, lambda: self._fine_alpha(factor)[rows]), None

    def unchanged(self, number: int) -> OversampledSlice:
        """One slice as it is."""
        key = ((self.owner, number),)
        return self.shared.unchanged.get_or_make(key, lambda: unchanged_slice(self.exposure, number))

    def make_coordinates(self, factor: float) -> None:
        """Make the coordinates on the finer grid, unless they were made before and can be read again."""
        if factor not in self.factors:
            self._fine_alpha(factor)
            self.factors.add(factor)

    def fine_key(self, number: int, params: FitParams, recipe: Recipe, intervals: int) -> tuple[Hashable, ...]:
        """Return what a slice on the finer grid follows from."""
        only_regions = params.regions.forced and not self._over_threshold(number, params)
        own = *self._kept_key(number, params), only_regions, *params.of_stage(Stage.USE)
        return *own, *recipe.of_stage(Stage.USE), intervals

    def fine_slice(self, fit: TraceFit, recipe: Recipe, intervals: int) -> OversampledSlice:
        """One slice on the finer grid, without variances."""
        self.shared.give_back()
        return self.shared.fine.get_or_make(
            self.fine_key(fit.number, fit.params, recipe, intervals), lambda: self._made_fine(fit, recipe, intervals)
        )

    def native_slice(self, fit: TraceFit, recipe: Recipe, intervals: int) -> NativeSlice:
        """Tell what became of a slice's own pixels."""
        return self.shared.natives.get_or_make(
            self.fine_key(fit.number, fit.params, recipe, intervals),
            lambda: native_slice_of(self.prepared, fit, self.fine_slice(fit, recipe, intervals)),
        )

    def _made_fine(self, fit: TraceFit, recipe: Recipe, intervals: int) -> OversampledSlice:
        cut = self.fine_cut(fit, recipe.oversample)
        made = oversample_slice(self.prepared, fit, recipe, cut, intervals, variances=False)
        scale = per_native_pixel(self.exposure, recipe.oversample)
        # Flux per pixel is compared with that before correction: both are of a pixel of the detector.
        return made if scale == 1 else replace(made, sci=made.sci * scale, err=made.err * scale)


def as_they_are(items: Sequence[OpenItem]) -> list[DrizzleInput]:
    """Exposures before correction, to be drizzled."""
    return [DrizzleInput(i.exposure, i.mapper, 1, i.unchanged) for i in items]


def _all_slices(item: OpenItem) -> Sequence[int]:
    return tuple(item.prepared.slices)


def corrected(
    items: Sequence[OpenItem],
    recipe: Recipe,
    progress: Progress,
    wanted: Callable[[OpenItem], Sequence[int]] = _all_slices,
) -> list[DrizzleInput]:
    """Exposures after correction, to be drizzled: fitted now, oversampled slice by slice when they are needed.

    Parameters
    ----------
    items : sequence of OpenItem
        The exposures.
    recipe : Recipe
        Parameters.
    progress : callable
        ``progress(step, fraction)``; may raise `Cancelled`.
    wanted : callable
        ``wanted(item)``: slices that will be needed; others are fitted only if they are asked for after all.

    Returns
    -------
    list of DrizzleInput
    """
    for k, item in enumerate(items):
        progress("Computing oversampled coordinates", k / 3 / len(items))
        item.make_coordinates(recipe.oversample)
    fit_missing(((i, number) for i in items for number in wanted(i)), recipe, part_of(progress, 1 / 3, 1.0))
    inputs = []
    for item in items:
        intervals = item.first_intervals(recipe)

        def fine(number: int, item: OpenItem = item, intervals: int = intervals) -> OversampledSlice:
            return item.fine_slice(item.fit(number, recipe), recipe, intervals)

        def key(number: int, item: OpenItem = item, intervals: int = intervals) -> Hashable:
            return item.fine_key(number, item.params(number, recipe), recipe, intervals)

        inputs.append(DrizzleInput(item.exposure, item.mapper, recipe.oversample, fine, key=key))
    return inputs


def fit_missing(slices: Iterable[tuple[OpenItem, int]], recipe: Recipe, progress: Progress) -> None:
    """Fit slices that have no fit so far: those of all exposures together, so that no thread waits for the others.

    Parameters
    ----------
    slices : iterable of (OpenItem, int)
        Exposures and numbers of their slices.
    recipe, progress
        As for `corrected`.
    """
    missing = [(item, number) for item, number in slices if not item.has_fit(number, recipe)]
    made = fit_each(
        [fit_input(item.prepared, number, item.params(number, recipe)) for item, number in missing],
        lambda number, fraction: progress(f"Fitting slice {number}", fraction),
    )
    for (item, _), fit in zip(missing, made, strict=True):
        item.keep_fit(fit)
